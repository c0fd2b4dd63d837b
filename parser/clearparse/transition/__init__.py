"""Transition systems, oracles and features of configurations, in arrays, for many sentences at once."""
