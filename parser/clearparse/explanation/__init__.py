"""Why a parser built a tree: each configuration on the way to it, and the numbers that decided there."""
