"""Evaluation of a parser: counts, scores, significance, calibration."""
