"""What the benchmark compares and how: other parsers, measured as whole processes, and what the machine allows."""
