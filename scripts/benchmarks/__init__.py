"""Benchmarks: clearparse against other parsers, each measured in a process of its own."""
