"""The page that shows why, and a REST endpoint that answers as UDPipe's does (the extra `web`)."""
