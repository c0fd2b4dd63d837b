"""Mutated model files, for test_untrusted.py."""

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
    """Makes mutated model files; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.bytes = MODEL.read_bytes()
        self.arrays, self.metadata = load_arrays(MODEL)

    def files(self, count: int) -> Iterator[tuple[str, bytes]]:
        """`count` files, each with the name of its mutation."""
        while count:
            kind = self.rng.choice([self.of_bytes, self.of_metadata, self.of_symbols, self.of_classes, self.of_arrays])
            changed = kind()
            if changed is not None:
                yield kind.__name__, changed
                count -= 1

    def of_bytes(self) -> bytes:
        """Flip bits; delete, insert or truncate bytes; change the length of the header."""
        changed, rng = bytearray(self.bytes), self.rng
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(changed) if rng.random() < 0.5 else min(len(changed), 5000))
            action = rng.randrange(5)
            if action == 0:
                changed[place] ^= 1 << rng.randrange(8)
            elif action == 1:
                del changed[place : place + rng.randint(1, 2000)]
            elif action == 2:
                changed[place:place] = rng.randbytes(rng.randint(1, 50))
            elif action == 3:
                del changed[place + 1 :]
            else:
                changed[:8] = rng.choice([b"\xff" * 8, bytes(8), (1 << 31).to_bytes(8, "little"), rng.randbytes(8)])
        return bytes(changed)

    def of_metadata(self) -> bytes | None:
        """Change or delete a value of the metadata; the checksum is correct."""
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
        """Symbols that are duplicates, of wrong types, too many, too few, or of wrong channels."""
        metadata, rng = copy.deepcopy(self.metadata), self.rng
        symbols = rng.choice([*metadata["networks"].values()])["symbols"]
        names = symbols[rng.choice([*symbols])]
        action = rng.randrange(5)
        if action == 0:
            names[rng.randrange(len(names))] = names[0]
        elif action == 1:
            names[rng.randrange(len(names))] = rng.choice(ODD)
        elif action == 2:
            symbols[rng.choice(["none", "feats", "shape", "suffix4"])] = names
        elif action == 3:
            names.append(rng.choice(ODD))
        else:
            del names[rng.randrange(len(names))]
        return self._file(self.arrays, metadata)

    def of_classes(self) -> bytes | None:
        """Labels, tags and rules that are invalid, or would break a line of CoNLL-U."""
        metadata, rng = copy.deepcopy(self.metadata), self.rng
        about = rng.choice([*metadata["networks"].values()])
        names = about["classes"] if "classes" in about else rng.choice([*about["labels"].values()])
        names[rng.randrange(len(names))] = rng.choice([*ODD, *RULES, names[0]])
        return self._file(self.arrays, metadata)

    def of_arrays(self) -> bytes | None:
        """Arrays of wrong shapes, dtypes or values; too many or too few."""
        arrays, rng = dict(self.arrays), self.rng
        name = rng.choice([*arrays])
        array = arrays[name].astype(np.float32)
        action = rng.randrange(8)
        if action == 0:
            kind = rng.choice(["float32", "float64", "int32", "uint8", "bool", "int64"])
            arrays[name] = np.clip(array, 0, 1).astype(kind)
        elif action == 1:
            arrays[name] = array.reshape(rng.choice([(-1,), (1, *array.shape), array.shape[::-1], (array.size, 1)]))
        elif action == 2:
            arrays[name] = array[: rng.randrange(len(array) + 1)]
        elif action == 3:
            arrays[name] = np.zeros((0,) * rng.randint(0, 3), np.float32)
        elif action == 4:
            array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 3e38, 1e-45, 1e6, -1e6])
            arrays[name] = array
        elif action == 5:
            del arrays[name]
        elif action == 6:
            arrays[f"{name}x"] = array
        else:
            network = name.split("/")[0]
            for other in (other for other in arrays if other.startswith(f"{network}/")):
                factor = np.float32(rng.choice(FACTORS))
                arrays[other] = np.clip(arrays[other].astype(np.float64) * factor, -3e38, 3e38).astype(np.float32)
        return self._file(arrays, self.metadata)

    def _file(self, arrays: dict[str, Any], metadata: dict[str, Any]) -> bytes | None:
        """The file with a correct checksum; None if JSON cannot represent the metadata."""
        path = io.BytesIO()
        try:
            return _saved(arrays, metadata, path)
        except (ValueError, TypeError):
            return None


def _saved(arrays: dict[str, Any], metadata: dict[str, Any], into: io.BytesIO) -> bytes:
    """The bytes that save_arrays writes."""
    from unittest import mock

    with mock.patch("clearparse.model.container.atomic_output") as output:
        output.return_value.__enter__.return_value = into
        save_arrays("model", arrays, metadata)
    return into.getvalue()
