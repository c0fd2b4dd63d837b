"""From a configuration to its slots and from a move to the next configuration, for many sentences at once."""
