"""Silver trees of raw text: split and tokenized by a model of clearparse, tagged and parsed by a teacher."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clearparse.corpus.inputs import TextChunk, read_chunks
from clearparse.io.files import atomic_output
from clearparse.model.model import Model
from clearparse.training.log import Log
from clearparse.treebank.conllu import LEMMA
from teacher.annotation import Teacher

LINES_AT_ONCE = 2000  # enough for batches of sentences of the same length
WHERE = "{}"  # in the name of the output: the number of the shard


@dataclass(frozen=True)
class Shards:
    """A text in so many parts, each a sample of the whole: line k is in shard k modulo `number`.

    Those from first to last are written.
    """

    number: int
    first: int
    last: int

    def path(self, output: str, shard: int) -> Path:
        """The file of a shard, with as many digits as the last one has, but at least three."""
        return Path(output.replace(WHERE, f"{shard:0{max(3, len(str(self.number - 1)))}d}"))


def read_lines(paths: Sequence[Path]) -> list[str]:
    """The lines of the files that are not blank, with single spaces. Raises FileError."""
    chunks = read_chunks([os.fspath(path) for path in paths], "sentences")
    return [line for chunk in chunks if isinstance(chunk, TextChunk) for line in chunk.lines]


def write_silver(
    teacher: Teacher, tokenizer: Model, lines: Sequence[str], output: str, shards: Shards, log: Log
) -> None:
    """Write the shards whose files are not there yet, each whole or not at all. Raises ClearparseError."""
    paths = {shard: shards.path(output, shard) for shard in range(shards.first, shards.last + 1)}
    missing = {shard: path for shard, path in paths.items() if not path.exists()}
    if kept := len(paths) - len(missing):
        log("kept", f"{kept} of {len(paths)} shards, which are there already")
    with log.progress(sum(len(lines[shard :: shards.number]) for shard in missing), "silver", " lines") as bar:
        for done, (shard, path) in enumerate(missing.items(), 1):
            started, words, skipped = time.monotonic(), 0, 0
            with atomic_output(path) as stream:
                for text, n_words, n_lines, left_out in _annotated(teacher, tokenizer, lines[shard :: shards.number]):
                    stream.write(text)
                    words, skipped = words + n_words, skipped + left_out
                    bar.update(n_lines)
            seconds = time.monotonic() - started
            left = seconds * (len(missing) - done) / 60
            about = f"{words:,} words, {words / seconds:,.0f} words/s, {left:,.0f} minutes to go"
            log("shard", f"{path}: {about}" + (f"; {skipped} sentences too long, left out" if skipped else ""))


def _annotated(teacher: Teacher, tokenizer: Model, lines: Sequence[str]) -> Iterator[tuple[bytes, int, int, int]]:
    """CoNLL-U, and the numbers of its words, of its lines of text, and of sentences left out."""
    for first in range(0, len(lines), LINES_AT_ONCE):
        some = lines[first : first + LINES_AT_ONCE]
        block, skipped = teacher.annotate(tokenizer.tokenize(some, first + 1))
        if lemmatizer := tokenizer.stages.lemmatizer:  # knows more words than the teacher's rules do
            block = block.with_columns(LEMMA, LEMMA, lemmatizer.lemmas(block.word_keys()))
        yield block.text, block.n_words, len(some), skipped
