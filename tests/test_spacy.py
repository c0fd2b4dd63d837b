"""The component in real spaCy pipelines."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import documented
import numpy as np
import pytest
from test_architecture import CHECKOUT, pyproject

from clearparse.errors import ClearparseError, FileError
from clearparse.io import resources
from clearparse.model.model import MissingTagsWarning, load
from clearparse.treebank.conllu import parse_block, read_conllu

spacy = pytest.importorskip("spacy", reason="spaCy is not installed: the extra `spacy`")

SAMPLE = CHECKOUT / "data" / "sample"
MODEL = CHECKOUT / "tests" / "data" / "format-1.model"  # with all stages
TEXT = "  She doesn't see the stars .\n\nWe went home because it rained. Nobody came\n"


@pytest.fixture(scope="module")
def nlp() -> Any:
    import clearparse.integrations.spacy  # noqa: F401 (registers the component)

    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(MODEL)})
    return pipeline


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model without its upstream stages."""
    path, whole = tmp_path_factory.mktemp("alone") / "alone.model", load(MODEL)
    replace(whole, stages=replace(whole.stages, tokenizer=None, tagger=None, lemmatizer=None)).save(path)
    return path


def trees(doc: Any) -> list[tuple[int, str]]:
    return [(token.head.i, token.dep_) for token in doc]


def test_the_annotation_equals_the_models(nlp: Any) -> None:
    """Token by token the same as for CoNLL-U with the same words and sentences."""
    ours = load(MODEL)
    for sentence in list(read_conllu(SAMPLE / "dev.conllu"))[:20]:
        doc = spacy.tokens.Doc(nlp.vocab, sentence.forms, sent_starts=[True] + [False] * (len(sentence) - 1))
        doc = nlp(doc)
        (parsed,) = ours.parse_block(ours.tag(parse_block(sentence.conllu)))
        heads = parsed.heads.tolist()
        assert [token.head.i for token in doc] == [head - 1 if head else i for i, head in enumerate(heads)]
        expected = [name if head else "ROOT" for name, head in zip(parsed.deprels, heads, strict=True)]
        assert [token.dep_ for token in doc] == expected
        assert [token.pos_ for token in doc] == list(parsed.upos)
        assert [token.tag_ or "_" for token in doc] == list(parsed.xpos)
        assert [token.lemma_ for token in doc] == list(parsed.lemmas)
        assert [str(token.morph) or "_" for token in doc] == list(parsed.feats)
        assert [(span.start, span.end) for span in doc.sents] == [(0, len(sentence))]


def test_sentence_boundaries_are_predicted(nlp: Any) -> None:
    doc = nlp(TEXT)
    assert doc.text == TEXT
    sentences = [span.text.strip() for span in doc.sents]
    assert sentences[0] == "She doesn't see the stars ."  # a blank line ends a sentence
    assert "".join(span.text_with_ws for span in doc.sents) == TEXT
    tokens = [*doc[1:8], *doc[9:-1]]
    ends = load(MODEL).stages.tokenizer.sentence_ends(  # type: ignore[union-attr]
        [token.text for token in tokens],
        np.arange(len(tokens)),
        np.array([bool(token.whitespace_) or token.text in ("stars", "came") for token in tokens]),
        np.array([0, 7, len(tokens)]),
    )
    assert len(sentences) == ends.sum()
    for span in doc.sents:
        assert [token.dep_ for token in span].count("ROOT") == 1
    space = [token for token in doc if token.is_space]
    assert [token.text for token in space] == ["  ", "\n\n", "\n"]
    assert [(token.head.i - token.i, token.dep_, token.pos_, token.tag_) for token in space] == [
        (1, "dep", "SPACE", "_SP"),
        (-1, "dep", "SPACE", "_SP"),
        (-1, "dep", "SPACE", "_SP"),
    ]


