"""Sentences to and from the TokenList of the library `conllu`, with comments, ranges and empty nodes."""

from __future__ import annotations

from clearparse.errors import FileError
from clearparse.io.optional import optional_import
from clearparse.treebank.conllu import Sentence, parse_block

with optional_import("conllu", "clearparse.integrations.conllu"):
    import conllu


def to_token_list(sentence: Sentence) -> conllu.TokenList:
    """The sentence as `conllu` reads it. What it cannot read as we do, it says itself (conllu.ParseException)."""
    (found,) = conllu.parse(str(sentence))
    return found


def from_token_list(tokens: conllu.TokenList) -> Sentence:
    """The sentence of a TokenList. Raises FileError where that is no sentence of CoNLL-U."""
    block = parse_block(tokens.serialize().encode(), path="<TokenList>")
    if len(block) != 1:
        raise FileError(block.path, f"{len(block)} sentences where there should be one")
    return block[0]
