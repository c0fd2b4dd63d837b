"""The limits of the server, and the error for requests beyond them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearparse.drawing.printable import printable
from clearparse.treebank.conllu import Block

BAD_REQUEST, FORBIDDEN, NOT_FOUND, TIMEOUT = 400, 403, 404, 408
TOO_LARGE, UNSUPPORTED, TOO_MANY, UNAVAILABLE = 413, 415, 429, 503


class RefusalError(Exception):
    """A request that is refused: the HTTP status, and one line with the reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, printable(message)


@dataclass(frozen=True)
class Limits:
    """What the server accepts.

    size: bytes of a request. total: its words. sentences: its sentences, and its paragraphs. longest: words of one
    that is parsed. words, explained: words of a sentence that is explained, and bytes of its CoNLL-U. paragraph:
    characters of a paragraph of raw text. seconds: time to receive a request, and time to respond to it. waiting:
    requests in progress and in the queue. header_seconds: time for the headers of a request, from the opening of the
    connection. connections, per_client: open connections, of all and of one address.

    To bound the memory: large: bytes beyond which a request is worked on only after other large ones. held: how many
    times `size` all large requests may have together that are being received or answered. unread: bytes of all
    responses that clients have not read.
    """

    size: int = 4 << 20
    longest: int = 2000
    words: int = 250
    total: int = 250_000
    paragraph: int = 250_000
    seconds: float = 30.0
    waiting: int = 16
    header_seconds: float = 10.0
    connections: int = 128
    per_client: int = 32
    sentences: int = 50_000
    explained: int = 256 << 10
    large: int = 32 << 10
    held: int = 4
    unread: int = 64 << 20

    def check_sentences(self, block: Block) -> Block:
        """The block. Raises RefusalError if a sentence, or all sentences together, have too many words."""
        self.check_longest(block)
        self.check_count(len(block), "sentences")
        self.check_total(block.n_words)
        return block

    def check_longest(self, block: Block) -> None:
        """Raises RefusalError if a sentence has too many words to be parsed."""
        longest = int(np.diff(block.sentences).max(initial=0))
        if longest > self.longest:
            raise RefusalError(TOO_LARGE, f"a sentence of {longest:,} words; at most {self.longest:,} are parsed")

    def check_total(self, words: int) -> None:
        """Raises RefusalError if a request has too many words."""
        if words > self.total:
            raise RefusalError(TOO_LARGE, f"{words:,} words; at most {self.total:,} are accepted in one request")

    def check_count(self, count: int, what: str) -> None:
        """Raises RefusalError if a request has too many sentences or paragraphs."""
        if count > self.sentences:
            raise RefusalError(TOO_LARGE, f"{count:,} {what}; at most {self.sentences:,} are accepted in one request")

    def check_explained_bytes(self, conllu: str) -> None:
        """Raises RefusalError if the CoNLL-U of a sentence is too long to be explained."""
        if len(conllu.encode()) > self.explained:
            raise RefusalError(TOO_LARGE, f"a sentence of more than {self.explained:,} bytes of CoNLL-U")

    def check_explained(self, words: int) -> None:
        """Raises RefusalError if a sentence has too many words to be explained."""
        if words > self.words:
            raise RefusalError(TOO_LARGE, f"a sentence of {words:,} words; at most {self.words:,} are explained")

    def check_paragraph(self, characters: int) -> None:
        """Raises RefusalError if a paragraph is too long to be tokenized in one piece."""
        if characters > self.paragraph:
            message = f"a paragraph of {characters:,} characters; at most {self.paragraph:,} are accepted:"
            raise RefusalError(TOO_LARGE, f"{message} separate paragraphs by blank lines")
