"""Model files: lossless, the same bytes for the same model, and bad files are refused with one line."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from clearparse.errors import FileError
from clearparse.model import container
from clearparse.model.container import load_arrays, save_arrays

METADATA = {
    "template": ["s0.form", "b0.upos"],
    "dropout": 0.1,
    "epochs": 10,
    "labels": ["nsubj", "அ"],
    "dev": None,
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ARRAYS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name != "__metadata__"),
    arrays_of.arrays(
        st.sampled_from(sorted(container.DTYPES.values())), arrays_of.array_shapes(min_dims=0, min_side=0, max_dims=3)
    ),
    max_size=4,
)


def small_model() -> dict[str, np.ndarray]:
    return {"L": np.arange(12, dtype=np.float32).reshape(4, 3), "counts": np.array([3, -1], np.int64)}


def equal(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Same names, dtypes, shapes and bits (NaN included)."""
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype
        and left[name].shape == right[name].shape
        and left[name].tobytes() == right[name].tobytes()
        for name in left
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save_arrays(path, small_model(), METADATA)
    return path


def complaint(path: Path) -> str:
    """The error message of load_arrays for a bad file: one line that starts with the name of the file."""
    with pytest.raises(FileError) as caught:
        load_arrays(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def rewrite(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str] | None) -> Path:
    """A valid safetensors file that clearparse would not write."""
    path.write_bytes(safetensors.numpy.save(arrays, metadata))
    return path


@given(arrays=ARRAYS, metadata=st.dictionaries(st.text(), VALUES, max_size=3))
def test_saving_and_loading_is_lossless(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, np.ndarray], metadata: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "model"
    save_arrays(path, arrays, metadata)
    loaded, loaded_metadata = load_arrays(path)
    assert equal(arrays, loaded)
    assert loaded_metadata == metadata


def test_the_order_of_arrays_and_keys_does_not_change_the_bytes(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save_arrays(other, dict(reversed(small_model().items())), dict(reversed(METADATA.items())))
    assert other.read_bytes() == model.read_bytes()


def test_memory_layout_and_byte_order_do_not_change_the_bytes(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    L = np.asfortranarray(small_model()["L"]).astype(">f4")
    save_arrays(other, {"L": L, "counts": np.array([3, 0, -1, 0])[::2]}, METADATA)
    assert other.read_bytes() == model.read_bytes()


def test_loaded_arrays_are_writable(model: Path) -> None:
    arrays, _ = load_arrays(model)
    arrays["L"] += 1
    assert equal(load_arrays(model)[0], small_model())


def test_safetensors_reads_it(model: Path) -> None:
    assert equal(safetensors.numpy.load_file(model), small_model())


def test_values_that_a_file_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="'words' has dtype"):
        save_arrays(tmp_path / "m", {"words": np.array(["a"])}, {})
    with pytest.raises(ValueError, match="JSON"):
        save_arrays(tmp_path / "m", {}, {"UAS": float("nan")})
    assert os.listdir(tmp_path) == []


def test_every_truncated_file_is_refused(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    path = tmp_path / "short"
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        complaint(path)
    path.write_bytes(whole + b"\0")
    complaint(path)


@given(data=st.data())
def test_changed_bytes_are_detected_or_harmless(model: Path, data: st.DataObject) -> None:
    damaged = bytearray(model.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = model.with_name("damaged")
    path.write_bytes(damaged)
    try:
        arrays, metadata = load_arrays(path)
    except FileError:
        return
    assert equal(arrays, small_model())
    assert metadata == METADATA


def test_a_changed_parameter_is_detected(model: Path, tmp_path: Path) -> None:
    """safetensors itself has no checksum."""
    damaged = bytearray(model.read_bytes())
    damaged[-1] ^= 1
    path = tmp_path / "damaged"
    path.write_bytes(damaged)
    assert "damaged" in complaint(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"1\tThe\tthe\tDET\n", b"\x80\x04}.", (9).to_bytes(8, "little") + b"{not json", bytes(100)],
    ids=["empty", "CoNLL-U", "pickle", "header", "zeros"],
)
def test_not_a_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert "not a clearparse model" in complaint(path)


def test_a_header_longer_than_the_file_allocates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xff" * 7 + b"\x7f" + b"{}")
    assert "truncated" in complaint(path)


def test_an_array_longer_than_the_file_allocates_nothing(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole = model.read_bytes()
    path.write_bytes(
        whole.replace(b'"shape":[4,3]', b'"shape":[9,9]').replace(b'"data_offsets":[16,', b'"data_offsets":[99,')
    )
    assert path.read_bytes() != whole
    assert "damaged" in complaint(path)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("L", "shape", [-1, 3]),  # to NumPy, -1 is whatever fits
        ("L", "shape", [-4, -3]),
        ("L", "shape", [4.0, 3]),
        ("L", "shape", [True, 12]),
        ("L", "shape", [4, 3, 1 << 80]),
        ("L", "shape", 12),
        ("L", "data_offsets", [0, 48]),  # the bytes of the other array too
        ("L", "data_offsets", [20, 64]),
        ("L", "data_offsets", [16, 1 << 80]),
        ("L", "data_offsets", [64, 16]),
        ("L", "data_offsets", [16]),
        ("L", "data_offsets", "ab"),
        ("L", "dtype", "C64"),
        ("L", "dtype", ["F32"]),
        ("counts", "data_offsets", [-64, -48]),
        ("counts", "data_offsets", [0, 8]),
    ],
)
def test_arrays_fill_the_file_one_after_the_other(
    model: Path, tmp_path: Path, name: str, field: str, value: object
) -> None:
    data = model.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    assert [header[each]["data_offsets"] for each in ("counts", "L")] == [[0, 16], [16, 64]]
    header[name][field] = value
    changed = json.dumps(header).encode()
    path = tmp_path / "file"
    path.write_bytes(len(changed).to_bytes(8, "little") + changed + data[8 + size :])
    assert "damaged" in complaint(path)


def with_entry(path: Path, values: str, arrays: dict[str, np.ndarray], **header: object) -> Path:
    """A file with this header whose checksum of values and arrays is right."""
    head = f'{{"clearparse_version":"1","format_version":{container.FORMAT_VERSION}'
    text = f'{head},"metadata":{values},"sha256":"{container._digest(arrays, values)}"}}'
    found = json.dumps({"__metadata__": {container.KEY: text}, **header}).encode()
    content = b"".join(array.tobytes() for array in arrays.values())
    path.write_bytes(len(found).to_bytes(8, "little") + found + content)
    return path


def test_the_end_of_an_array_is_not_before_its_begin(tmp_path: Path) -> None:
    arrays = {"a": np.ones(1, "<f4"), "b": np.ones(0, "<f4")}
    good = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    good["b"] = {"dtype": "F32", "shape": [0], "data_offsets": [4, 4]}
    assert equal(load_arrays(with_entry(tmp_path / "good", "{}", arrays, **good))[0], arrays)
    bad = {"a": {**good["a"], "data_offsets": [0, 8]}, "b": {**good["b"], "data_offsets": [8, 4]}}
    assert "damaged" in complaint(with_entry(tmp_path / "bad", "{}", arrays, **bad))


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, number: str) -> None:
    """The values could not be saved again."""
    assert load_arrays(with_entry(tmp_path / "good", '{"UAS":1e99}', {}))[1] == {"UAS": 1e99}
    assert "damaged" in complaint(with_entry(tmp_path / "bad", f'{{"UAS":{number}}}', {}))


