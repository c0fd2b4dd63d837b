"""A teacher: a pretrained encoder, fine-tuned as tagger and biaffine parser, whose trees of raw text train a parser."""
