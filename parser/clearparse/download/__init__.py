"""Download treebanks of Universal Dependencies."""
