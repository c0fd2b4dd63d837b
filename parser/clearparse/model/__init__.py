"""The trained model: text to trees, and its file."""
