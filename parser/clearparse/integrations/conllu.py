"""Convert sentences to and from the TokenList of the library conllu, with comments, multiword tokens, empty nodes."""

from __future__ import annotations

from clearparse.errors import FileError
from clearparse.io.optional import optional_import
from clearparse.treebank.conllu import Sentence, parse_block

with optional_import("conllu", "clearparse.integrations.conllu"):
    import conllu


def to_token_list(sentence: Sentence) -> conllu.TokenList:
    """The sentence as a TokenList. Raises conllu.ParseException if that library cannot read it."""
    (tokens,) = conllu.parse(str(sentence))
    return tokens


def from_token_list(tokens: conllu.TokenList) -> Sentence:
    """The sentence of a TokenList. Raises FileError if it is not a sentence in CoNLL-U."""
    block = parse_block(tokens.serialize().encode(), path="<TokenList>")
    if len(block) != 1:
        raise FileError(block.path, f"{len(block)} sentences instead of one")
    return block[0]
