"""Scores against arithmetic by hand, a plain second implementation, and the official scorer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from udtools import udeval

from clearparse.errors import FileError
from clearparse.evaluation.counts import Counts, count_blocks, evaluate_block
from clearparse.evaluation.mismatches import TEXT_HINT
from clearparse.evaluation.raw_text import raw_text_scores
from clearparse.evaluation.scores import CONTENT, all_scores, main_scores
from clearparse.treebank.conllu import DEPREL, Block, parse_block, read_blocks

GOLD = [
    "The/DET/2/det dog/NOUN/3/nsubj sees/VERB/0/root big/ADJ/5/amod stars/NOUN/3/obj ./PUNCT/3/punct",
    "Go/VERB/0/root !/PUNCT/1/punct",
]
# wrong: big (head), stars (relation), ! (relation); a subtype more on dog
SYSTEM = [
    "The/DET/2/det dog/NOUN/3/nsubj:pass sees/VERB/0/root big/ADJ/3/amod stars/NOUN/3/iobj ./PUNCT/3/punct",
    "Go/VERB/0/root !/PUNCT/1/obj",
]


def conllu(sentences: Sequence[str]) -> bytes:
    """The text of sentences whose words are written form/UPOS/head/relation."""
    lines = []
    for sentence in sentences:
        for i, word in enumerate(sentence.split(), start=1):
            form, upos, head, relation = word.split("/")
            lines.append(f"{i}\t{form}\t_\t{upos}\t_\t_\t{head}\t{relation}\t_\t_\n")
        lines.append("\n")
    return "".join(lines).encode()


def block(sentences: Sequence[str], path: str = "gold") -> Block:
    return parse_block(conllu(sentences), path=path, trees=True)


def compare(gold: Sequence[str], system: Sequence[str]) -> Counts:
    return count_blocks([block(gold)], [block(system, "system")], gold_path="gold", system_path="system")


def test_main_scores_by_hand() -> None:
    scores = main_scores(compare(GOLD, SYSTEM))
    assert scores == {
        "words": 8,
        "sentences": 2,
        "UAS": 100 * 7 / 8,  # big
        "LAS": 100 * 5 / 8,  # big, stars, !
        "CLAS": 100 * (2 * 3 / (5 + 6)),  # dog, sees, Go; gold has big and stars besides, the system these and !
        "label_accuracy": 100 * 6 / 8,  # stars, !
        "LAS_with_subtypes": 100 * 4 / 8,  # dog, big, stars, !
        "UEM": 50.0,  # Go !
        "LEM": 0.0,
    }


def test_main_scores_without_punctuation_by_hand() -> None:
    scores = main_scores(compare(GOLD, SYSTEM), punctuation=False)
    assert scores == {
        "words": 6,
        "sentences": 2,
        "UAS": 100 * (5 / 6),
        "LAS": 100 * (4 / 6),
        "CLAS": 100 * (2 * 3 / (5 + 5)),
        "label_accuracy": 100 * (5 / 6),
        "LAS_with_subtypes": 100 * 3 / 6,
        "UEM": 50.0,
        "LEM": 50.0,
    }


def test_relations_and_confusions_by_hand() -> None:
    scores = all_scores(compare(GOLD, SYSTEM))
    right = {"gold": 1, "system": 1, "precision": 100.0, "recall": 100.0, "F1": 100.0}
    assert scores["by_relation"] == {
        "punct": {"gold": 2, "system": 1, "precision": 100.0, "recall": 50.0, "F1": 100 * (2 / 3)},
        "root": {"gold": 2, "system": 2, "precision": 100.0, "recall": 100.0, "F1": 100.0},
        "det": right,
        "nsubj": right,
        "amod": {"gold": 1, "system": 1, "precision": 0.0, "recall": 0.0, "F1": 0.0},
        "obj": {"gold": 1, "system": 1, "precision": 0.0, "recall": 0.0, "F1": 0.0},
        "iobj": {"gold": 0, "system": 1, "precision": 0.0, "recall": None, "F1": 0.0},
    }
    assert list(scores["by_relation"])[:2] == ["punct", "root"]
    assert scores["confusions"] == [
        {"gold": "obj", "system": "iobj", "words": 1},
        {"gold": "punct", "system": "obj", "words": 1},
    ]


def test_lengths_by_hand() -> None:
    scores = all_scores(compare(GOLD, SYSTEM))
    by_length = scores["by_arc_length"]
    assert list(by_length) == ["root", "1", "2", "3-6", "7+"]
    # of length 1 in both: The, dog, big and !; but big hangs on another word, and ! has another relation
    assert by_length["1"] == {"gold": 4, "system": 4, "precision": 50.0, "recall": 50.0, "F1": 50.0}
    assert by_length["2"] == {"gold": 1, "system": 1, "precision": 0.0, "recall": 0.0, "F1": 0.0}
    assert by_length["3-6"] == {"gold": 1, "system": 1, "precision": 100.0, "recall": 100.0, "F1": 100.0}
    assert by_length["7+"] == {"gold": 0, "system": 0, "precision": None, "recall": None, "F1": None}
    by_sentence = scores["by_sentence_length"]
    assert by_sentence["1-10"] == {"sentences": 2, "words": 8, "UAS": 87.5, "LAS": 62.5, "LEM": 0.0}
    assert by_sentence["41+"] == {"sentences": 0, "words": 0, "UAS": None, "LAS": None, "LEM": None}


def test_only_punctuation() -> None:
    gold = ["!/PUNCT/0/root"]
    counts = compare(gold, gold)
    assert (main_scores(counts)["UAS"], main_scores(counts)["LAS"]) == (100.0, 100.0)
    bare = main_scores(counts, punctuation=False)
    assert (bare.pop("words"), bare.pop("sentences")) == (0, 0)
    assert set(bare.values()) == {None}


def test_punctuation_without_upos_is_known_by_its_characters() -> None:
    gold = ["Go/_/0/root !?/_/1/punct +/_/1/dep $/PUNCT/1/dep ./NOUN/1/dep"]
    scores = all_scores(compare(gold, gold))
    assert scores["words_without_upos"] == 3
    assert scores["without_punctuation"]["words"] == 3  # !? by its characters and $ by its UPOS are punctuation


def test_several_roots_are_scored_and_counted() -> None:
    gold = ["a/X/0/root b/X/0/root c/X/2/dep", "a/X/0/root"]
    system = ["a/X/0/root b/X/1/dep c/X/2/dep", "a/X/0/root"]
    scores = all_scores(compare(gold, system))
    assert (scores["UAS"], scores["LAS"]) == (75.0, 75.0)
    assert scores["sentences_with_several_roots"] == {"gold": 1, "system": 0}


def test_non_projective_arcs_by_hand() -> None:
    gold = ["1/X/0/root 2/X/1/a 3/X/1/b 4/X/2/c"]  # 3, between 2 and 4, is not below 2
    system = ["1/X/0/root 2/X/1/a 3/X/1/b 4/X/3/c"]
    assert all_scores(compare(gold, system))["non_projective_arcs"] == {
        "gold": {"words": 1, "UAS": 0.0, "LAS": 0.0},
        "system": {"words": 0, "UAS": None, "LAS": None},
    }
    found = all_scores(compare(gold, gold))["non_projective_arcs"]
    assert found["gold"] == found["system"] == {"words": 1, "UAS": 100.0, "LAS": 100.0}


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (GOLD[:1], "system: system has 1 sentence, gold 2 (gold)"),
        ([*GOLD, *GOLD], "system: system has 4 sentences, gold 2 (gold)"),
        ([], "system: system has 0 sentences, gold 2 (gold)"),
        (
            GOLD[1:],
            "system: system has 1 sentence, gold 2 (gold); "
            "the first difference: gold:1: gold has 'The', system has 'Go' (system:1)",
        ),
        (
            [GOLD[0].replace("stars", "stairs"), GOLD[1]],
            "gold:5: gold has 'stars', system has 'stairs' (system:5)",
        ),
        (
            [GOLD[0], "Go/VERB/0/root"],
            "gold:9: gold has '!', system has a sentence of 1 word (system:8)" + TEXT_HINT,
        ),
        (
            [GOLD[0].rsplit(" ", 1)[0], "./PUNCT/0/punct"],
            "gold:6: gold has '.', system has a sentence of 5 words (system:5)" + TEXT_HINT,
        ),
        (
            [GOLD[0] + " ,/PUNCT/3/punct", GOLD[1]],
            "gold:6: gold has a sentence of 6 words, system has ',' (system:7)" + TEXT_HINT,
        ),
    ],
)
def test_different_words_are_an_error(system: list[str], message: str) -> None:
    with pytest.raises(FileError) as error:
        compare(GOLD, system)
    assert str(error.value) == message


def test_words_that_differ_in_their_unicode_normalization() -> None:
    """Both words look the same: the message says how they differ."""
    gold, system = "caf\u00e9/NOUN/0/root", "cafe\u0301/NOUN/0/root"
    for one, other, forms in ((gold, system, ("NFC", "NFD")), (system, gold, ("NFD", "NFC"))):
        with pytest.raises(
            FileError, match="Unicode form {}, system has it in Unicode form {}".format(*forms)
        ) as error:
            compare([one], [other])
        assert str(error.value).endswith("(system:1): normalize one of the files")
        with pytest.raises(FileError, match="form {}, system has it in Unicode form {}: norm".format(*forms)):
            raw_text_scores([block([one])], [block([other])], gold_path="gold", system_path="system")


def test_no_sentences_are_an_error() -> None:
    with pytest.raises(FileError, match=r"^gold: no sentences$"):
        compare([], [])
    with pytest.raises(FileError, match=r"^gold: no sentences$"):
        compare([], SYSTEM)


def test_a_block_without_sentences_adds_nothing() -> None:
    nothing = parse_block(b"# only a comment\n", trees=True)
    assert evaluate_block(nothing, nothing.heads(), []) == Counts()


def test_blocks_may_end_at_different_sentences() -> None:
    gold = [GOLD[i % 2] for i in range(7)]
    system = [SYSTEM[i % 2] for i in range(7)]
    counts = count_blocks(
        [block(gold[:1]), block([]), block(gold[1:5]), block(gold[5:])],
        [block(system[:3]), block(system[3:4]), block(system[4:]), block([])],
        gold_path="gold",
        system_path="system",
    )
    assert counts == compare(gold, system)
    assert all_scores(counts) == all_scores(compare(gold, system))


def test_predicted_trees_of_a_block() -> None:
    other = block(SYSTEM)
    assert evaluate_block(block(GOLD), other.heads(), other.column(DEPREL)) == compare(GOLD, SYSTEM)


RELATIONS = ("root", "nsubj", "nsubj:pass", "obj", "case", "punct", "Ünlü", "_", "nsubj:")
TAGS = ("NOUN", "PUNCT", "_")


@st.composite
def words(draw: st.DrawFn) -> list[tuple[str, list[list[tuple[int, str]]]]]:
    """A sentence of up to 50 words: of each word its UPOS and, for gold and system, head and relation."""
    n = draw(st.integers(1, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [
        (str(rng.choice(TAGS)), [(int(rng.integers(0, i + 1)), str(rng.choice(RELATIONS))) for _ in range(2)])
        for i in range(n)
    ]


def side(sentence: Any, which: int) -> str:
    """A sentence of gold (0) or system (1) as text."""
    return " ".join(f"w/{upos}/{trees[which][0]}/{trees[which][1]}" for upos, trees in sentence)


def plain_scores(sentences: Any, punctuation: bool) -> dict[str, float | None]:
    """UAS, LAS, CLAS, UEM and LEM, word by word in Python."""
    uas = las = n = content = content_right = uem = lem = scored = 0
    for sentence in sentences:
        kept = [
            [(head, label.split(":")[0]) for head, label in trees]
            for upos, trees in sentence
            if punctuation or upos != "PUNCT"
        ]
        n += len(kept)
        uas += sum(gold[0] == system[0] for gold, system in kept)
        las += sum(gold == system for gold, system in kept)
        content += sum(arc[1] in CONTENT for arcs in kept for arc in arcs)
        content_right += sum(gold == system and gold[1] in CONTENT for gold, system in kept)
        scored += bool(kept)
        uem += bool(kept) and all(gold[0] == system[0] for gold, system in kept)
        lem += bool(kept) and all(gold == system for gold, system in kept)
    shares = {
        "UAS": (uas, n),
        "LAS": (las, n),
        "CLAS": (2 * content_right, content),
        "UEM": (uem, scored),
        "LEM": (lem, scored),
    }
    return {name: 100 * (part / whole) if whole else None for name, (part, whole) in shares.items()}


@given(st.lists(words(), min_size=1, max_size=4), st.booleans())
def test_against_plain_python(sentences: Any, punctuation: bool) -> None:
    counts = compare([side(each, 0) for each in sentences], [side(each, 1) for each in sentences])
    scores = main_scores(counts, punctuation=punctuation)
    expected = plain_scores(sentences, punctuation)
    assert {name: scores[name] for name in expected} == expected


@given(st.lists(words(), min_size=2, max_size=4))
def test_counts_add_up(sentences: Any) -> None:
    gold, system = ([side(each, which) for each in sentences] for which in (0, 1))
    parts = (compare([one], [other]) for one, other in zip(gold, system, strict=True))
    assert sum(parts, Counts()) == compare(gold, system)


def official(gold: bytes, system: bytes) -> dict[str, str]:
    """UAS, LAS and CLAS as the official scorer prints them."""
    options = {"multiple_roots_okay": True}
    trees = [udeval.load_conllu(io.StringIO(text.decode()), "text", options) for text in (gold, system)]
    scores = udeval.evaluate(*trees)
    return {name: f"{100 * scores[name].f1:.2f}" for name in ("UAS", "LAS", "CLAS")}


def printed(counts: Counts) -> dict[str, str]:
    scores = main_scores(counts)
    return {name: "0.00" if scores[name] is None else f"{scores[name]:.2f}" for name in ("UAS", "LAS", "CLAS")}


def test_official_scorer_by_hand() -> None:
    assert printed(compare(GOLD, SYSTEM)) == official(conllu(GOLD), conllu(SYSTEM))
    assert {*CONTENT} == udeval.CONTENT_DEPRELS


@given(st.lists(words(), min_size=1, max_size=3))
def test_official_scorer(sentences: Any) -> None:
    gold, system = ([side(each, which) for each in sentences] for which in (0, 1))
    assert printed(compare(gold, system)) == official(conllu(gold), conllu(system))


def perturbed(gold: Block, share: float, rng: np.random.Generator) -> tuple[np.ndarray, list[bytes]]:
    """Heads and relations of a block, a share of both changed; no cycle, the roots as before."""
    heads, deprels = gold.heads().copy(), gold.column(DEPREL)
    labels = sorted(set(deprels))
    for start, end in zip(gold.sentences[:-1], gold.sentences[1:], strict=True):
        tree = heads[start:end]
        for word in np.flatnonzero((rng.random(end - start) < share) & (tree > 0)):
            new = above = int(rng.integers(1, end - start + 1))
            while above not in (0, word + 1):
                above = int(tree[above - 1])
            if above == 0:
                tree[word] = new
    for word in np.flatnonzero(rng.random(len(heads)) < share):
        deprels[word] = labels[rng.integers(len(labels))]
    return heads, deprels


@pytest.mark.parametrize(
    ("treebank", "share"),
    [
        ("UD_Tamil-TTB", 0.0),
        ("UD_Tamil-TTB", 0.9),
        ("UD_Ancient_Greek-PTNK", 0.2),
        ("UD_Hungarian-Szeged", 0.1),
        ("UD_French-Sequoia", 0.01),
        ("UD_Vietnamese-VTB", 0.4),
        ("UD_Turkish-IMST", 0.1),
        ("UD_English-EWT", 0.12),
    ],
)
def test_official_scorer_on_treebanks(shared_data: Path, treebank: str, share: float) -> None:
    path = str(shared_data / treebank / "dev.conllu")
    rng = np.random.default_rng(1)
    text, counts = [], Counts()
    for gold in read_blocks(path, trees=True, block_bytes=1 << 17):
        heads, deprels = perturbed(gold, share, rng)
        text.append(gold.with_trees(heads, deprels).text)
        counts += evaluate_block(gold, heads, deprels)
    system = parse_block(b"".join(text), path="system", trees=True)
    from_files = count_blocks(read_blocks(path, trees=True), [system], gold_path=path, system_path="system")
    assert from_files == counts
    assert printed(counts) == official(Path(path).read_bytes(), b"".join(text))


def test_classes_of_arcs_add_up_to_all_arcs(shared_data: Path) -> None:
    rng = np.random.default_rng(2)
    blocks = list(read_blocks(str(shared_data / "UD_Hungarian-Szeged" / "dev.conllu"), trees=True))
    scores = all_scores(sum((evaluate_block(gold, *perturbed(gold, 0.2, rng)) for gold in blocks), Counts()))
    for classes in (scores["by_relation"], scores["by_arc_length"]):
        for which in ("gold", "system"):
            assert sum(row[which] for row in classes.values()) == scores["words"]
        right = sum((row["recall"] or 0.0) * row["gold"] for row in classes.values())
        assert right / scores["words"] == pytest.approx(scores["LAS"])
        right = sum((row["precision"] or 0.0) * row["system"] for row in classes.values())
        assert right / scores["words"] == pytest.approx(scores["LAS"])
    by_sentence = scores["by_sentence_length"].values()
    assert sum(row["words"] for row in by_sentence) == scores["words"]
    assert sum(row["sentences"] for row in by_sentence) == scores["sentences"]
    confusions = [pair["words"] for pair in scores["confusions"]]
    assert confusions == sorted(confusions, reverse=True)
    assert len(confusions) == 20
    assert scores["non_projective_arcs"]["gold"]["words"] > 100