def test_sentence_boundaries_that_are_set_are_kept(nlp: Any) -> None:
    doc = nlp.make_doc("one two three four five")
    for token in doc:
        token.is_sent_start = token.i in (0, 2)
    assert [span.text for span in nlp(doc).sents] == ["one two", "three four five"]


@pytest.mark.parametrize(
    ("text", "starts", "sentences"),
    [
        ("He left. She stayed. They came home.", {3: False}, ["He left. She stayed.", "They came home."]),
        ("He left. She waited now nobody came.", {5: True}, ["He left.", "She waited", "now nobody came."]),
        ("He left\n\n. She stayed.", {}, ["He left", ".", "She stayed."]),
        ("He left\n\n. She stayed.", {3: False}, ["He left\n\n.", "She stayed."]),
        ("He left\n\n. She stayed.", {2: True, 3: False, 4: False}, ["He left", ". She stayed."]),
    ],
)
def test_sentence_boundaries_that_are_not_set_are_predicted(
    nlp: Any, monkeypatch: pytest.MonkeyPatch, text: str, starts: dict[int, bool], sentences: list[str]
) -> None:
    """is_sent_start of a token is True, False or None. Full stops end a sentence here."""

    def ends(_: Any, forms: list[str], which: Any, space_after: Any, rows: Any) -> Any:
        found = np.array([forms[k] == "." for k in which])
        found[rows[1:] - 1] = True
        return found

    monkeypatch.setattr("clearparse.stages.tokenizer.Tokenizer.sentence_ends", ends)
    doc = nlp.make_doc(text)
    for token, value in starts.items():
        doc[token].is_sent_start = value
    assert [span.text.strip() for span in nlp(doc).sents] == sentences


def test_noun_chunks_follow_universal_dependencies(nlp: Any) -> None:
    words = [
        "The",
        "two",
        "big",
        "dogs",
        "of",
        "John",
        "'s",
        "old",
        "house",
        "and",
        "you",
        "saw",
        "wine",
        "bottles",
        "there",
    ]
    rows = [
        ("DET", 3, "det"), ("NUM", 3, "nummod"), ("ADJ", 3, "amod"), ("NOUN", 11, "nsubj"), ("ADP", 8, "case"),
        ("PROPN", 8, "nmod:poss"), ("PART", 5, "case"), ("ADJ", 8, "amod"), ("NOUN", 3, "nmod"), ("CCONJ", 10, "cc"),
        ("PRON", 3, "conj"), ("VERB", 11, "ROOT"), ("NOUN", 13, "compound"), ("NOUN", 11, "obj"),
        ("ADV", 11, "advmod"),
    ]  # fmt: skip
    pos, heads, deps = map(list, zip(*rows, strict=True))
    doc = spacy.tokens.Doc(nlp.vocab, words, pos=pos, heads=heads, deps=deps)
    found = [chunk.text for chunk in doc.noun_chunks]
    assert found == ["The two big dogs", "John 's old house", "you", "wine bottles"]
    with pytest.raises(ValueError, match="has not been parsed"):
        list(nlp.make_doc("Yes").noun_chunks)
    for chunk in nlp(TEXT).noun_chunks:
        assert chunk.label_ == "NP"


def test_tags_of_other_components_can_be_kept(nlp: Any) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(MODEL), "keep_tags": True})
    doc, predicted = pipeline.make_doc("The cat sleeps ."), nlp("The cat sleeps .")
    doc[1].pos_, doc[1].tag_, doc[1].lemma_ = "X", "odd", "feline"
    doc = pipeline(doc)
    assert (doc[1].pos_, doc[1].tag_, doc[1].lemma_) == ("X", "odd", "feline")
    assert [token.pos_ for token in doc if token.i != 1] == [token.pos_ for token in predicted if token.i != 1]
    assert nlp(doc)[1].tag_ == predicted[1].tag_  # and are replaced without the option


