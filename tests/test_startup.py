"""What a command costs before and after its work: imports, garbage collection, and memory for the first sentence."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mutations import MODEL

from clearparse.errors import FileError
from clearparse.io.garbage import paused_collection
from clearparse.model.model import load

CHECKOUT = Path(__file__).resolve().parents[1]
NOT_NEEDED = {
    "clearparse.config",
    "clearparse.drawing.pages",
    "clearparse.drawing.svg",
    "clearparse.io.parallel",
    "clearparse.network.optimizers",
    "difflib",
    "email",
    "html",
    "logging",
    "multiprocessing",
    "pandas",
    "scipy",
    "sklearn",
    "socket",
    "subprocess",
    "tqdm",
}  # to parse a sentence
MAX_MODULES = 350  # with Python 3.11 and NumPy 2.4 about 310, of which 70 are of clearparse


def test_parsing_a_sentence_imports_only_what_it_needs() -> None:
    code = "import sys; from clearparse.commands.parse import main; main(sys.argv[1:]); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser")}
    command = [sys.executable, "-c", code, "Birds eat worms.", "--model", str(MODEL)]
    done = subprocess.run(command, capture_output=True, check=True, env=environment, encoding="utf-8")
    modules = set(done.stdout.splitlines()[-1].split())
    assert "clearparse.model.model" in modules
    assert modules & NOT_NEEDED == set()
    assert len(modules) <= MAX_MODULES


def test_collection_is_paused_only_within_the_block() -> None:
    assert gc.isenabled()
    with paused_collection(), paused_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), paused_collection():
        raise KeyError
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with paused_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_loading_leaves_the_collector_on(tmp_path: Path) -> None:
    load(MODEL)
    assert gc.isenabled()
    (tmp_path / "m").write_bytes(MODEL.read_bytes()[:-1])
    with pytest.raises(FileError):
        load(tmp_path / "m")
    assert gc.isenabled()


def test_the_rows_of_a_type_are_neighbors() -> None:
    """So the first sentence touches little of the memory that is reserved for many types."""
    model = load(MODEL)
    list(model("Birds eat worms."))
    assert model.parser.cache.layer.types
    for cache in (model.parser.cache, *(each.cache for each in model.stages.window_classifiers().values())):
        layer, whole = cache.layer, cache.layer.features.form_addresses
        if layer.types:
            types = np.tile(np.arange(layer.types), (len(layer.features.addresses), 1))
            values = np.zeros((len(layer.features.state_values), layer.types), np.intp)
            places = layer.places(types, values)[:, :whole]
            assert np.array_equal(np.sort(places.ravel()), np.arange(whole * layer.types))
