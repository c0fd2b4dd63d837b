"""From a treebank to a model: data, batches, training runs, checkpoints."""
