"""Sentences as JSON, one object in each line: the output format json."""

from __future__ import annotations

import json

from clearparse.treebank.conllu import Block


def json_lines(block: Block) -> bytes:
    """The sentences of a block, one object in each line (see Sentence.to_dict)."""
    lines = (json.dumps(sentence.to_dict(), ensure_ascii=False) for sentence in block)
    return "".join(f"{line}\n" for line in lines).encode()
