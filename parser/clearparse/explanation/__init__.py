"""Why a parser built a tree: its trace of configurations, and the attribution of each decision to the slots."""
