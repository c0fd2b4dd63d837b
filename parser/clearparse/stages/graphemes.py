"""Grapheme clusters: sequences of characters that readers perceive as one, which the tokenizer never splits.

Extended grapheme clusters of Unicode Standard Annex 29 (table 1c), approximated from the general categories: after a
zero width joiner the cluster always continues.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np

from clearparse.features.templates import Index

_EXTENDING = ("Mn", "Me", "Mc")
_EXTENDING_SIGNS = "\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\uff9e\uff9f"  # joiners, skin tones, tags
_REGIONAL = "[\U0001f1e6-\U0001f1ff]"


_JOINED = re.compile(rf"[{_EXTENDING_SIGNS}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb{_REGIONAL[1:]}")


@lru_cache(maxsize=16)
def _cluster(marks: str) -> re.Pattern[str]:
    """A pattern for clusters in texts whose combining marks are all in `marks`, usually a few of Unicode's 2,400."""
    extending = f"[{marks}{_EXTENDING_SIGNS}]"
    hangul = "[\u1100-\u115f\ua960-\ua97c]+[\uac00-\ud7a3\u1160-\u11a7\ud7b0-\ud7c6]*[\u11a8-\u11ff\ud7cb-\ud7fb]*"
    syllable = "[\uac00-\ud7a3\u1160-\u11a7][\u1160-\u11ff]+"
    one = rf"(?:{_REGIONAL}{{2}}|{hangul}|{syllable}|\S)"
    return re.compile(rf"{one}(?:{extending}+(?:(?<=\u200d)\S)?)*")


def inside_clusters(text: str) -> Index:
    """The indices of the characters of a text after which their cluster continues."""
    if text.isascii():
        return np.empty(0, np.intp)
    marks = "".join(sorted(each for each in set(text) if unicodedata.category(each) in _EXTENDING))
    if not marks and not _JOINED.search(text):
        return np.empty(0, np.intp)
    spans = (found.span() for found in _cluster(marks).finditer(text))
    inside = [place for start, end in spans if end - start > 1 for place in range(start, end - 1)]
    return np.array(inside, np.intp)
