"""Conversions to and from the objects of other libraries, with the real libraries."""

from __future__ import annotations

import io
from pathlib import Path

import documented
import pytest

from clearparse.errors import ClearparseError, FileError
from clearparse.treebank.conllu import Sentence, parse_block, read_conllu

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
EVERYTHING = (
    "# newdoc\n# sent_id = 7\n# text = Du vin , NULL\n"
    "1-2\tDu\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tDe\tde\tADP\tP\tCase=Gen\t3\tcase\t3:case\tA=1|SpaceAfter=No\n"
    "2\tle\tle\tDET\tD\tDefinite=Def|Gender=Masc\t3\tdet:art\t_\t_\n"
    "3\tvin\tvin\tNOUN\tN\t_\t0\troot\t0:root\t_\n"
    "3.1\tbu\tboire\tVERB\t_\t_\t_\t_\t3:acl\t_\n"
    "4\t,\t,\tPUNCT\tF\t_\t3\tpunct\t_\t_\n"
    "5\tNULL\t1,5 %\tX\tnan\t_\t3\tdep\t_\t_\n\n"
)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> list[Sentence]:
    """The sample's sentences, after one with everything that CoNLL-U has."""
    path = tmp_path_factory.mktemp("whole") / "whole.conllu"
    path.write_text(EVERYTHING, encoding="utf-8")
    return [*read_conllu(path, trees=True), *read_conllu(SAMPLE / "train.conllu", trees=True)]


def only_words(sentence: Sentence, columns: int = 8) -> list[list[str]]:
    """The first columns of the words."""
    rows = [line.split("\t") for line in str(sentence).split("\n") if line and not line.startswith("#")]
    return [row[:columns] for row in rows if row[0].isdecimal()]


def test_pandas(sentences: list[Sentence]) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: the extra `pandas`")
    from clearparse.integrations.pandas import from_frame, to_frame

    frame = to_frame(sentences)
    assert from_frame(frame) == sentences
    assert frame.columns.tolist()[:3] == ["sentence", "id", "form"]
    assert frame["head"].dtype == "Int64"
    assert frame["id"].tolist()[:7] == ["1-2", "1", "2", "3", "3.1", "4", "5"]
    words = frame[frame["id"].str.isdecimal()]
    assert words[words["deprel"] == "root"]["head"].eq(0).all()
    assert words.groupby("sentence").size().tolist() == list(map(len, sentences))

    again = pandas.read_csv(io.StringIO(frame.to_csv(index=False)), keep_default_na=False)
    again["head"] = pandas.to_numeric(again["head"], errors="coerce")  # numbers with a point, and NaN
    assert from_frame(again) == sentences
    small = pandas.DataFrame({"sentence": [4, 4, 2], "id": [1, 2, 1], "head": [0.0, 1, None]})
    small["form"] = ["Go", "home", "Now"]
    assert [sentence.forms for sentence in from_frame(small)] == [("Go", "home"), ("Now",)]
    assert from_frame(small)[0].heads.tolist() == [0, 1]
    assert from_frame(to_frame([])) == []
    gaps = small.assign(head=pandas.array([0, 1, pandas.NA], "Int64"), misc=[pandas.NA, None, float("nan")])
    assert from_frame(gaps.convert_dtypes()) == from_frame(gaps) == from_frame(small)
    for name, value in (("sentence", float("nan")), ("id", pandas.NA), ("form", None)):
        with pytest.raises(ClearparseError, match=f"<DataFrame>: {name} is missing in row 1"):
            from_frame(small.assign(**{name: [small[name][0], value, small[name][2]]}))
    small["form"] = ["Go", "ho\tme", "Now"]
    with pytest.raises(FileError, match=r"<DataFrame>: FORM cannot be 'ho\\tme': it contains a tab or a line end"):
        from_frame(small)
    with pytest.raises(ClearparseError, match="no column form"):
        from_frame(small.drop(columns="form"))
    small["id"], small["form"] = [1, 3, 1], ["Go", "home", "Now"]
    with pytest.raises(FileError, match="<DataFrame>:2: "):
        from_frame(small)


