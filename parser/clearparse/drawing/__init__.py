"""Dependency trees for the terminal and as SVG."""
