"""Sentences as JSON, one object in each line: the output format json."""

from __future__ import annotations

import json
from typing import Any

from clearparse.treebank.conllu import Block, Sentence

CONFIDENCE = "Conf="  # the key in MISC


def json_lines(block: Block) -> bytes:
    """The sentences of a block, one object in each line."""
    lines = (json.dumps(sentence_object(sentence), ensure_ascii=False) for sentence in block)
    return "".join(f"{line}\n" for line in lines).encode()


def sentence_object(sentence: Sentence) -> dict[str, Any]:
    """A sentence as JSON values: id, text, words; an empty column is None, feats a dictionary."""
    columns = (
        sentence.forms, sentence.lemmas, sentence.upos, sentence.xpos, sentence.feats,
        sentence.heads.tolist(), sentence.deprels, sentence.misc,
    )  # fmt: skip
    words = [_word_object(number, *values) for number, values in enumerate(zip(*columns, strict=True), 1)]
    return {"id": sentence.sent_id, "text": sentence.text, "words": words}


def _word_object(
    number: int, form: str, lemma: str, upos: str, xpos: str, feats: str, head: int, deprel: str, misc: str
) -> dict[str, Any]:
    word = {
        "id": number,
        "form": form,
        "lemma": lemma if form == "_" else _value(lemma),
        "upos": _value(upos),
        "xpos": _value(xpos),
        "feats": dict(each.split("=", 1) for each in feats.split("|") if "=" in each),
        "head": head if head >= 0 else None,
        "deprel": _value(deprel),
    }
    for each in misc.split("|"):
        if each.startswith(CONFIDENCE):
            word["confidence"] = float(each.removeprefix(CONFIDENCE))
    return word


def _value(text: str) -> str | None:
    return None if text == "_" else text