def test_values_that_are_part_of_another_entry_are_refused(tmp_path: Path) -> None:
    digest = container._digest({}, "{}")
    head = {"clearparse_version": "1", "format_version": container.FORMAT_VERSION, "sha256": digest}
    text = json.dumps({**head, "x": {"a": 1, "metadata": {}, "sha256": 1}}, separators=(",", ":"))
    found = json.dumps({"__metadata__": {container.KEY: text}}).encode()
    path = tmp_path / "file"
    path.write_bytes(len(found).to_bytes(8, "little") + found)
    assert "damaged" in complaint(path)


@pytest.mark.parametrize("entry", [None, 3, [], {}])
def test_an_array_without_its_fields_is_refused(model: Path, tmp_path: Path, entry: object) -> None:
    data = model.read_bytes()
    size = int.from_bytes(data[:8], "little")
    changed = json.dumps({**json.loads(data[8 : 8 + size]), "more": entry}).encode()
    path = tmp_path / "file"
    path.write_bytes(len(changed).to_bytes(8, "little") + changed + data[8 + size :])
    assert "damaged" in complaint(path)


def test_a_compressed_model_is_the_same(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gz"
    path.write_bytes(gzip.compress(model.read_bytes()))
    arrays, metadata = load_arrays(path)
    assert equal(arrays, small_model())
    assert metadata == METADATA
    arrays["L"] += 1


def test_a_deeply_nested_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    header = b'{"a":' + b"[" * 200_000
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert "not a clearparse model" in complaint(path)


@pytest.mark.parametrize(
    "metadata",
    [None, {"format": "pt"}, {"clearparse": "no JSON"}, {"clearparse": "{}"}, {"clearparse": "[]"}],
)
def test_safetensors_files_of_other_programs(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    assert "not a clearparse model" in complaint(rewrite(tmp_path / "file", small_model(), metadata))


def test_a_missing_checksum(tmp_path: Path) -> None:
    head = {"format_version": 1, "clearparse_version": "0.1.0", "metadata": {}}
    path = rewrite(tmp_path / "file", small_model(), {"clearparse": json.dumps(head)})
    assert "damaged" in complaint(path)


def test_a_newer_format_names_its_version_and_the_upgrade(tmp_path: Path) -> None:
    head = {"format_version": 2, "clearparse_version": "9.8.7", "anything": []}
    message = complaint(rewrite(tmp_path / "file", small_model(), {"clearparse": json.dumps(head)}))
    assert "clearparse 9.8.7" in message
    assert "pip install --upgrade clearparse" in message


def test_a_dtype_that_numpy_lacks(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(model.read_bytes().replace(b'"dtype":"F32","shape":[4,3]', b'"dtype":"BF16","shape":[4,6]'))
    assert "damaged" in complaint(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "nowhere")
    assert "directory" in complaint(tmp_path) or "folder" in complaint(tmp_path)


def test_a_failed_save_leaves_the_old_model(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    save_arrays(path, small_model(), METADATA)
    with pytest.raises(ValueError, match="JSON"):
        save_arrays(path, {}, {"UAS": float("inf")})
    assert path.read_bytes() == model.read_bytes()
