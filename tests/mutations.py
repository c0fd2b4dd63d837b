"""Model files as no training would write them: what test_untrusted.py loads."""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from clearparse.model.container import load_arrays, save_arrays

MODEL = Path(__file__).resolve().parent / "data" / "format-1.model"
ODD: list[Any] = [
    *(0, -1, 1, 1.5, 1e308, -1e308, 2**63, 10**400, True, None, [], {}, [[]], ["x"], {"a": 1}, [["a"] * 3] * 3),
    *("", " ", "_", "x", "é", "😀" * 100, "\t", "a\tb", "a\nb", "a\r", "\0", "\ud800", "\u2028", "[" * 100_000, "s0"),
    *("form: s0\n" * 50, "form: " + " ".join(map(str, range(-100, 101))), "form: 0\nupos: " + "9" * 5000, "a\tb\tc"),
    *("lc1(" * 400 + "s0" + ")" * 400, "form: " + "lc1(" * 90 + "s0" + ")" * 90, "form: s0" + "(" * 50_000),
    "form: s0\n"
    + "\n".join(f"label: {a}({b}(s{i}))" for a in ("lc1", "rc2") for b in ("lc2", "rc1") for i in range(4)),
]
RULES = [
    *('["lower", 0, "", 0, "\\n"]', '["lower", -5, "a\\tb", 2, ""]', '["none", 0, "", 0, ""]', '["", 0, "", 0, ""]'),
    *("[1, 2]", "[1e9]", '[0, "a b"]', "[-3, 1]", "[0, 1e400]", "[0, 1, 2]", '[0, [""]]', "[99999999999, 1, 1]", "NaN"),
]
FACTORS = (0, 1e3, 1e5, 1e20, 1e37, -1e38)


class Mutator:
    """Makes one changed model file after another; equal seeds make equal ones."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.bytes = MODEL.read_bytes()
        self.arrays, self.metadata = load_arrays(MODEL)

    def files(self, count: int) -> Iterator[tuple[str, bytes]]:
        """So many files, each with what was done to it."""
        while count:
            kind = self.rng.choice([self.of_bytes, self.of_metadata, self.of_symbols, self.of_classes, self.of_arrays])
            changed = kind()
            if changed is not None:
                yield kind.__name__, changed
                count -= 1

    def of_bytes(self) -> bytes:
        """Bits turned over; bytes cut out, put in, cut off; another length of the header."""
        changed, rng = bytearray(self.bytes), self.rng
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(changed) if rng.random() < 0.5 else min(len(changed), 5000))
            act = rng.randrange(5)
            if act == 0:
                changed[place] ^= 1 << rng.randrange(8)
            elif act == 1:
                del changed[place : place + rng.randint(1, 2000)]
            elif act == 2:
                changed[place:place] = rng.randbytes(rng.randint(1, 50))
            elif act == 3:
                del changed[place + 1 :]
            else:
                changed[:8] = rng.choice([b"\xff" * 8, bytes(8), (1 << 31).to_bytes(8, "little"), rng.randbytes(8)])
        return bytes(changed)

    def of_metadata(self) -> bytes | None:
        """A value of the dictionary is another, or is gone; the checksum is right."""
        metadata, rng = copy.deepcopy(self.metadata), self.rng
        parent: Any = metadata
        key: Any = rng.choice(["networks"] * 9 + ["kind", "record"])
        while isinstance(parent[key], dict | list) and parent[key] and rng.random() < 0.85:
            parent = parent[key]
            key = rng.choice([*parent] if isinstance(parent, dict) else [*range(len(parent))])
        if rng.random() < 0.3:
            del parent[key]
        else:
            parent[key] = rng.choice(ODD)
        return self._file(self.arrays, metadata)

    def of_symbols(self) -> bytes | None:
        """Symbols there twice, of other kinds, too many, too few, of other channels."""
        metadata, rng = copy.deepcopy(self.metadata), self.rng
        symbols = rng.choice([*metadata["networks"].values()])["symbols"]
        names = symbols[rng.choice([*symbols])]
        act = rng.randrange(5)
        if act == 0:
            names[rng.randrange(len(names))] = names[0]
        elif act == 1:
            names[rng.randrange(len(names))] = rng.choice(ODD)
        elif act == 2:
            symbols[rng.choice(["none", "feats", "shape", "suffix4"])] = names
        elif act == 3:
            names.append(rng.choice(ODD))
        else:
            del names[rng.randrange(len(names))]
        return self._file(self.arrays, metadata)

    def of_classes(self) -> bytes | None:
        """Labels, tags and rules that are none, or would break a line of CoNLL-U."""
        metadata, rng = copy.deepcopy(self.metadata), self.rng
        about = rng.choice([*metadata["networks"].values()])
        names = about["classes"] if "classes" in about else rng.choice([*about["labels"].values()])
        names[rng.randrange(len(names))] = rng.choice([*ODD, *RULES, names[0]])
        return self._file(self.arrays, metadata)

    def of_arrays(self) -> bytes | None:
        """Arrays of other shapes, dtypes and numbers; more of them, or fewer."""
        arrays, rng = dict(self.arrays), self.rng
        name = rng.choice([*arrays])
        array = arrays[name].astype(np.float32)
        act = rng.randrange(8)
        if act == 0:
            kind = rng.choice(["float32", "float64", "int32", "uint8", "bool", "int64"])
            arrays[name] = np.clip(array, 0, 1).astype(kind)
        elif act == 1:
            arrays[name] = array.reshape(rng.choice([(-1,), (1, *array.shape), array.shape[::-1], (array.size, 1)]))
        elif act == 2:
            arrays[name] = array[: rng.randrange(len(array) + 1)]
        elif act == 3:
            arrays[name] = np.zeros((0,) * rng.randint(0, 3), np.float32)
        elif act == 4:
            array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 3e38, 1e-45, 1e6, -1e6])
            arrays[name] = array
        elif act == 5:
            del arrays[name]
        elif act == 6:
            arrays[f"{name}x"] = array
        else:
            network = name.split("/")[0]
            for other in (other for other in arrays if other.startswith(f"{network}/")):
                factor = np.float32(rng.choice(FACTORS))
                arrays[other] = np.clip(arrays[other].astype(np.float64) * factor, -3e38, 3e38).astype(np.float32)
        return self._file(arrays, self.metadata)

    def _file(self, arrays: dict[str, Any], metadata: dict[str, Any]) -> bytes | None:
        """A file with a checksum that is right; nothing where JSON cannot say it."""
        path = io.BytesIO()
        try:
            return _saved(arrays, metadata, path)
        except (ValueError, TypeError):
            return None


def _saved(arrays: dict[str, Any], metadata: dict[str, Any], into: io.BytesIO) -> bytes:
    """What save_arrays would write."""
    from unittest import mock

    with mock.patch("clearparse.model.container.atomic_output") as output:
        output.return_value.__enter__.return_value = into
        save_arrays("model", arrays, metadata)
    return into.getvalue()