def test_conllu(sentences: list[Sentence]) -> None:
    conllu = pytest.importorskip("conllu", reason="conllu is not installed: the extra `conllu`")
    from clearparse.integrations.conllu import from_token_list, to_token_list

    for sentence in sentences:
        assert from_token_list(to_token_list(sentence)) == sentence
    tokens = to_token_list(sentences[0])
    assert tokens.metadata["sent_id"] == "7"
    assert tokens[1]["feats"] == {"Case": "Gen"}
    assert [token["form"] for token in tokens.filter(head=3)] == ["De", "le", ",", "NULL"]
    assert tokens.to_tree().token["form"] == "vin"
    (parsed,) = conllu.parse(EVERYTHING)
    assert from_token_list(parsed) == sentences[0]
    parsed[1]["id"] = 4
    with pytest.raises(FileError, match="<TokenList>:"):
        from_token_list(parsed)
    with pytest.raises(FileError, match="0 sentences instead of one"):
        from_token_list(conllu.TokenList([]))


def test_nltk(sentences: list[Sentence]) -> None:
    nltk = pytest.importorskip("nltk.parse", reason="NLTK is not installed: the extra `nltk`")
    from clearparse.integrations.nltk import from_graph, to_graph

    for sentence in sentences:
        graph = to_graph(sentence)
        assert only_words(from_graph(graph)) == only_words(sentence)
        assert not graph.contains_cycle()
        assert graph.root["word"] == sentence.forms[sentence.heads.tolist().index(0)]
    graph = to_graph(sentences[0])
    assert (("vin", "NOUN"), "det:art", ("le", "DET")) in list(graph.triples())
    assert graph.get_by_address(5)["lemma"] == "1,5 %"
    other = nltk.DependencyGraph("John N 2\nloves V 0\nMary N 2")
    assert from_graph(other).forms == ("John", "loves", "Mary")
    assert from_graph(other).heads.tolist() == [2, 0, 2]
    other.remove_by_address(1)
    with pytest.raises(FileError, match="<DependencyGraph>:1: "):
        from_graph(other)
    untagged = "1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    with pytest.raises(ClearparseError, match="needs a tree"):
        to_graph(parse_block(untagged.encode())[0])


def test_displacy(sentences: list[Sentence]) -> None:
    """The dictionary needs no library; drawing it needs spaCy."""
    from clearparse.integrations.displacy import from_displacy, to_displacy

    for sentence in sentences:
        back = from_displacy(to_displacy(sentence))
        assert back.forms == sentence.forms
        assert back.upos == sentence.upos
        assert back.lemmas == sentence.lemmas
        assert back.heads.tolist() == sentence.heads.tolist()
        assert back.deprels == sentence.deprels
    drawing = to_displacy(sentences[0])
    assert drawing["words"][0] == {"text": "De", "tag": "ADP", "lemma": "de"}
    assert drawing["arcs"][1] == {"start": 1, "end": 2, "label": "det:art", "dir": "left"}
    assert drawing["arcs"][2] == {"start": 2, "end": 3, "label": "punct", "dir": "right"}
    displacy = pytest.importorskip("spacy.displacy", reason="spaCy is not installed: the extra `spacy`")
    drawn = displacy.render(drawing, style="dep", manual=True, jupyter=False)
    assert drawn.count('class="displacy-arrow"') == 4
    assert "det:art" in drawn
    drawing["arcs"][0]["end"] = 9
    with pytest.raises(ClearparseError, match="an arc between words 9 and 0 of 5"):
        from_displacy(drawing)
    with pytest.raises(FileError, match="<displaCy>: no words"):
        from_displacy({"words": [], "arcs": []})


def test_the_program_of_the_page(tmp_path: Path) -> None:
    for name in ("pandas", "nltk", "conllu"):
        pytest.importorskip(name, reason=f"{name} is not installed: the extra `{name}`")
    printed = documented.run(documented.programs("integrations.md")[1], tmp_path)
    assert printed.startswith("upos_of_head\n")