@pytest.mark.parametrize("attribute", ["tag_", "lemma_"])
def test_tags_with_tabs_are_an_error(nlp: Any, attribute: str) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(MODEL), "keep_tags": True})
    doc = pipeline.make_doc("The cat")
    setattr(doc[1], attribute, "a\tb")
    with pytest.raises(ClearparseError, match=r"<Doc>: a tag of token 1, 'cat', is 'a\\tb': tags cannot contain tabs"):
        pipeline(doc)


def test_the_tokenizer_of_the_model(alone: Path, tmp_path: Path) -> None:
    """Its tokens, sentences and trees are those of the model; all characters stay in the text."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(MODEL), "tokenizer": True})
    text = "  She doesn't see\tthe  stars .\n\nWe went home because it rained. Nobody came \n"
    doc, ours = pipeline(text), load(MODEL)(text)
    assert doc.text == text
    words = [token for token in doc if not token.is_space]
    assert [token.text for token in words] == [form for sentence in ours for form in sentence.forms]
    assert [token.pos_ for token in words] == [upos for sentence in ours for upos in sentence.upos]
    found = [[token.dep_ for token in span if not token.is_space] for span in doc.sents]
    assert found == [[name if name != "root" else "ROOT" for name in each.deprels] for each in ours]
    for odd in ("", " ", "\n\n", "Yes", " \u00a0x\u2028 y"):
        assert pipeline(odd).text == odd
    pipeline.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")(text)
    assert [(token.text, token.dep_) for token in again] == [(token.text, token.dep_) for token in doc]
    without = spacy.blank("en")
    without.add_pipe("clearparse", config={"model": str(alone), "tokenizer": True})
    with pytest.raises(ClearparseError, match="this model cannot tokenize"):
        without("Yes")


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "Yes", " Yes ", "\nYes\n\nNo"])
def test_unusual_texts(nlp: Any, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert doc.has_annotation("DEP") or not text
    assert len(list(doc.sents)) == max(len(text.split()), bool(text))


def test_forms_with_line_ends_inside(nlp: Any) -> None:
    doc = nlp.make_doc("We saw New York .")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
    odd = spacy.tokens.Doc(nlp.vocab, ["New\nYork", "is\tnot", "#far", "\x85-\u2028-"])
    assert [len(list(nlp(each).sents)) for each in (doc, odd)] == [1, 1]
    assert doc[2].pos_


def test_many_texts(nlp: Any) -> None:
    """In batches and in two processes the same as one by one."""
    texts = [str(sentence.text) for sentence in list(read_conllu(SAMPLE / "dev.conllu"))[:12]] + ["", TEXT]
    one_by_one = [nlp(text) for text in texts]
    for batched in (nlp.pipe(texts, batch_size=5), nlp.pipe(texts, n_process=2, batch_size=4)):
        assert [trees(doc) for doc in batched] == [trees(doc) for doc in one_by_one]


def test_a_saved_pipeline_needs_no_model_file(nlp: Any, tmp_path: Path) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(tmp_path / "moved.model")})
    with pytest.raises(FileError, match=r"moved\.model: no such file"):
        pipeline("Yes")
    pipeline.get_pipe("clearparse").from_bytes(nlp.get_pipe("clearparse").to_bytes())
    pipeline.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    again = spacy.blank("en")
    again.add_pipe("clearparse", config={"model": str(tmp_path / "moved.model")})
    again.from_bytes(loaded.to_bytes())
    assert trees(loaded(TEXT)) == trees(again(TEXT)) == trees(nlp(TEXT))


@pytest.mark.skipif(os.name == "nt", reason="creating symbolic links needs a privilege on Windows")
def test_a_pipeline_is_not_written_through_a_link(nlp: Any, tmp_path: Path) -> None:
    (tmp_path / "decoy").write_bytes(b"kept")
    (tmp_path / "clearparse.model").symlink_to(tmp_path / "decoy")
    with pytest.raises(FileError, match=r"clearparse\.model: this is a symbolic link"):
        nlp.get_pipe("clearparse").to_disk(tmp_path)
    assert (tmp_path / "decoy").read_bytes() == b"kept"


def test_the_component_has_no_thinc_model(tmp_path: Path) -> None:
    """spaCy may access any attribute of its protocols first, in the order of a set; none opens the model file."""
    from clearparse.integrations.spacy import Component

    component = Component("clearparse", str(tmp_path / "moved.model"))
    for protocol in (spacy.ty.ListenedToComponent, spacy.ty.TrainableComponent):
        assert {"model"} <= protocol.__annotations__.keys()
        assert not any(hasattr(component, name) for name in protocol.__annotations__)
    with pytest.raises(FileError, match=r"moved\.model: no such file"):
        component.loaded()


def test_a_parser_without_tagger_uses_the_tags_of_other_components(alone: Path) -> None:
    """Without a tokenizer, a paragraph is a sentence."""
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse", config={"model": str(alone)})
    with pytest.warns(MissingTagsWarning, match="<Doc>: UPOS and XPOS"):
        assert len(list(pipeline(TEXT).sents)) == 2
    sentence = next(iter(read_conllu(SAMPLE / "dev.conllu")))
    doc = spacy.tokens.Doc(
        pipeline.vocab, sentence.forms, pos=sentence.upos, tags=sentence.xpos,
        morphs=["" if feats == "_" else feats for feats in sentence.feats],
    )  # fmt: skip
    doc = pipeline(doc)
    (parsed,) = load(alone).parse([sentence])
    assert [token.head.i + 1 for token in doc if token.dep_ != "ROOT"] == [head for head in parsed.heads if head]
    assert [token.pos_ for token in doc] == list(sentence.upos)


def test_scores_of_spacy(nlp: Any) -> None:
    sentences = list(read_conllu(SAMPLE / "dev.conllu"))[:10]
    docs = [
        spacy.tokens.Doc(
            nlp.vocab, each.forms, pos=each.upos, tags=each.xpos, lemmas=each.lemmas,
            heads=[head - 1 if head else i for i, head in enumerate(each.heads.tolist())],
            deps=[name if head else "ROOT" for name, head in zip(each.deprels, each.heads.tolist(), strict=True)],
        )
        for each in sentences
    ]  # fmt: skip
    bare = [spacy.tokens.Doc(nlp.vocab, each.forms) for each in sentences]
    scores = nlp.evaluate([spacy.training.Example(*pair) for pair in zip(bare, docs, strict=True)])
    assert 0 < scores["dep_las"] < scores["dep_uas"] < 1
    assert {"pos_acc", "tag_acc", "lemma_acc", "sents_f", "dep_las_per_type"} <= scores.keys()


def test_the_default_is_the_english_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resources, "BUNDLED", tmp_path)
    monkeypatch.setattr(resources, "CHECKOUT", tmp_path)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("clearparse")
    with pytest.raises(ClearparseError, match="name a model"):
        pipeline("Yes")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "english.model").write_bytes(MODEL.read_bytes())
    assert pipeline("Yes")[0].dep_ == "ROOT"


def test_the_entry_point_makes_an_import_unnecessary(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As installed by pip: by the entry point of pyproject.toml alone."""
    (entry,) = pyproject()["project"]["entry-points"]["spacy_factories"].items()
    assert callable(EntryPoint(*entry, "spacy_factories").load())
    info = tmp_path / "installed" / "some-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[spacy_factories]\n{} = {}\n".format(*entry), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(info.parent), prepend=os.pathsep)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "english.model").symlink_to(MODEL)
    of_spacy, *_ = documented.programs("integrations.md")
    printed = documented.run(of_spacy, tmp_path)
    lines = [line.split("\t") for line in printed.splitlines()]
    assert [line[0] for line in lines] == ["She", "sees", "the", "stars", ".", "Nobody", "else", "does", "."]
    assert all(line[1] and line[4] for line in lines)
    assert spacy.load(tmp_path / "english-pipeline").pipe_names == ["clearparse"]
