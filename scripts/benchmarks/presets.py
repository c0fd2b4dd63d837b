"""The presets of clearparse as parsers and pipelines to compare, and the bundled English model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.compared import Parser, Pipeline
from clearparse.config import PRESETS
from clearparse.corpus.chunks import ChunkParser, ParseJob
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import atomic_output
from clearparse.io.resources import CHECKOUT
from clearparse.model.model import BLOCK_BYTES, Model, load
from clearparse.treebank.conllu import Block, read_blocks

# Kernels of OpenBLAS for processors without AVX-512, and the suffix of the names of systems that use them.
AVX2 = "Haswell"
SUFFIX = ", AVX2 only"


def command(script: str, *arguments: str | Path) -> list[str]:
    """The argument list that runs one of the scripts."""
    return [sys.executable, str(CHECKOUT / "scripts" / script), *map(str, arguments)]


def run_train(train: Path, dev: Path, output: Path, *options: str) -> None:
    """Run `scripts/train.py`. Raises ClearparseError."""
    line = command("train.py", "--train", train, "--dev", dev, "--output", output, *options)
    if subprocess.run(line, stdout=sys.stderr, check=False).returncode:
        raise ClearparseError(f"{' '.join(line)} failed")


class Preset(Parser):
    """One preset of the train command. kernels: those of OpenBLAS (OPENBLAS_CORETYPE), by default its choice."""

    conditions = "UPOS, XPOS, FEATS"

    def __init__(self, preset: str, kernels: str = "") -> None:
        self.preset, self.file, self.recipe = preset, f"{preset}.model", preset
        self.training_cores = min(2, PRESETS[preset].networks)
        self.name, self.environment = _variant(f"clearparse {preset}", kernels)

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train with `scripts/train.py`, an ensemble with two processes."""
        options = ["--preset", self.preset, "--jobs", str(self.training_cores)]
        run_train(train, dev, output, *options, *["--epochs", "2"] * quick)

    def load(self, path: Path) -> Model:
        """Load a model."""
        return load(path)

    def end_to_end(self, model: Model, source: Path, output: Path) -> None:
        """Parse a CoNLL-U file into another, I/O included."""
        with atomic_output(output) as stream:
            for block in read_blocks(source, trees=False, block_bytes=BLOCK_BYTES):
                stream.write(model.parse_block(block).text)

    def read(self, model: Model, source: Path) -> list[Block]:
        """Read a CoNLL-U file into the input of `parse`."""
        return list(read_blocks(source, trees=False, block_bytes=BLOCK_BYTES))

    def parse(self, model: Model, blocks: list[Block]) -> None:
        """Parse the result of `read`."""
        for block in blocks:
            model.stages.ensemble.parse(block)


class AllStages(Pipeline):
    """All stages of a preset, from raw text to trees, trained on the treebank without any other text."""

    conditions = "the treebank"
    training_cores = 2

    def __init__(self, preset: str) -> None:
        self.preset, self.name = preset, f"clearparse {preset}, all stages"
        self.file, self.recipe = f"{preset}-all.model", f"{preset}, all stages"

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train with `scripts/train.py` and two processes."""
        options = ["--preset", self.preset, "--stages", "all", "--jobs", str(self.training_cores)]
        run_train(train, dev, output, *options, *["--epochs", "2"] * quick)

    def load(self, path: Path) -> Model:
        """Load a model."""
        return load(path)

    def end_to_end(self, model: Model, source: Path, output: Path) -> None:
        """Parse as the parse command does, with one process."""
        parser = ChunkParser(model, "conllu", confidence=False, tag=False, ascii_only=False)
        ParseJob(parser, "text").parse([str(source)], str(output), 1)

    def parse_text(self, model: Model, text: str) -> None:
        """Parse a text into a Document."""
        model(text)


class EnglishModel(AllStages):
    """The bundled model, which also learned from other text."""

    conditions = "the treebank and other text"

    def __init__(self, kernels: str = "") -> None:
        super().__init__("accurate")
        self.name, self.environment = _variant("clearparse English model", kernels)

    @property
    def bundled(self) -> Path:
        """Path of the model."""
        return resources.english()


def _variant(name: str, kernels: str) -> tuple[str, dict[str, str]]:
    return name + SUFFIX * bool(kernels), {"OPENBLAS_CORETYPE": kernels} if kernels else {}
