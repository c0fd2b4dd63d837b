"""Where users already are: each module speaks to one library, which it alone imports (extras of the same names)."""
