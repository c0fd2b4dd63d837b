"""Untrusted model files: refused with one line, or harmless; memory is bounded by the size of the file."""

from __future__ import annotations

import contextlib
import gzip
import json
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import MODEL, Mutator

from clearparse.commands import evaluate, parse
from clearparse.errors import ClearparseError, FileError
from clearparse.features.templates import MAX_SLOTS, TemplateError
from clearparse.model.container import load_arrays, save_arrays
from clearparse.model.model import load
from clearparse.stages.window import compile_window
from clearparse.transition.features import compile_template
from clearparse.treebank.conllu import parse_block

CHECKOUT = Path(__file__).resolve().parents[1]
TEXT = "The old dog doesn't sleep (in 2019), a.b@c.org!\n\nYes.  No?"
SENTENCES = (CHECKOUT / "data" / "sample" / "dev.conllu").read_bytes().split(b"\n\n")[:9]
BLOCK = parse_block(b"\n\n".join(SENTENCES) + b"\n\n")
SEED = 6
FEW, MUTATIONS = 200, 10_000
MAX_SECONDS = 60


def use(path: Path) -> str:
    """Load a model and use everything in it: `harmless`, or `refused` with one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # no sum may overflow
        try:
            model = load(path)
            if model.stages.tokenizer:
                for sentence in model(TEXT):
                    parse_block(sentence.conllu, trees=True)
            parse_block(model.parse_block(BLOCK, confidence=True).text, trees=True)
            model.describe()
        except ClearparseError as error:
            assert len(str(error).splitlines()) == 1
            assert len(str(error)) < 600
            return "refused"
    return "harmless"


def use_all(count: int, seed: int, path: Path) -> Counter[str]:
    """Counts of the outcomes for so many mutated models. Any exception but ClearparseError fails the test."""
    outcomes: Counter[str] = Counter()
    for number, (kind, changed) in enumerate(Mutator(seed).files(count)):
        path.write_bytes(changed)
        try:
            outcomes[use(path)] += 1
        except Exception as error:
            raise AssertionError(f"file {number} of seed {seed}, {kind}") from error
    return outcomes


def test_mutated_models_are_refused_or_harmless(tmp_path: Path) -> None:
    outcomes = use_all(FEW, SEED, tmp_path / "m")
    assert outcomes["refused"] > FEW / 3
    assert outcomes["harmless"] > FEW / 50


@pytest.mark.full
def test_ten_thousand_mutated_models_are_refused_or_harmless(tmp_path: Path) -> None:
    outcomes = use_all(MUTATIONS, SEED + 1, tmp_path / "m")
    print(dict(outcomes))
    assert outcomes.total() == MUTATIONS


def with_changes(path: Path, arrays: dict[str, Any], networks: dict[str, Any]) -> Path:
    """The model of format 1 with other arrays, and with other values for keys such as `parser/template`."""
    old, metadata = load_arrays(MODEL)
    for name, value in networks.items():
        *parents, last = name.split("/")
        entry = metadata["networks"]
        for parent in parents:
            entry = entry[parent]
        entry[last] = value
    save_arrays(path, {**old, **arrays}, metadata)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parser/labels/LEFT_ARC": ["a\tb"]}, "cannot be the value of a column"),
        ({"parser/labels/ROOT_ARC": ["root\nx"]}, "cannot be the value of a column"),
        ({"parser/labels/ROOT_ARC": ["\ud800"]}, "a character that UTF-8 cannot encode"),
        ({"parser/labels/ROOT_ARC": ["root", "root"]}, "some are listed twice"),
        ({"parser/labels/ROOT_ARC": []}, "too few"),
        ({"parser/labels": {}}, "expected labels of LEFT_ARC, RIGHT_ARC, ROOT_ARC"),
        ({"parser/calibration": {"slope": True, "intercept": 0}}, "True is not a number, or too large"),
        ({"parser/calibration/slope": 1e9}, "is not a number, or too large"),
        ({"parser/system": ["arc-hybrid"]}, "is not a transition system"),
        ({"parser/template": "form: " + "lc1(" * 60 + "s0" + ")" * 60}, "no address"),
        ({"parser/template": "form: s0 " + "x" * 200_000}, "is too long or not a string"),
        ({"parser/symbols/form": [["a"]]}, "not a list of strings"),
        ({"parser/symbols": {"form": []}}, "it has no 'suffix3'"),
        ({"lemmas/symbols": {"form": []}}, "needs symbols of form, lower, .*, not of form"),
        ({"other": {}}, "unknown networks"),
        ({"characters/spaces": 1}, "spaces must be true or false"),
        ({"characters/classes": ["ends", "begins"]}, "'begins' is not a class of the tokenizer"),
        ({"tags/classes": ["NOUN\tNN"]}, "is not UPOS, XPOS and FEATS"),
        ({"lemmas/classes": ['["", 0, "", 0, ""]']}, "cannot be the value of a column"),
        ({"multiword/classes": ['[1, -1, ""]']}, "is not a number of characters"),
        ({"characters/template": "form: 101"}, "is not an offset from -100 to 100"),
        ({"characters/template": "form: ²"}, "is not an offset from -100 to 100"),
    ],
)
def test_errors_name_the_wrong_value(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=message) as caught:
        load(with_changes(tmp_path / "m", {}, changes))
    assert str(caught.value).startswith(f"{tmp_path / 'm'}: ")
    assert "\n" not in str(caught.value)


def test_parameters_that_would_overflow_are_refused(tmp_path: Path) -> None:
    U = load_arrays(MODEL)[0]["parser/U"].astype(np.float32)
    for number, good in ((1e6, True), (1.1e6, False), (np.nan, False), (-np.inf, False)):
        U[0, 0] = number
        assert use(with_changes(tmp_path / "m", {"parser/U": U}, {})) == ("harmless" if good else "refused")


@pytest.mark.parametrize("read", [compile_template, compile_window])
def test_huge_templates_are_refused(read: Any) -> None:
    places = " ".join(map(str, range(-100, 101)))
    for text in (
        "form: " + "s0 " * 100_000,
        "form: " + "(" * 100_000,
        "form: " + "lc1(" * 50_000 + "s0" + ")" * 50_000,
        "\n".join(f"{channel}: {places}" for channel in ("form", "lower", "upos", "xpos", "feats", "shape")),
        "form: " + "9" * 100_000,
    ):
        with pytest.raises(TemplateError) as caught:
            read(text)
        assert len(str(caught.value)) < 400
    assert MAX_SLOTS == 1000


def peak(path: Path) -> int:
    """Peak memory of loading a model, in multiples of the size of its file."""
    tracemalloc.start()
    try:
        use_size = path.stat().st_size
        with contextlib.suppress(FileError):
            load(path)
        return tracemalloc.get_traced_memory()[1] // max(use_size, 1)
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_by_the_size_of_the_file(tmp_path: Path) -> None:
    """Also for files that claim many hidden units or labels, and for compressed zeros."""
    assert peak(MODEL) < 40  # times the file: texts and dictionaries of a small file weigh most
    wide = {"parser/U": np.zeros((200_000, 40), np.float16), "parser/b_1": np.zeros((1, 200_000), np.float16)}
    assert peak(with_changes(tmp_path / "wide", wide, {})) < 40
    labels = {"parser/labels/LEFT_ARC": [f"l{i}" for i in range(50_000)]}
    assert peak(with_changes(tmp_path / "labels", {}, labels)) < 60
    packed = tmp_path / "packed.gz"
    with gzip.open(packed, "wb", compresslevel=1) as stream:
        stream.write(bytes(8) + b"{")  # as the header of a model begins
        for _ in range(200):
            stream.write(bytes(1 << 20))
    with pytest.raises(FileError, match="decompresses to far more than any model"):
        load(packed)
    assert peak(packed) * packed.stat().st_size < 100 << 20


def test_precomputed_tables_that_no_memory_holds_are_refused(tmp_path: Path) -> None:
    """A window of 201 places over 6,000 hidden units: a file of a few megabytes, and gigabytes to score a word."""
    places, H = " ".join(map(str, range(-100, 101))), 6000
    symbols: list[str] = []
    arrays = {
        "lemmas/L": np.zeros((3, 1), np.float16),
        "lemmas/W": np.zeros((201, H), np.float16),
        "lemmas/b_1": np.zeros((1, H), np.float16),
        "lemmas/U": np.zeros((H, 1), np.float16),
        "lemmas/b_2": np.zeros((1, 1), np.float16),
    }
    about = {"template": f"form: {places}", "symbols": {"form": symbols}, "classes": ['["lower", 0, "", 0, ""]']}
    with pytest.raises(FileError, match="tables are too large"):
        load(with_changes(tmp_path / "m", arrays, {"lemmas": about}))


def test_an_incomplete_record_is_an_error_only_where_it_is_used(tmp_path: Path) -> None:
    arrays, metadata = load_arrays(MODEL)
    for record in ({}, {"versions": {}}, {**metadata["record"], "dev_scores": {"epoch": 1}}):
        save_arrays(tmp_path / "m", arrays, {**metadata, "record": record})
        parse.main(["--model", str(tmp_path / "m"), "Dogs bark.", "--output", str(tmp_path / "o")])
        with pytest.raises(ClearparseError, match="the training record in this model"):
            evaluate.main(["--model", str(tmp_path / "m"), "--info"])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "record is not a dictionary"),
        ({"versions": 3}, "record has an invalid value for versions"),
        ({"train": [None], "epochs": {}}, "record has an invalid value for train and epochs"),
    ],
)
def test_a_wrong_record_is_refused(record: Any, message: str, tmp_path: Path) -> None:
    arrays, metadata = load_arrays(MODEL)
    save_arrays(tmp_path / "m", arrays, {**metadata, "record": record})
    with pytest.raises(FileError, match=message):
        load(tmp_path / "m")


def test_nested_and_long_headers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m"
    for head in ("[" * 100_000, '{"metadata":' + "[" * 900 + "]" * 900 + "}", '{"format_version": %s}' % ("9" * 5000)):
        header = json.dumps({"__metadata__": {"clearparse": head}}).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        with pytest.raises(FileError, match="m: (not a clearparse model|the model is truncated|model format)"):
            load(path)


def test_format_1_parses_as_it_always_did(tmp_path: Path) -> None:
    """A model of the first release loads and parses exactly as it did then."""
    data = CHECKOUT / "tests" / "data"
    parse.main(["--model", str(MODEL), "--text", str(data / "format-1.txt"), "--output", str(tmp_path / "o")])
    assert (tmp_path / "o").read_bytes() == (data / "format-1.conllu").read_bytes()
    assert "arc-hybrid" in load(MODEL).describe()
