"""The upstream stages: windows, tokenizer, multiword tokens, tagger, lemmatizer; and raw text to trees."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_text import read_paragraphs

from clearparse.commands import evaluate, parse
from clearparse.config import NetworkConfig
from clearparse.errors import ClearparseError, FileError
from clearparse.features.templates import TemplateError
from clearparse.features.vocabulary import UNKNOWN, Vocabulary
from clearparse.features.word_keys import form_key, with_tags
from clearparse.model.model import load
from clearparse.network.classifier import scores
from clearparse.stages import lemmatizer, multiword, split_rules, tagger, tokenizer
from clearparse.stages.stretches import KnownWords, kind_of
from clearparse.stages.text_keys import TextKeys
from clearparse.stages.tokenizer import ENDS
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.training import tokenizer_training
from clearparse.training.checkpoint import Checkpoint
from clearparse.training.jackknife import Jackknife
from clearparse.training.lemmatizer_training import train_lemmatizer
from clearparse.training.log import QUIET
from clearparse.training.parallel_steps import run_steps
from clearparse.training.parser_batches import Treebank
from clearparse.training.upstream_items import (
    characters_of,
    rules_in_context,
    rules_of,
    sentence_ends_of,
    shared_rules_of,
    tagged_words,
)
from clearparse.training.window_batches import Items, WindowBatches, build_and_train, initialize
from clearparse.training.word_vectors import Vectors
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, LEMMA, UPOS, XPOS, Block, parse_block
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.tokens import Token, conllu_of, paragraphs_of, text_of, tokens_of

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
NOTHING = KnownWords(*[frozenset[str]()] * 5)
SMALL = NetworkConfig(embedding_dim=8, hidden_size=16, epochs=2, batch_size=64)


@pytest.fixture(scope="module")
def block() -> Block:
    return parse_block((SAMPLE / "dev.conllu").read_bytes(), trees=True)


# Windows


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("form: one", "'one' is not an offset"),
        ("form: 0 0", "is listed twice"),
        ("form: 101", "'101' is not an offset"),
    ],
)
def test_invalid_window_templates(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        compile_window(template)


def test_windows_do_not_cross_rows() -> None:
    vocabulary = Vocabulary.count([form_key("a")], ["form"], {})
    window = Window(compile_window("form: -2 0 1"), vocabulary)
    spread, where = window.spread(np.array([5, 6, 7, 8]), np.array([0, 3, 4]))
    assert spread.tolist() == [0, 0, 5, 6, 7, 0, 0, 8, 0, 0]
    assert spread[where].tolist() == [5, 6, 7, 8]
    assert spread[where - 2].tolist() == [0, 0, 5, 0]


def test_precomputed_scores_equal_the_classifiers(block: Block) -> None:
    """From tables, for words with tags and without, nearly as from the rows that training sees."""
    items = tagged_words(Treebank.of([block]))
    keys = with_tags(items.keys, [name.encode() for name in items.names])
    classifier = initialize(tagger.SECOND, replace(items, keys=keys), SMALL, np.random.default_rng(3))
    classifier.params.L[...] *= 50
    theta = classifier.theta(keys, items.rows)
    lessons = WindowBatches(classifier, replace(items, keys=keys), replace(SMALL, word_dropout=0), _Unmixed())
    w = np.concatenate([batch.w for batch in lessons.batches(0)])
    np.testing.assert_allclose(theta, scores(classifier.params, w), rtol=0, atol=2e-3)
    again = classifier.theta(keys[:50], np.array([0, 50]))  # types known from before
    np.testing.assert_allclose(again[:40], theta[:40] if items.rows[1] >= 43 else again[:40], rtol=1e-4, atol=1e-5)


class _Unmixed(np.random.Generator):
    """A random generator whose permutations change nothing."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def permutation(self, x: int | np.ndarray) -> np.ndarray:  # type: ignore[override]  # all that is asked of it here
        return np.arange(x) if isinstance(x, int) else x


