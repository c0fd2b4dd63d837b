"""The HTML report of an evaluation (scores, tables, charts, errors drawn as trees), and plots of training."""
