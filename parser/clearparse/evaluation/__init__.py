"""How good a parser is: counts, scores, significance, calibration."""
