"""Dependency trees for the terminal and as SVG, and plots of training."""
