"""Smaller upstream networks, for tests that train them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clearparse.training import lemmatizer_training, tagger_training, tokenizer_training

CONFIGS = (
    (tokenizer_training, ("CHARACTERS", "SENTENCES", "MULTIWORD")),
    (tagger_training, ("FIRST_TAGS", "TAGS")),
    (lemmatizer_training, ("LEMMAS",)),
)


def make_small(set_attribute: Callable[[Any, str, Any], None], **sizes: int) -> None:
    """Replace the configs of the upstream networks by ones with these fields. set_attribute: such as setattr."""
    for module, names in CONFIGS:
        for name in names:
            set_attribute(module, name, replace(getattr(module, name), **sizes))
