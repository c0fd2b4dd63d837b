"""The key of a word: its FORM, LEMMA, UPOS, XPOS and FEATS in UTF-8, with tabs between them, as in Block.word_keys.

The networks see nothing else of a word. The tags of a key are UPOS, XPOS and FEATS. Tokens and characters have keys
too, with other attributes in place of the tags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

NO_TAGS = b"_\t_\t_"


def word_key(form: bytes, tags: bytes = NO_TAGS) -> bytes:
    """The key of a word without a lemma. tags: UPOS, XPOS and FEATS, with tabs between them."""
    return form + b"\t_\t" + tags


def form_key(form: str) -> bytes:
    """The key of a form without lemma and tags."""
    return word_key(form.encode())


def form_of(key: bytes) -> bytes:
    """FORM."""
    return key[: key.index(b"\t")]


def upos_of(key: bytes) -> bytes:
    """UPOS."""
    return key.split(b"\t", 3)[2]


def tags_of(key: bytes) -> bytes:
    """UPOS, XPOS and FEATS, with tabs between them."""
    return key.split(b"\t", 2)[2]


def with_form(key: bytes, change: Callable[[str], str]) -> bytes:
    """The key with its form changed by a function."""
    form, tab, others = key.partition(b"\t")
    return change(form.decode()).encode() + tab + others


def with_lemma(key: bytes, lemma: bytes) -> bytes:
    """The key of a word without a lemma, with this lemma."""
    return key.replace(b"\t_\t", b"\t%s\t" % lemma, 1)


def with_tags(keys: Sequence[bytes], tags: Sequence[bytes]) -> list[bytes]:
    """The keys of words with these tags and without a lemma."""
    return [word_key(form_of(key), of) for key, of in zip(keys, tags, strict=True)]


def without_tags(keys: Sequence[bytes]) -> list[bytes]:
    """The keys of words with nothing but their form."""
    return [word_key(form_of(key)) for key in keys]
