"""Sentences as JSON, one object in each line: the output format json."""

from __future__ import annotations

import json
from typing import Any

from clearparse.treebank.conllu import Block, Sentence


def json_lines(block: Block) -> bytes:
    """The sentences of a block, one object in each line."""
    lines = (json.dumps(sentence_object(sentence), ensure_ascii=False) for sentence in block)
    return "".join(f"{line}\n" for line in lines).encode()


def sentence_object(sentence: Sentence) -> dict[str, Any]:
    """A sentence as JSON values; what it does not have is left out.

    document: the ID of the document that begins here. id: its sent_id. text. words: see Word.to_dict.
    multiword_tokens: ID and form of each, such as 1-2 of the words 1 and 2.
    """
    values = {
        "document": sentence.document,
        "id": sentence.sent_id,
        "text": sentence.text,
        "words": sentence.to_dict(),
        "multiword_tokens": [{"id": token.id, "form": token.form} for token in sentence.multiword_tokens],
    }
    return {name: value for name, value in values.items() if value not in (None, [])}
