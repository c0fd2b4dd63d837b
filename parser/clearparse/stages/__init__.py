"""What is specific to each job of the network: its slots and its classes."""
