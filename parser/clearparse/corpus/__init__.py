"""Many files: chunks to parse, a journal of finished files, and engines: this process, several processes, Dask."""
