"""Sentences, words and multiword tokens as objects."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearparse.corpus.json_lines import json_lines
from clearparse.errors import FileError
from clearparse.treebank.conllu import parse_block
from clearparse.treebank.sentence import Sentence
from clearparse.treebank.word import MultiwordToken, Word

FRENCH = """# sent_id = 7
1	Je	je	PRON	_	Number=Sing|Person=1	2	nsubj	_	TokenRange=0:2
2	bois	boire	VERB	V	Mood=Ind	0	root	0:root	Conf=0.93
3-4	du	_	_	_	_	_	_	_	TokenRange=8:10
3	de	de	ADP	_	_	5	case	_	_
4	le	le	DET	_	Definite=Def	5	det	_	_
5	vin	vin	NOUN	_	Flag	2	obj	_	SpaceAfter=No
6	.	.	PUNCT	_	_	2	punct	_	_

"""
COLUMNS = ("forms", "lemmas", "upos", "xpos", "feats", "deprels", "deps", "misc", "comments")


@pytest.fixture
def french() -> Sentence:
    return Sentence.from_conllu(FRENCH)


def test_a_sentence_is_a_sequence_of_words(french: Sentence) -> None:
    assert [word.form for word in french] == list(french.forms) == ["Je", "bois", "de", "le", "vin", "."]
    assert (french[0].id, french[0].form, french[-1].form) == (1, "Je", ".")
    assert [word.form for word in french[1:3]] == ["bois", "de"]
    assert len(french) == 6
    assert french[0] in french
    with pytest.raises(IndexError):
        french[6]


def test_the_attributes_of_a_word(french: Sentence) -> None:
    je, bois, vin = french[0], french[1], french[4]
    assert (je.lemma, je.upos, je.xpos, je.deprel, je.deps) == ("je", "PRON", None, "nsubj", None)
    assert je.feats == {"Number": "Sing", "Person": "1"}
    assert vin.feats == {"Flag": ""}
    assert (bois.head, bois.parent, bois.deps) == (0, None, "0:root")
    assert je.parent == bois
    assert bois.children == (je, vin, french[5])
    assert (bois.confidence, je.confidence) == (0.93, None)
    assert vin.misc == {"SpaceAfter": "No"}
    assert str(je) == "Je"
    assert repr(je) == "<Word 1: 'Je', PRON, nsubj of 'bois'>"
    assert repr(bois) == "<Word 2: 'bois', VERB, root>"
    assert je.to_dict() == {
        "id": 1,
        "form": "Je",
        "lemma": "je",
        "upos": "PRON",
        "feats": {"Number": "Sing", "Person": "1"},
        "head": 2,
        "deprel": "nsubj",
        "misc": {"TokenRange": "0:2"},
        "start": 0,
        "end": 2,
    }


def test_multiword_tokens(french: Sentence) -> None:
    (du,) = french.multiword_tokens
    assert (du.id, du.form, str(du), len(du), du.start, du.end) == ("3-4", "du", "du", 2, 8, 10)
    assert du.words == french[2:4]
    assert repr(du) == "<MultiwordToken 3-4: 'du'>"
    assert [str(token) for token in french.tokens] == ["Je", "bois", "du", "vin", "."]
    assert {type(token) for token in french.tokens} == {Word, MultiwordToken}


def test_character_offsets_from_misc(french: Sentence) -> None:
    assert [(word.start, word.end) for word in french[:4]] == [(0, 2), (None, None), (8, 10), (8, 10)]


def test_text_root_and_repr(french: Sentence) -> None:
    assert french.text == "Je bois du vin."
    assert french.root == french[1]
    assert repr(french) == "<Sentence 7: 'Je bois du vin.' (6 words)>"
    assert str(french) == french.to_conllu() == FRENCH


def test_a_sentence_as_json_values(french: Sentence) -> None:
    made = french.to_dict()
    assert list(made) == ["id", "text", "words", "multiword_tokens"]
    assert (made["id"], made["text"]) == ("7", "Je bois du vin.")
    assert made["words"] == [word.to_dict() for word in french]
    (du,) = made["multiword_tokens"]
    assert du == {"id": "3-4", "form": "du", "misc": {"TokenRange": "8:10"}, "start": 8, "end": 10}
    assert json.loads(json_lines(parse_block(french.conllu))) == made
    assert list(Sentence.from_words(["Birds"]).to_dict()) == ["text", "words"]


def test_words_without_a_tree() -> None:
    sentence = Sentence.from_words(["Birds", "_"])
    assert sentence.root is None
    assert [(word.head, word.parent, word.children, word.lemma) for word in sentence] == [
        (None, None, (), None),
        (None, None, (), "_"),
    ]
    assert sentence._repr_html_() is sentence._repr_svg_() is None
    for draw in (sentence.draw, sentence.to_svg):
        with pytest.raises(ValueError, match="head|HEAD"):
            draw()


def test_drawings(french: Sentence) -> None:
    drawing = french.draw(ascii_only=True)
    assert repr(drawing) == str(drawing)
    assert drawing.splitlines()[1] == "--+---> bois  root"
    assert french.to_svg() == french._repr_svg_()
    assert str(french._repr_svg_()).startswith("<svg ")
    assert "<figcaption" in str(french._repr_html_())


def test_from_words() -> None:
    sentence = Sentence.from_words(
        ["Birds", "eat"],
        text="Birds eat",
        sent_id="1",
        upos=["NOUN", "VERB"],
        feats=[{"Number": "Plur"}, "_"],
        heads=[2, 0],
        deprels=["nsubj", "root"],
    )
    assert sentence.to_conllu() == (
        "# sent_id = 1\n# text = Birds eat\n"
        "1\tBirds\t_\tNOUN\t_\tNumber=Plur\t2\tnsubj\t_\t_\n2\teat\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n"
    )


@pytest.mark.parametrize(
    ("forms", "columns", "message"),
    [
        ([], {}, "a sentence has at least one word"),
        (["a\tb"], {}, "FORM cannot be"),
        ([""], {}, "FORM cannot be"),
        (["a"], {"text": "two\nlines"}, "one line each"),
        (["a"], {"upos": ["X", "Y"]}, "2 values for 1 words"),
        (["a"], {"heads": [2]}, "a head is outside its sentence"),
    ],
)
def test_invalid_words_are_rejected(forms: list[str], columns: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sentence.from_words(forms, **columns)  # type: ignore[arg-type]  # text among them


def test_from_conllu_reads_one_sentence() -> None:
    assert Sentence.from_conllu("1\ta" + "\t_" * 8).forms == ("a",)
    with pytest.raises(ValueError, match="2 sentences in the text, not one"):
        Sentence.from_conllu(FRENCH * 2)
    with pytest.raises(ValueError, match="0 sentences in the text, not one"):
        Sentence.from_conllu("")
    with pytest.raises(FileError, match="<text>:2: "):
        Sentence.from_conllu("# a\n1\tb\n")
    with pytest.raises(FileError, match="<text>:1: a carriage return"):
        Sentence.from_conllu("1\ta\rb" + "\t_" * 8)


def test_nothing_is_lost_silently(french: Sentence) -> None:
    with pytest.raises(ValueError, match="read-only"):
        french.heads[0] = 3
    for name in COLUMNS:
        assert isinstance(getattr(french, name), tuple)
        with pytest.raises(AttributeError):
            setattr(french, name, ())
    with pytest.raises(AttributeError):
        french[0].upos = "X"  # type: ignore[misc]  # what is tested
    french[0].feats["Number"] = "Plur"
    assert french[0].feats["Number"] == "Sing"


def test_with_columns(french: Sentence) -> None:
    new = french.with_columns(upos=["X"] * 6, feats=[{"A": "1", "B": "2"}, *["_"] * 5], heads=[0, 1, 1, 1, 1, 1])
    assert new.upos == ("X",) * 6
    assert new[0].feats == {"A": "1", "B": "2"}
    assert new.heads.tolist() == [0, 1, 1, 1, 1, 1]
    assert new.deprels == french.deprels
    assert [str(token) for token in new.tokens] == ["Je", "bois", "du", "vin", "."]
    assert french.to_conllu() == FRENCH
    with pytest.raises(TypeError, match="unknown column tags; the columns are forms, lemmas, upos"):
        french.with_columns(tags=["X"] * 6)
    for columns in ({"heads": [9] * 6}, {"heads": ["x"] * 6}, {"upos": ["X"]}, {"upos": ["a\nb"] * 6}):
        with pytest.raises(ValueError, match="outside|values for|cannot be"):
            french.with_columns(**columns)  # type: ignore[arg-type]  # lists of either
    moved = french.with_tree([0, 1, 1, 1, 1, 1], ["root"] * 6)
    assert moved[5].parent == moved[0]


def test_a_sentence_survives_pickle(french: Sentence) -> None:
    assert french.forms
    again = pickle.loads(pickle.dumps(french))
    assert again == french
    assert again.heads.tolist() == french.heads.tolist()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1), min_size=1))
def test_forms_round_trip(forms: list[str]) -> None:
    sentence = Sentence.from_words(forms)
    assert sentence.forms == tuple(forms)
    assert [word.form for word in Sentence.from_conllu(sentence.to_conllu())] == forms


def test_a_part_of_a_block_equals_reading_its_text() -> None:
    block = parse_block((FRENCH * 3).encode()).with_trees(np.tile([2, 0, 1, 1, 1, 1], 3), [b"a"] * 18)
    part = block.part(1, 3)
    again = parse_block(block[1].conllu + block[2].conllu)
    assert (part.text, len(part), part.n_words) == (again.text, 2, 12)
    assert [sentence.misc for sentence in part] == [sentence.misc for sentence in again]
    assert len(block.part(1, 1)) == 0
