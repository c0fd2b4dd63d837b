"""A classifier over m integers: its forward and backward pass, its optimizers and its training."""
