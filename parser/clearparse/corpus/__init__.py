"""Many files: a journal of what is done, and engines that run the work."""
