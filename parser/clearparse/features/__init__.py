"""From words to rows of L: vocabulary, templates and the pre-computed part of the hidden layer."""
