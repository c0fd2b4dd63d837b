"""Trees for the terminal and as SVG; plots of trainings."""
