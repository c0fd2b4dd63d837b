"""The explanation page, and a REST service compatible with UDPipe's (the extra `web`)."""
