"""Files, what comes with the package, and work on several cores."""
