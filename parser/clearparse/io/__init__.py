"""Files, bundled resources, optional libraries, progress bars, and work in several processes."""
