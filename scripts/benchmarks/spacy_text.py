"""A pipeline of spaCy from raw text to trees: tagger, morphologizer and parser over one convolutional network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.compared import Pipeline
from benchmarks.spacy import train_pipeline
from clearparse.io.files import atomic_output

COMPONENTS = "tagger,morphologizer,parser"
SENTENCES = 10  # in a document of the training data, so that the parser learns where sentences begin


class SpaCyPipeline(Pipeline):
    """`init config --pipeline tagger,morphologizer,parser --optimize efficiency`; the parser divides sentences."""

    name = "spaCy pipeline, efficiency"
    file = "spacy-pipeline.model"
    needs = "spacy"
    conditions = "the treebank"
    recipe = f"{COMPONENTS}; {SENTENCES} sentences in a document"

    def __init__(self, part: int = 1) -> None:
        self.part = part

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file and select the step on another. Raises ClearparseError."""
        train_pipeline(COMPONENTS, train, dev, output, sentences=SENTENCES, quick=quick)

    def load(self, path: Path) -> Any:
        """Load a pipeline."""
        import spacy

        return spacy.load(path)

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse raw text into CoNLL-U, paragraph by paragraph, I/O included."""
        with atomic_output(output) as stream:
            for doc in model.pipe(_paragraphs(source.read_text(encoding="utf-8"))):
                for sentence in doc.sents:
                    stream.write("".join(_lines(sentence)).encode())

    def parse_text(self, model: Any, text: str) -> None:
        """Parse a text, a Doc for each paragraph."""
        for _ in model.pipe(_paragraphs(text)):
            pass


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs, with one space for each run of whitespace, as spaCy makes tokens of other whitespace."""
    return (" ".join(each.split()) for each in text.split("\n\n") if each.strip())


def _lines(sentence: Any) -> Iterator[str]:
    """The lines of a sentence in CoNLL-U, in which its root is the only one."""
    first = sentence.start - 1
    for token in sentence:
        is_root = token == sentence.root
        head, relation = (0, "root") if is_root else (token.head.i - first, token.dep_ or "dep")
        misc = "_" if token.whitespace_ else "SpaceAfter=No"
        columns = (token.i - first, token.text, "_", token.pos_ or "_", token.tag_ or "_", str(token.morph) or "_")
        yield "\t".join(map(str, (*columns, head, relation, "_", misc))) + "\n"
    yield "\n"
