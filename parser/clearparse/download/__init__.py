"""Fetching treebanks of Universal Dependencies."""