def test_hidden_words_are_unknown_in_every_channel_of_their_form(block: Block) -> None:
    items = tagged_words(Treebank.of([block]))
    config = replace(SMALL, word_dropout=0.25, min_count=1)
    classifier = initialize("form: 0\nlower: 0\nsuffix2: 0", items, config, np.random.default_rng(1))
    first = classifier.vocabulary.first
    w = np.concatenate([b.w for b in WindowBatches(classifier, items, config, np.random.default_rng(2)).batches(0)])
    form, lower, suffix = (w[:, k] == first[channel] + UNKNOWN for k, channel in enumerate(first))
    assert 0.2 < lower.mean() < 0.3
    assert form[lower].all()
    assert 0.4 < (form & ~lower).mean() < 0.6  # these show lower case only
    assert not suffix.any()


def test_each_fold_is_tagged_by_a_network_that_has_not_seen_it(block: Block) -> None:
    """Where each sentence's tags are words of their own, none of them can be right."""
    items = tagged_words(Treebank.of([block]))
    sentence = np.repeat(np.arange(len(items.rows) - 1), np.diff(items.rows))
    names = [f"{s}\t_\t_" for s in sentence.tolist()]
    items, checkpoint = replace(items, names=names), Checkpoint()
    jackknife = Jackknife("tags", 4, "form: 0", items, SMALL, SMALL, 1, None, None)
    run_steps(jackknife.steps(checkpoint), 1, checkpoint, QUIET)
    _, tags = jackknife.results(checkpoint)
    assert all(tag and tag.decode() != name for tag, name in zip(tags, names, strict=True))


