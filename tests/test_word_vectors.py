"""Word vectors: PPMI against its definition, similar words, clusters, and files of pre-trained vectors."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from clearparse.commands import train
from clearparse.errors import FileError
from clearparse.features.vocabulary import CLUSTER, UNKNOWN, Vocabulary
from clearparse.features.word_keys import form_key
from clearparse.model.model import load
from clearparse.training import vector_files
from clearparse.training import word_vectors as word_vectors_module
from clearparse.training.vector_files import read_vectors, resize
from clearparse.training.word_vectors import Vectors, _counts, _numbered, clustered, ppmi, word_vectors
from clearparse.treebank.raw_words import read_raw_words

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"


def test_cooccurrence_counts_by_position() -> None:
    """Words 2, 3, 4 are a, b, c; 0 is outside the sentence, and 1 the rare word x."""
    sentences = [["a", "B", "x", "c"], ["b"]]
    counts = _counts(_numbered(sentences, {"a": 2, "b": 3, "c": 4}), 5)
    found = {
        place: {(int(w), int(c)): int(n) for w, c, n in zip(count.row, count.col, count.data, strict=True)}
        for place, count in zip((-2, -1, 1, 2), [each.tocoo() for each in counts], strict=True)
    }
    assert found[-1] == {(2, 0): 1, (3, 2): 1, (1, 3): 1, (4, 1): 1, (3, 0): 1}
    assert found[2] == {(2, 1): 1, (3, 4): 1, (1, 0): 1, (4, 0): 1, (3, 0): 1}
    assert all(sum(count.values()) == 5 for count in found.values())


def test_ppmi_agrees_with_its_definition() -> None:
    rng = np.random.default_rng(0)
    counts = [rng.poisson(1, (6, 4)).astype(np.float32) for _ in range(2)]
    for count in counts:
        count[:, 0] += 1
        count[0] += 1
    expected = []
    for count in counts:
        smoothed = count.sum(axis=0) ** 0.75
        with np.errstate(divide="ignore"):
            by_chance = np.outer(count.sum(axis=1), smoothed / smoothed.sum())
            expected.append(np.maximum(np.log(count / by_chance), 0))
    found = ppmi([csr_array(count) for count in counts]).toarray()
    np.testing.assert_allclose(found, np.hstack(expected), rtol=1e-5, atol=1e-6)


def test_words_in_the_same_contexts_have_similar_vectors() -> None:
    rng = np.random.default_rng(1)
    nouns, verbs = [f"noun{k}" for k in range(8)], [f"verb{k}" for k in range(8)]
    sentences = [["the", rng.choice(nouns), rng.choice(verbs), "a", rng.choice(nouns), "."] for _ in range(3000)]
    vectors = word_vectors(sentences, 6, 3, 1)
    rows = dict(zip(vectors.words, vectors.values / np.linalg.norm(vectors.values, axis=1, keepdims=True), strict=True))
    like = min(float(rows["noun0"] @ rows[noun]) for noun in nouns)
    unlike = max(float(rows["noun0"] @ rows[verb]) for verb in verbs)
    assert like > 0.7 > 0.3 > unlike
    assert vectors.values.std() == pytest.approx(1)
    assert np.array_equal(word_vectors(sentences, 6, 3, 1).values, vectors.values)
    assert word_vectors(sentences, 6, 3, 1).clusters == vectors.clusters


def test_words_with_vectors_of_the_same_direction_form_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors_module, "CLUSTERS", 2)
    rng = np.random.default_rng(1)
    directions = np.repeat(np.eye(2), 20, axis=0) + rng.normal(scale=0.1, size=(40, 2))
    values = (directions * rng.uniform(0.1, 10, (40, 1))).astype(np.float32)
    words = [f"{'ab'[k // 20]}{k}" for k in range(40)]
    found = clustered(words, values, 1)
    assert sorted("".join(sorted(set(together) & {"a", "b"})) for together in found) == ["a", "b"]
    assert sorted(word for together in found for word in together.split("\t")) == sorted(words)
    assert clustered([], np.empty((0, 5), np.float32), 1) == []


def test_words_of_a_cluster_share_a_row() -> None:
    vectors = Vectors(["red"], np.ones((1, 4), np.float32), ["red"], ["red\tblue", "one"])
    vocabulary = vectors.widen(Vocabulary.count([form_key("red"), form_key("red")], ["form", CLUSTER], {"form": 2}))
    rows = vocabulary.encode([form_key(form) for form in ("red", "Blue", "one", "two")])[:, 1]
    assert (rows - vocabulary.first[CLUSTER]).tolist() == [UNKNOWN + 1, UNKNOWN + 1, UNKNOWN + 2, UNKNOWN]
    assert vocabulary.n_rows == vocabulary.first[CLUSTER] + UNKNOWN + 3


def test_rare_words_are_in_clusters_but_have_no_vector() -> None:
    vectors = word_vectors([["a", "b", "a", "c"]] * 4, 2, 5, 1)
    assert vectors.words == ["a"]
    assert vectors.values.std() == pytest.approx(1)
    assert sorted(word for each in vectors.clusters for word in each.split("\t")) == ["a", "b", "c"]


@pytest.mark.parametrize("sentences", [[], [["a", "b"]], [["a"] * 9]])
def test_no_word_is_frequent_enough(sentences: list[list[str]]) -> None:
    vectors = word_vectors(sentences, 4, 20, 1)
    assert (vectors.words, vectors.values.shape, vectors.forms) == ([], (0, 4), [])


def test_more_numbers_than_words() -> None:
    vectors = word_vectors([["a", "b", "A"]] * 3, 20, 2, 1)
    assert vectors.words == ["a", "b"]
    assert vectors.forms == ["A", "a", "b"]
    assert vectors.values.shape == (2, 20)
    places, values = vectors.of(["zebra", "A", "b"])
    assert places.tolist() == [1, 2]
    assert np.array_equal(values, vectors.values)


def test_raw_text_is_tokenized_as_the_treebank(tmp_path: Path) -> None:
    text = "It isn't well-known, John’s U.S. e-mail... (really)!\n\n  \nThird line\n"
    (tmp_path / "raw.txt").write_text(text, encoding="utf-8")
    with gzip.open(tmp_path / "raw.txt.gz", "wb") as stream:
        stream.write(text.encode())
    known = ["is", "n't", "’s", "John", "U.S.", "e-mail", "U.S"]
    words = list(read_raw_words(tmp_path / "raw.txt", known))
    assert " ".join(words[0]) == "It is n't well - known , John ’s U.S . e-mail ... ( really ) !"
    assert words[1:] == [["Third", "line"]]
    assert words == list(read_raw_words(tmp_path / "raw.txt.gz", known))
    with pytest.raises(FileError, match="no such file"):
        list(read_raw_words(tmp_path / "missing.txt", known))


def test_embeddings_are_initialized_with_word_vectors(tmp_path: Path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("Zebras graze quietly .\n" * 5, encoding="utf-8")
    path = tmp_path / "with.model"
    files = ["--train", str(SAMPLE / "train.conllu"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(path)]
    train.main(
        [
            *files,
            "--hidden-size",
            "16",
            "--embedding-dim",
            "8",
            "--epochs",
            "1",
            "--raw-text",
            str(raw),
            "--silver-ratio",
            "0",
        ]
    )
    model = load(path)
    form = model.parser.vocabulary.symbols["form"]
    row = model.parser.vocabulary.first["form"] + UNKNOWN + 1 + form.index("Zebras")
    assert np.abs(model.parser.params.L[row]).max() > 0.1  # random rows are below 0.01
    assert model.record["raw_text"][0]["path"] == raw.name


def test_files_of_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("3 4\nThe 1 0 0 2\nthe 9 9 9 9\ncat 0 1 0 -2\n", encoding="utf-8")
    found = read_vectors(path, ["Cat"], 6)
    assert found.words == ["the", "cat"]  # the first of several cases
    assert found.forms == ["The", "the", "cat"]
    assert found.values.std() == pytest.approx(1)
    assert (found.values[:, 4:] == 0).all()
    assert found.values[0, 3] == pytest.approx(2 * found.values[0, 0])
    two = read_vectors(path, ["Cat"], 2).values
    assert np.abs(two[0] - two[1]).max() > 1  # the direction of most variance is kept
    for text, message in (
        ("a 1 2\nb 1\n", ":2: not a word and 2"),
        ("a 1 x\n", ":1: not a word"),
        ("a 1e39\n", ":1: not a word and 1 finite"),
        ("a 1\n", "1 word vectors; at least 2"),
        ("", "0 word vectors"),
        ("PK\x03\x04", "a zip archive"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileError, match=message):
            read_vectors(path, ["a"], 2)


def test_after_the_first_words_of_a_file_only_those_of_the_treebank_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_files, "MAX_WORDS", 2)
    path = tmp_path / "vectors.txt"
    path.write_text("".join(f"w{k} {k} 1\n" for k in range(9)), encoding="utf-8")
    found = read_vectors(path, ["W7"], 2)
    assert found.words == ["w0", "w1", "w7"]
    assert found.forms == ["w0", "w1"]


@pytest.mark.parametrize(("n", "d"), [(50, 3), (2, 3), (50, 8), (50, 12)])
def test_vectors_are_resized_by_their_principal_components(n: int, d: int) -> None:
    """Up to signs, the components are those of the singular value decomposition; missing ones are zero."""
    values = np.random.default_rng(4).normal(size=(n, 8)).astype(np.float32)
    found = resize(values, d)
    assert found.shape == (n, d)
    np.testing.assert_array_equal(found, resize(values, d))
    expected = values
    if d < 8:
        centered = values - values.mean(axis=0)
        expected = centered @ np.linalg.svd(centered.astype(np.float64))[2].T[:, :d]
    k = min(n, d, 8)
    np.testing.assert_allclose(np.abs(found[:, :k]), np.abs(expected[:, :k]), atol=1e-4)
    assert not found[:, k:].any()


def test_with_raw_text_a_file_of_vectors_is_for_the_tagger(tmp_path: Path) -> None:
    raw, vectors, path = tmp_path / "raw.txt", tmp_path / "vectors.txt", tmp_path / "a.model"
    raw.write_text("Zebras run .\n" * 30, encoding="utf-8")
    vectors.write_text("okapis 1 2 3\nrun 3 2 1\nthe 0 0 1\n", encoding="utf-8")
    files = ["--train", str(SAMPLE / "dev.conllu"), "--dev", str(SAMPLE / "dev.conllu"), "--output", str(path)]
    sizes = ["--hidden-size", "8", "--embedding-dim", "4", "--epochs", "1", "--silver-ratio", "0", "--stages", "all"]
    train.main([*files, *sizes, "--raw-text", str(raw), "--vectors", str(vectors), "--quiet"])
    model = load(path)
    of_parser, tagger = model.parser.vocabulary.symbols, model.stages.tagger
    assert tagger
    assert "Zebras" in of_parser["form"]
    assert "okapis" in tagger.first.vocabulary.symbols["lower"]
    assert "okapis" not in of_parser["form"]
    assert "zebras" not in tagger.first.vocabulary.symbols["lower"]
