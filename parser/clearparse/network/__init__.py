"""The classifier of the notes: forward and backward pass, optimizers, training loop. Start with `notes.py`."""
