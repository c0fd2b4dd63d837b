"""The presets of clearparse as parsers to compare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from clearparse.errors import ClearparseError
from clearparse.io.files import atomic_output
from clearparse.io.resources import CHECKOUT
from clearparse.model.model import BLOCK_BYTES, Model, load
from clearparse.treebank.conllu import Block, read_blocks


def command(script: str, *arguments: str | Path) -> list[str]:
    """The argument list that runs one of the scripts."""
    return [sys.executable, str(CHECKOUT / "scripts" / script), *map(str, arguments)]


def run_train(train: Path, dev: Path, output: Path, *options: str) -> None:
    """Run `scripts/train.py`. Raises ClearparseError."""
    line = command("train.py", "--train", train, "--dev", dev, "--output", output, *options)
    if subprocess.run(line, stdout=sys.stderr, check=False).returncode:
        raise ClearparseError(f"{' '.join(line)} failed")


class Preset:
    """One preset of the train command."""

    needs = ""
    conditions = "UPOS, XPOS, FEATS"

    def __init__(self, preset: str) -> None:
        self.preset, self.name, self.file = preset, f"clearparse {preset}", f"{preset}.model"

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train with `scripts/train.py`."""
        run_train(train, dev, output, "--preset", self.preset, *["--epochs", "2"] * quick)

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
