"""spaCy (Honnibal et al. 2020), its parser trained from scratch with spaCy's CPU configuration for efficiency.

It uses word forms and no tags. The official scorer expects one root: any further roots of a sentence are attached to
the first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compared import Parser
from clearparse.errors import ClearparseError
from clearparse.model.model import BLOCK_BYTES
from clearparse.treebank.conllu import FORM, Block, read_blocks

GIVEN = ("words", "text")  # gold tokens, or the text of each sentence, tokenized by spaCy
SCORES = {"UAS": "dep_uas", "LAS": "dep_las", "tokens": "token_f", "sentences": "sents_f"}


class SpaCy(Parser):
    """The transition-based parser of spaCy over a convolutional network (`init config --optimize efficiency`)."""

    name = "spaCy, efficiency"
    file = "spacy.model"
    needs = "spacy"
    conditions = "forms alone"

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file and select the step on another. Raises ClearparseError."""
        train_pipeline("parser", train, dev, output, sentences=1, quick=quick)

    def load(self, path: Path) -> Any:
        """Load a pipeline."""
        import spacy

        return spacy.load(path)

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse a CoNLL-U file into another, I/O included; reading and writing are those of clearparse."""
        with open(output, "wb") as stream:
            for block in read_blocks(source, trees=False, block_bytes=BLOCK_BYTES):
                stream.write(block.with_trees(*_trees(block, model.pipe(_docs(model, block)))).text)

    def read(self, model: Any, source: Path) -> Any:
        """Read a CoNLL-U file into the input of `parse`."""
        return [doc for block in read_blocks(source, trees=False) for doc in _docs(model, block)]

    def parse(self, model: Any, docs: Any) -> None:
        """Parse the result of `read`."""
        for _ in model.pipe(docs):
            pass


def pipeline_scores(folder: str, corpus: str) -> dict[str, float]:
    """Scores of `nlp.evaluate` in percent, for a pipeline folder, a .spacy file, and each of GIVEN."""
    from spacy.training import Corpus

    found: dict[str, float] = {}
    for given in GIVEN:
        nlp = _pipeline(folder)
        scores = nlp.evaluate(list(Corpus(corpus, gold_preproc=given == "words")(nlp)))
        found |= {f"{name}, {given}": 100 * scores[key] for name, key in SCORES.items()}
    return found


def pipeline_speed(folder: str, corpus: str) -> dict[str, float]:
    """Words per second of CPU time of `nlp.pipe`, for each of GIVEN, with a freshly loaded pipeline."""
    import spacy
    from spacy.tokens import Doc, DocBin

    gold = list(DocBin().from_disk(corpus).get_docs(spacy.blank("en").vocab))
    found: dict[str, float] = {}
    for given in GIVEN:
        nlp = _pipeline(folder)
        work = [doc.text if given == "text" else Doc(nlp.vocab, *_words(doc)) for doc in gold]
        start = time.process_time()
        for _ in nlp.pipe(work):
            pass
        found[f"words/s, {given}"] = sum(map(len, gold)) / (time.process_time() - start)
    return found


def _words(doc: Any) -> tuple[list[str], list[bool]]:
    """The forms of a Doc, and whether a space follows each."""
    return [token.text for token in doc], [bool(token.whitespace_) for token in doc]


def _pipeline(folder: str) -> Any:
    import spacy

    import clearparse.integrations.spacy  # noqa: F401 (registers the component: a checkout has no entry point)

    return spacy.load(folder)


def train_pipeline(components: str, train: Path, dev: Path, output: Path, *, sentences: int, quick: bool) -> None:
    """Train components with the efficiency configuration, from documents of some sentences. Raises ClearparseError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = _spacy("init", "config", "-", "--lang", "en", "--pipeline", components, "--optimize", "efficiency")
        (folder / "config.cfg").write_bytes(config)
        for part, path in (("train", train), ("dev", dev)):
            convert(path, folder / f"{part}.spacy", sentences)
        paths = [f"--paths.{part}={folder / part}.spacy" for part in ("train", "dev")]
        few = ["--training.max_steps=200"] * quick
        _spacy("train", f"{folder}/config.cfg", "--output", name, *paths, *few)
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(folder / "model-best", output)


def convert(source: Path, output: Path, sentences: int = 1) -> None:
    """Convert CoNLL-U to the .spacy format, some sentences in a Doc. Raises ClearparseError."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(source, Path(folder, f"{output.stem}.conllu"))
        options = ["--converter", "conllu", "--n-sents", str(sentences)]
        _spacy("convert", f"{folder}/{output.stem}.conllu", folder, *options)
        shutil.move(Path(folder, output.name), output)


def _spacy(*arguments: str) -> bytes:
    """Run the command line of spaCy and return its output. Raises ClearparseError."""
    command = [sys.executable, "-m", "spacy", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise ClearparseError(f"{' '.join(command)}: exit status {done.returncode}")
    return done.stdout


def _docs(model: Any, block: Block) -> list[Any]:
    from spacy.tokens import Doc

    forms = [form.decode() for form in block.column(FORM)]
    return [Doc(model.vocab, forms[first:end]) for first, end in pairwise(block.sentences.tolist())]


def _trees(block: Block, docs: Any) -> tuple[np.ndarray, list[bytes]]:
    heads, labels = [], []
    for doc in docs:
        roots = [token.i for token in doc if token.head.i == token.i]
        for token in doc:
            is_root = token.i == roots[0]
            heads.append(0 if is_root else (roots[0] if token.head.i == token.i else token.head.i) + 1)
            labels.append(b"root" if is_root else "parataxis" if token.dep_ == "ROOT" else token.dep_)
    deprels = [label if isinstance(label, bytes) else (label or "dep").encode() for label in labels]
    return np.array(heads, np.int32), deprels
