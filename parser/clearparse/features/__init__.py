"""From words to rows of L: vocabulary, templates and the precomputed part of the hidden layer."""