def test_folds_do_not_see_vectors_that_know_the_treebank(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network on all sentences has the vectors of the file, those without a fold the vectors of raw text."""
    seen = []

    def build(
        template: str, items: Items, config: NetworkConfig, seed: list[int], vectors: object, **rest: object
    ) -> None:
        seen.append((rest["name"], config.epochs, vectors))
        raise InterruptedError

    monkeypatch.setattr("clearparse.training.jackknife.build_and_train", build)
    of_file, of_raw_text = (Vectors([], np.zeros((0, 2), np.float32), [], []) for _ in range(2))
    items, longer = tagged_words(Treebank.of([block])), replace(SMALL, epochs=9)
    jackknife = Jackknife("tags", 2, "form: 0", items, longer, SMALL, 1, of_file, of_raw_text)
    for step in jackknife.steps(Checkpoint()).values():
        with pytest.raises(InterruptedError):
            step(checkpoint=Checkpoint(), log=QUIET)
    assert [(name, epochs) for name, epochs, _ in seen] == [
        ("tags", 9),
        ("tags without fold 1", SMALL.epochs),
        ("tags without fold 2", SMALL.epochs),
    ]
    assert [vectors is of_file for _, _, vectors in seen] == [True, False, False]
    assert [vectors is of_raw_text for _, _, vectors in seen] == [False, True, True]


# Text and tokens


def test_tokens_of_a_sentence() -> None:
    text = (
        "# text = Don't go.\n1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tDo\tdo\tAUX\tVB\t_\t3\taux\t_\t_\n"
        "2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_\n3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No\n"
        "3.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\tA=b|SpaceAfter=No\n\n"
    )
    tokens = tokens_of(parse_block(text.encode())[0])
    assert tokens == [Token("Don't", ("Do", "n't"), True), Token("go", ("go",), False), Token(".", (".",), False)]
    assert text_of(tokens) == "Don't go."
    assert tokens_of(parse_block(conllu_of(tokens).encode())[0]) == tokens


def test_the_sample_round_trips_through_its_text(block: Block) -> None:
    for sentence in block:
        assert text_of(tokens_of(sentence)) == sentence.text


def test_paragraphs_end_at_blank_lines(tmp_path: Path) -> None:
    assert list(split_paragraphs("\n a\nb\u00a0 c \n \t\n\nd\n")) == ["a b c", "d"]
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfa b\r\nc\r\n\r\nd\r\n\r\ne")
    for size in (1, 3, 7, 1000):
        assert [each for some in read_paragraphs(path, size) for each in some][-1] == "e"
    assert [each for some in read_paragraphs(path) for each in some] == ["a b c", "d", "e"]
    path.write_bytes(b"good\n\nbad \xff\n")
    with pytest.raises(FileError, match=r"text\.txt:3: not UTF-8"):
        list(read_paragraphs(path))


def test_paragraphs_without_blank_lines_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"one line\n" * 100)
    assert max(len(each) for some in read_paragraphs(path, 90) for each in some) <= 90


def test_keys_of_characters() -> None:
    assert [kind_of(text) for text in ("https://a.b/c,", "me@x.org", "3,000.5", "Mr", "a-b", "x.com")] == [
        "address", "mail", "number", "letters", "other", "address",
    ]  # fmt: skip
    assert [key[0] for key in _characters("a b.")] == ["a", " ", "b", "."]
    assert [key[3] for key in _characters("A £$5.")] == ["Lu", "Zs", "Sc", "Sc", "Nd", "Po"]
    assert [key[2] for key in _characters("x a.b/c x.com.")] == [
        "letters", "_", *["other"] * 5, "_", *["address"] * 5, "stop end",
    ]  # fmt: skip


def _characters(text: str, known: KnownWords = NOTHING) -> list[list[str]]:
    """The columns of the key of each character."""
    found = TextKeys(known, None, spaces=False).characters([text])
    return [found.keys[k].decode().split("\t") for k in found.table["key"].tolist()]


def test_full_stops_are_classified_by_what_follows() -> None:
    known = KnownWords(*map(frozenset, (["dr", "etc"], ["then", "dog"], ["then"], ["oslo"], ["km"])))
    texts = ("Dr. Who", "etc. Then", "J. Doe", "U.S. law", "xyz. 5", "dog. Then", "Dr.", "XYZ. Then", "Oslo. Ann")
    kinds = [_characters(text, known)[0][2] for text in texts]
    assert kinds == [
        "abbreviation name", "abbreviation word", "initial name", "dotted lower", "short number", "stop word",
        "abbreviation end", "acronym word", "familiar name",
    ]  # fmt: skip


def test_training_items_of_the_tokenizer(block: Block) -> None:
    paragraph = list(paragraphs_of([block]))
    tokens = [[token for sentence in each for token in sentence] for each in paragraph]
    items = characters_of(tokens, NOTHING)
    assert len(items.keys) == len(items.names) == items.rows[-1] == sum(map(len, map(text_of, tokens)))
    cut, text = [], "".join(map(text_of, tokens))
    start = 0
    for i, name in enumerate(items.names):
        if name == ENDS:
            cut.append(text[start : i + 1])
            start = i + 1
    assert [form for form in cut if form != " "] == [token.form for each in tokens for token in each]
    ends = sentence_ends_of(paragraph, NOTHING)
    assert ends.names.count(ENDS) == len(block)


# Rules


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("don't", ["do", "n't"]),
        ("DON'T", ["DO", "N'T"]),
        ("du", ["de", "le"]),
        ("aux", ["à", "les"]),
        ("gimme", ["give", "me"]),
    ],
)
def test_rules_of_multiword_tokens(form: str, words: list[str]) -> None:
    rule = split_rules.SplitRule.of(form, words)
    assert list(rule(form)) == words
    assert split_rules.SplitRule.parse(str(rule)) == rule


def test_split_rules_apply_to_other_tokens() -> None:
    rule = split_rules.SplitRule.of("don't", ["do", "n't"])
    assert rule("Hasn't") == ("Has", "n't")
    assert rule("n't") == ("n't",)  # nothing would be left
    assert split_rules.SplitRule.of("du", ["de", "le"])("DU") == ("DE", "LE")


LETTERS = "abAB'é"


@given(
    st.text(LETTERS, min_size=1, max_size=6),
    st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=2, max_size=3),
)
def test_every_multiword_token_has_a_rule_up_to_case(form: str, words: list[str]) -> None:
    rule = split_rules.SplitRule.parse(str(split_rules.SplitRule.of(form, words)))
    assert [word.lower() for word in rule(form)] == [word.lower() for word in words]


@given(st.text("abcABC'éß", min_size=1, max_size=8), st.text("abcABC'éß", min_size=1, max_size=8))
def test_every_lemma_has_a_rule(form: str, lemma: str) -> None:
    rule = lemmatizer.LemmaRule.of(form, lemma)
    assert rule(form) == lemma
    assert lemmatizer.LemmaRule.parse(str(rule)) == rule


def test_rules_of_near_scores_are_tried_from_the_best_on() -> None:
    theta = np.array([[1, 5, 3, 5], [0, -9, 9, 4.9]])
    assert list(lemmatizer._near_the_best(theta)) == [[1, 3, 2, 0], [2]]
    assert not list(lemmatizer._near_the_best(theta[:0]))


def test_lemma_rules_apply_to_other_forms() -> None:
    assert lemmatizer.LemmaRule.of("Cities", "city")("parties") == "party"
    assert lemmatizer.LemmaRule.of("walked", "walk")("ed") == "ed"  # nothing would be left


PAST = "VERB\tVBD\tTense=Past"
WORDS = [
    ("walked", "walk", PAST), ("asked", "ask", PAST), ("walk", "walk", "VERB\tVB\t_"), ("woke", "wake", PAST),
    ("baked", "bake", PAST), ("rated", "rate", PAST), ("1st", "2nd", "ADJ\tJJ\t_"), ("3st", "2nd", "ADJ\tJJ\t_"),
]  # fmt: skip


def _words(words: list[tuple[str, str, str]]) -> Block:
    rows = [f"{i}\t{form}\t{lemma}\t{tags}\t_\t_\t_\t_" for i, (form, lemma, tags) in enumerate(words, 1)]
    return parse_block(("\n".join(rows) + "\n\n").encode())


def _key(form: str, tags: str = PAST) -> bytes:
    return f"{form}\t_\t{tags}".encode()


def test_rules_that_several_forms_share_are_learned() -> None:
    lemmas = {_key(form, tags): lemma.encode() for form, lemma, tags in WORDS}
    names = shared_rules_of(lemmas).names
    assert sorted(map(lemmatizer.LemmaRule.parse, names)) == sorted(
        [lemmatizer.LemmaRule("as it is", 0, "", cut, "") for cut in (2, 2, 1, 1)]
    )
    few = {key: lemma for key, lemma in lemmas.items() if b"w" in key}
    assert len(shared_rules_of(few).names) == 3  # none of these is for two forms, so there is nothing better


def test_words_that_the_rules_get_wrong_become_exceptions() -> None:
    made = train_lemmatizer([_words(WORDS * 3)], 1, Checkpoint())
    assert made.lemmas([_key(form, tags) for form, _, tags in WORDS]) == [lemma.encode() for _, lemma, _ in WORDS]
    other = "VERB\tVBD\tPerson=3|Tense=Past"
    assert made.lemmas([_key("Woke", other), _key("broke", other)])[0] == b"wake"  # other features, a capital
    assert all(b"wake" not in made.lemmas([_key(form, other)])[0] for form in ("broke", "yoke"))


def test_a_word_may_have_exceptions_by_its_tags() -> None:
    noun, others = "NOUN\tNN\tNumber=Sing", [("cat", "cat", "NOUN\tNN\t_"), ("dog", "dog", "NOUN\tNN\t_")]
    words = [("lay", "lie", "VERB\tVBD\t_")] * 3 + [("lay", "lay", "VERB\tVB\t_"), ("mice", "mouse", noun), *others]
    made = train_lemmatizer([_words(words)], 1, Checkpoint())
    tags = ["VERB\tVBD\t_", "VERB\tVB\t_", "VERB\tVBP\t_"]
    assert made.lemmas([_key("lay", each) for each in tags]) == [b"lie", b"lay", b"lie"]


def test_a_known_lemma_is_preferred_among_similar_scores() -> None:
    made = train_lemmatizer([_words(WORDS)], 1, Checkpoint())
    known = lemmatizer.Lexicon({b"VERB": frozenset([b"like", b"kick"])}, {})
    made.classifier.params.U[...] = 0
    made.classifier.params.b_2[...] = [[-lemmatizer.MARGIN * 0.9 * k for k in range(len(made.classifier.classes))]]
    of_verbs = lemmatizer.Lemmatizer(made.classifier.with_parameters(made.classifier.params), known)
    assert of_verbs.lemmas([_key("liked"), _key("kicked")]) == [b"like", b"kick"]
    made.classifier.params.b_2[...] *= 2
    too_far = lemmatizer.Lemmatizer(made.classifier.with_parameters(made.classifier.params), known)
    best = lemmatizer.LemmaRule.parse(made.classifier.classes[0])
    assert too_far.lemmas([_key("liked"), _key("kicked")]) == [best("liked").encode(), best("kicked").encode()]


def _tokens(*counts: tuple[str, tuple[str, ...], int]) -> list[Token]:
    return [Token(form, words, True) for form, words, times in counts for _ in range(times)]


def test_only_forms_split_often_are_split() -> None:
    seen = split_rules.SplitForms.of(
        rules_of(
            _tokens(
                ("gonna", ("gon", "na"), 4), ("its", ("its",), 9), ("its", ("it", "s"), 4), ("cats", ("cats",), 9),
                ("cats", ("cat", "s"), 1), ("Anna", ("Anna",), 4), ("you'll", ("you", "'ll"), 4),
                ("youll", ("you", "ll"), 1), ("he'll", ("he", "'ll"), 1), ("We’ll", ("We", "’ll"), 1),
                ("hams", ("ham", "s"), 2), ("lets", ("let", "s"), 1), ("lets", ("lets",), 3),
            )
        )
    )  # fmt: skip
    assert seen.endings == {"'ll"}
    allowed = ["GONNA", "Its", "youll", "it'll", "It’ll"]
    assert [form for form in (*allowed, "cats", "Donna", "hams", "toddlers", "'ll") if seen.allow(form)] == allowed


def test_one_split_is_enough_where_forms_are_rarely_split_by_mistake() -> None:
    """As suffixes that are words of their own in Turkish, unlike misspellings in English."""
    regular = _tokens(("saatlik", ("saat", "lik"), 3), ("vardı", ("var", "dı"), 2), ("etli", ("et", "li"), 1))
    allowed = ["saatlik", "Vardı", "etli"]
    seen = split_rules.SplitForms.of(rules_of(regular))
    assert [form for form in (*allowed, "atlı") if seen.allow(form)] == allowed
    irregular = _tokens(
        ("onun", ("onun",), 9), ("onun", ("on", "un"), 2), ("evin", ("evin",), 4), ("evin", ("ev", "in"), 1)
    )
    seen = split_rules.SplitForms.of(rules_of([*regular, *irregular]))
    assert [form for form in allowed if seen.allow(form)] == ["saatlik"]


def test_splitting_depends_on_context() -> None:
    words = {"a": (("its", ("it", "s")), ("a", ("a",))), "name": (("its", ("its",)), ("name", ("name",)))}
    paragraphs = [[Token(form, split, True) for form, split in words[k]] for k in ("a", "name") * 40]
    items = rules_in_context(paragraphs)
    classifier = build_and_train(multiword.TEMPLATE, items, tokenizer_training.MULTIWORD, [1, 2])
    splitter = multiword.MultiwordSplitter(
        classifier, split_rules.SplitForms(frozenset(["its"]), frozenset(), frozenset())
    )
    split = splitter.split(["its", "a", "name"], np.array([0, 1, 0, 2]), np.array([0, 2, 4]))
    assert [split.words[k] for k in split.which] == [("it", "s"), ("a",), ("its",), ("name",)]
    assert [split.forms[k] for k in split.which] == ["its", "a", "its", "name"]


def test_an_unseen_currency_is_tokenized_like_others() -> None:
    """By its Unicode category; for that to be learned, the forms are hidden now and then."""
    paragraphs = [
        [Token(form, (form,), space_after=form in ("Give", "her")) for form in ("Give", "her", *cut, ".")]
        for number in range(100, 140)
        for cut in (["$", str(number)], ["€", str(number)], [f"§{number}"], [f"†{number}"])
    ]
    cutter = build_and_train(
        tokenizer.CHARACTERS, characters_of(paragraphs, NOTHING), tokenizer_training.CHARACTERS, [1, 0]
    )
    texts = ["Give her £125.", "Give her ¶125."]
    assert _cut(cutter, *texts) == [["Give", "her", "£", "125", "."], ["Give", "her", "¶125", "."]]


def test_most_characters_may_end_a_token() -> None:
    paragraphs = [[Token(form, (form,), space_after=False) for form in ("日", "月", "大人")]] * 30
    items = characters_of(paragraphs, NOTHING)
    assert list(items.names).count(ENDS) > len(items.names) / 2
    cutter = build_and_train(tokenizer.CHARACTERS, items, tokenizer_training.CHARACTERS, [1, 0])
    assert _cut(cutter, "日月大人") == [["日", "月", "大人"]]


def _cut(characters: WindowClassifier, *texts: str) -> list[list[str]]:
    """The forms of tokens; the other networks of a tokenizer have no part in them."""
    items = Items([form_key("a")], [split_rules.ONE_WORD], np.array([0, 1]))
    one_word = initialize("form: 0", items, SMALL, np.random.default_rng(1))
    nothing = split_rules.SplitForms(*[frozenset()] * 3)
    splitter = multiword.MultiwordSplitter(one_word, nothing)
    cutter = tokenizer.Tokenizer(characters, characters, splitter, spaces=False, known=NOTHING)
    cut = cutter.tokenize(texts)
    forms = [token.form for token in cut.tokens()]
    return [forms[first:end] for first, end in pairwise(cut.rows.tolist())]


# Raw text to trees


@pytest.fixture(scope="module")
def model(text_model: Path) -> Path:
    return text_model


def test_float16(model: Path, tmp_path: Path, block: Block) -> None:
    half = replace(load(model), stages=load(model).stages.to_float16())
    half.save(tmp_path / "half.model")
    again = load(tmp_path / "half.model")
    assert (tmp_path / "half.model").stat().st_size < 0.6 * model.stat().st_size
    assert str(again("It is late.")) == str(half("It is late."))
    known = [each.stages.lemmatizer.known for each in (again, half) if each.stages.lemmatizer]
    assert known[0] == known[1]
    assert b"be" in known[0].lemmas[b"AUX"]
    assert b"am\tAUX" in known[0].exceptions
    again.save(tmp_path / "again.model")
    assert (tmp_path / "again.model").read_bytes() == (tmp_path / "half.model").read_bytes()
    assert np.mean(again.parse_block(block).heads() == load(model).parse_block(block).heads()) > 0.97


def test_text_to_trees(model: Path) -> None:
    sentences = load(model)("The cat sleeps. Dogs don't\nsleep!\n\nNew paragraph")
    assert " ".join(sentence.text or "" for sentence in sentences) == "The cat sleeps. Dogs don't sleep! New paragraph"
    assert sentences[-1].sent_id == "2-1"
    for sentence in sentences:
        assert (sentence.heads == 0).sum() == 1
        assert "_" not in sentence.upos + sentence.lemmas + sentence.deprels


def test_sentences_on_the_command_line(model: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    parse.main(["--model", str(model), "Cats chase mice."])
    out = capfdbinary.readouterr().out
    assert out.startswith(b"# newpar\n# sent_id = 1-1\n# text = Cats chase mice.")
    assert parse_block(out, trees=True).column(FORM)[:2] == [b"Cats", b"chase"]
    with pytest.raises(FileError, match=r"nothing\.conllu: "):
        parse.main(["--model", str(model), "nothing.conllu"])


def test_files_of_text_by_several_processes(model: Path, tmp_path: Path) -> None:
    text, outputs = tmp_path / "text.txt", [tmp_path / "one", tmp_path / "two"]
    text.write_text("The cat sleeps. It is late.\n\n" * 50, encoding="utf-8")
    for output, jobs in zip(outputs, ("1", "2"), strict=True):
        parse.main(["--model", str(model), "--text", str(text), "--jobs", jobs, "--output", str(output)])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert len({sentence.sent_id for sentence in parse_block(outputs[0].read_bytes())}) >= 50


def test_empty_tag_columns_are_filled(model: Path, tmp_path: Path, block: Block) -> None:
    bare, output = tmp_path / "bare.conllu", tmp_path / "out.conllu"
    bare.write_bytes(block.with_columns(LEMMA, XPOS + 1, [b"_\t_\t_\t_"] * len(block.fields)).text)
    parse.main(["--model", str(model), "--output", str(output), str(bare)])
    found = parse_block(output.read_bytes(), trees=True)
    assert b"_" not in found.column(UPOS) + found.column(LEMMA) + found.column(DEPREL)
    tagged = parse_block((SAMPLE / "dev.conllu").read_bytes())
    parse.main(["--model", str(model), "--output", str(output), str(SAMPLE / "dev.conllu")])
    assert parse_block(output.read_bytes()).word_keys() == tagged.word_keys()  # tags that are there stay
    parse.main(["--model", str(model), "--tag", "--output", str(output), str(SAMPLE / "dev.conllu")])
    assert parse_block(output.read_bytes()).column(UPOS) == found.column(UPOS)


def test_sentences_without_tags_are_tagged_from_python_as_by_the_command(model: Path, block: Block) -> None:
    """Each sentence by itself: what the others have does not matter."""
    loaded = load(model)
    bare = block.with_columns(LEMMA, FEATS, [b"_\t_\t_\t_"] * block.n_words)
    expected, tagged = list(loaded.parse_block(loaded.tag(bare))), list(loaded.parse_block(block))
    assert list(loaded.parse(bare)) == expected
    mixed = [(bare if k % 3 else block)[k] for k in range(len(block))]
    assert list(loaded.parse(mixed)) == [(expected if k % 3 else tagged)[k] for k in range(len(block))]
    assert "_" not in [tag for sentence in loaded.parse(bare) for tag in sentence.upos + sentence.lemmas]


def test_scores_for_each_kind_of_input(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--model", str(model), "--gold", str(SAMPLE / "dev.conllu")]
    for given_, told in (("tags", "gold, from the gold file"), ("words", "Lemmas"), ("text", "Tokens")):
        evaluate.main([*files, "--given", given_])
        assert told in capsys.readouterr().out
    evaluate.main([*files, "--given", "words", "--report", str(tmp_path / "report.html")])
    assert '<td class="number">' in (tmp_path / "report.html").read_text(encoding="utf-8").split("Tags and lemmas")[1]
    capsys.readouterr()
    output = tmp_path / "out.conllu"
    paragraphs_ = paragraphs_of([parse_block((SAMPLE / "dev.conllu").read_bytes())])
    text = "\n\n".join(text_of([token for sentence in each for token in sentence]) for each in paragraphs_)
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    parse.main(["--model", str(model), "--text", str(tmp_path / "text.txt"), "--output", str(output)])
    evaluate.main([*files, "--given", "text"])
    by_model = capsys.readouterr().out.split("\n\n")[1]
    evaluate.main(["--system", str(output), "--gold", str(SAMPLE / "dev.conllu"), "--given", "text"])
    assert capsys.readouterr().out.split("\n\n")[1] == by_model


def test_a_parser_alone_rejects_raw_text_and_tagging(model: Path, tmp_path: Path) -> None:
    stages = load(model).stages
    alone = replace(load(model), stages=replace(stages, tokenizer=None, tagger=None, lemmatizer=None))
    alone.save(tmp_path / "alone.model")
    with pytest.raises(ClearparseError, match="cannot read raw text: it was trained without"):
        load(tmp_path / "alone.model")("Some text.")
    with pytest.raises(ClearparseError, match="cannot tag"):
        load(tmp_path / "alone.model").tag(parse_block((SAMPLE / "dev.conllu").read_bytes()))


def test_the_same_seed_gives_the_same_classifier(block: Block) -> None:
    items = tagged_words(Treebank.of([block]))
    one, two = (build_and_train(tagger.FIRST, items, SMALL, [1, 2]) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one.params, two.params, strict=True))
    assert one.window.template.channels == list(one.vocabulary.first)
    assert isinstance(items, Items)
