"""The classifier of the notes: forward and backward pass, optimizers, training loop. Open `notes.py` first."""
