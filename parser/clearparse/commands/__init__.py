"""The commands, one module for each script. They read flags and files and print; the work is elsewhere."""
