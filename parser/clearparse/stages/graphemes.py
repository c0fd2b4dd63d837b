"""Grapheme clusters: sequences of characters that readers perceive as one, which the tokenizer never splits.

Extended grapheme clusters of Unicode Standard Annex 29 (table 1c), approximated from the general categories: after a
zero width joiner the cluster always continues.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

import numpy as np

from clearparse.features.templates import Index

_EXTENDING = ("Mn", "Me", "Mc")
_EXTENDING_SIGNS = "\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\uff9e\uff9f"  # joiners, skin tones, tags
_REGIONAL = "[\U0001f1e6-\U0001f1ff]"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What matches a character that only clusters have, and a cluster; compiled when the first text needs them."""
    categories = map(unicodedata.category, map(chr, range(sys.maxunicode + 1)))
    marks = [code for code, category in enumerate(categories) if category in _EXTENDING]
    breaks = [k for k in range(1, len(marks)) if marks[k] != marks[k - 1] + 1]
    ranges = (f"{chr(marks[a])}-{chr(marks[b - 1])}" for a, b in zip([0, *breaks], [*breaks, len(marks)], strict=True))
    extending = f"[{''.join(ranges)}{_EXTENDING_SIGNS}]"
    hangul = "[\u1100-\u115f\ua960-\ua97c]+[\uac00-\ud7a3\u1160-\u11a7\ud7b0-\ud7c6]*[\u11a8-\u11ff\ud7cb-\ud7fb]*"
    syllable = "[\uac00-\ud7a3\u1160-\u11a7][\u1160-\u11ff]+"
    one = rf"(?:{_REGIONAL}{{2}}|{hangul}|{syllable}|\S)"
    joined = rf"{extending[:-1]}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb{_REGIONAL[1:]}"
    return re.compile(joined), re.compile(rf"{one}(?:{extending}+(?:(?<=\u200d)\S)?)*")


def inside_clusters(text: str) -> Index:
    """The indices of the characters of a text after which their cluster continues."""
    if text.isascii():
        return np.empty(0, np.intp)
    joined, cluster = _patterns()
    if not joined.search(text):
        return np.empty(0, np.intp)
    spans = (found.span() for found in cluster.finditer(text))
    inside = [place for start, end in spans if end - start > 1 for place in range(start, end - 1)]
    return np.array(inside, np.intp)
