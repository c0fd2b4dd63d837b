"""Consistency checks of the tokenizer's training data: SpaceAfter=No and `# text`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearparse.treebank.conllu import Block, Sentence
from clearparse.treebank.tokens import text_of, tokens_of

NO_SPACE = b"SpaceAfter=No"
MAX_SHOWN = 60  # characters of a text in a warning
NO_SPACES_MARKED = (
    "no token of the training data has SpaceAfter=No in MISC: the tokenizer will expect a space before punctuation;"
    " is that how the text is written?"
)


def text_warnings(blocks: Sequence[Block]) -> Iterator[str]:
    """One-line warnings: no token has SpaceAfter=No, or `# text` contradicts the tokens."""
    if not any(NO_SPACE in block.text for block in blocks):
        yield NO_SPACES_MARKED
    contradicted = [sentence for block in blocks for sentence in block if not _agrees(sentence)]
    if contradicted:
        first = contradicted[0]
        tokens = text_of(tokens_of(first))[:MAX_SHOWN]
        yield (
            f"`# text` of {len(contradicted):,} training sentences is not what their tokens and SpaceAfter=No give,"
            f" which the tokenizer learns from; the first (sent_id {first.sent_id or 'missing'}) gives {tokens!r}"
        )


def _agrees(sentence: Sentence) -> bool:
    """Return True if `# text` is missing or agrees with the tokens and their spaces; spaces are not counted."""
    for comment in sentence.comments:
        name, sign, text = comment.removeprefix("#").partition("=")
        if sign and name.strip() == "text":
            return text.split() == text_of(tokens_of(sentence)).split()
    return True
