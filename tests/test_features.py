"""Templates: how they are read, and what they see."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.features.templates import TemplateError
from clearparse.features.vocabulary import NULL, ROOT, UNKNOWN, Encoder, Vocabulary
from clearparse.features.word_keys import form_key
from clearparse.transition import decode
from clearparse.transition.features import DISTANCES, TEMPLATES, Features, compile_template
from clearparse.transition.layout import Layout
from clearparse.transition.system import COLUMNS, LEFT_ARC, RIGHT_ARC, SHIFT, System, Transitions
from clearparse.transition.systems import SYSTEMS

LABELS = ["nsubj", "det", "obj", "punct"]
KEYS = [
    b"Cats\tcat\tNOUN\tNNS\tNumber=Plur",
    b"chase\tchase\tVERB\tVBP\t_",
    b"the\tthe\tDET\tDT\t_",
    b"mice\tmouse\tNOUN\tNNS\tNumber=Plur",
    b".\t.\tPUNCT\t.\t_",
]


def vocabulary_of(template: str) -> Vocabulary:
    return Vocabulary.count(KEYS, compile_template(template).channels, {})


def walk(system: System, moves: list[tuple[int, int]]) -> System:
    for move, label in moves:
        system.apply(np.array([0]), np.array([move]), np.array([label]))
    return system


@pytest.mark.parametrize(("name", "m"), [("cs224n-36", 36), ("chen-manning-48", 48)])
def test_templates_of_the_literature_have_the_published_number_of_slots(name: str, m: int) -> None:
    slots = compile_template(TEMPLATES[name]).slots
    assert len(slots) == m
    assert [str(slot) for slot in slots[:8]] == [
        "form: s0", "form: s1", "form: s2", "form: b0", "form: b1", "form: b2", "form: lc1(s0)", "form: rc1(s0)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "quoted"),
    [
        ("form: s0 s9", "'s9'"),
        ("form: lc3(s0)", "'lc3(s0)'"),
        ("form: lc1(s0", "'lc1(s0'"),
        ("form: lc1()", "'lc1()'"),
        ("colour: s0", "'colour'"),
        ("form s0", "'form s0'"),
        ("form: s0 s1 s0", "'form: s0'"),
        ("distance: s0", "'s0'"),
        ("form: s0-b0", "'s0-b0'"),
        ("distance: s0-q0", "'q0'"),
        ("form:", "no slot"),
        ("# nothing", "no slot"),
        ("label: lc1(s0)\ndistance: s1-s0", "no slot shows a word"),
    ],
)
def test_errors_quote_the_part_that_is_wrong(template: str, quoted: str) -> None:
    with pytest.raises(TemplateError) as error:
        compile_template(template)
    assert quoted in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("left", "right"), [("before", "behind"), ("left_neighbour", "right_neighbour")])
def test_old_spellings_of_neighbors_are_read(left: str, right: str) -> None:
    text = "form: s0 left_neighbor(b0) right_neighbor(left_neighbor(s0))\ndistance: left_neighbor(s0)-b0"
    old = compile_template(text.replace("left_neighbor", left).replace("right_neighbor", right))
    assert old.slots == compile_template(text).slots
    assert f"{left}(b0)" in old.text


@given(st.text(alphabet="form: labels01bcr()-\n#xd", max_size=60))
def test_any_text_is_a_template_or_a_template_error(text: str) -> None:
    with contextlib.suppress(TemplateError):
        assert compile_template(text)


def test_slot_values_in_a_known_configuration() -> None:
    template = (
        "form: s0 b0 lc1(b0) b3\nlabel: lc1(b0) rc1(b0)\ndistance: s0-b0 b0-b1\nleft_valency: b0\nright_valency: s0"
    )
    vocabulary = vocabulary_of(template)
    features = Features(compile_template(template), vocabulary, len(LABELS))
    system = SYSTEMS["arc-hybrid"](Layout(np.array([0, 5])))
    # Cats <-nsubj- chase; then chase on the stack, `the` in front: [chase] [the mice . ROOT]
    walk(system, [(SHIFT, 0), (LEFT_ARC, LABELS.index("nsubj"))])
    words, values = features.extract(system, np.array([0]))
    assert [int(word[0]) for word in words] == [0, 2, 1, 5]  # NULL, chase, Cats, "."
    assert [int(value[0]) for value in values] == [1 + LABELS.index("nsubj"), 0, 0, 1, 1, 0]
    encoder = Encoder(vocabulary)
    types = np.array([NULL, *encoder.types(KEYS), ROOT])
    w = features.slot_rows(words, values, encoder.rows()[types])
    assert vocabulary.encode([form_key("chase")]).tolist() == [[w[0, 1]]]
    assert w[0, 0] == vocabulary.first["form"] + NULL
    assert w[0, 4] == features.first_row["label"] + 1
    assert w.max() < features.V


def test_distances_are_binned() -> None:
    assert DISTANCES[[0, 1, 7, 8, 11, 12, 20, 21, 63]].tolist() == [0, 1, 7, 8, 8, 9, 9, 10, 10]


def test_unknown_words_and_rare_words_share_a_row() -> None:
    vocabulary = Vocabulary.count([KEYS[0], KEYS[0], KEYS[1]], ["form", "xpos"], {"form": 2})
    assert vocabulary.symbols == {"form": ["Cats"], "xpos": ["NNS", "VBP"]}
    unknown = vocabulary.first["form"] + UNKNOWN
    rows = vocabulary.encode([b"chase\t_\tVERB\tVBP\t_", b"the\t_\tVERB\tVBP\t_"]).tolist()
    assert rows == [[unknown, vocabulary.first["xpos"] + 4]] * 2


def test_best_is_the_highest_score_of_a_legal_move() -> None:
    transitions = Transitions(LABELS, LABELS, ["root"], SYSTEMS["arc-hybrid"])
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(200, len(transitions.kind)))
    legal = transitions.legal
    situation = rng.choice(np.flatnonzero(legal.any(axis=1)), 200)
    assert len(set(situation.tolist())) == 5
    for line, choice in enumerate(decode.best(theta, situation, transitions)):
        allowed = np.flatnonzero(legal[situation[line]])
        assert choice == max(allowed, key=lambda c: theta[line, c])


def test_long_sentences_are_parsed_first() -> None:
    lengths = [1, 7, 2, 9, 3]
    system = SYSTEMS["arc-hybrid"](Layout(np.cumsum([0, *lengths])))
    transitions = Transitions(LABELS, LABELS, ["root"], SYSTEMS["arc-hybrid"])
    sizes = []

    def choose(active: np.ndarray) -> np.ndarray:
        sizes.append(len(active))
        return transitions.first[system.situation(active)]

    decode.run(system, transitions, choose, batch=2)
    assert sum(sizes) == 2 * sum(lengths)
    assert sizes[:18] == [2] * 18  # 9 and 7, then 3 and 2 in the place of 7
    assert not system.legal(np.arange(5)).any()


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_columns_are_those_that_moves_change(name: str) -> None:
    system = walk(SYSTEMS[name](Layout(np.array([0, 3]))), [(SHIFT, 0), (SHIFT, 0), (RIGHT_ARC, 1)])
    assert (system.label.any(), system.right_valency.any(), system.rc1.any()) == (True, True, True)
    for k, column in enumerate(COLUMNS):
        begin = int(system.begin[k, 0])
        assert np.array_equal(getattr(system, column), system.columns.ravel()[begin : begin + system.layout.size])
