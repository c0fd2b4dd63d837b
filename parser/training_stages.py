"""How the stages before the parser learn from a treebank: cutting text, tagging, lemmas; and tags for the parser."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from parser.config import NetworkConfig
from parser.parallel import map_in_order
from parser.stages import lemmatizer, multiword, tagger, tokenizer
from parser.stages.lemmatizer import Known, Lemmatizer, Rule, short_key
from parser.stages.multiword import ONE_WORD, Splitter
from parser.stages.tagger import Tagger, tags_of, with_tags, without_tags
from parser.stages.tokenizer import ENDS, GOES_ON, Tokenizer, character_keys, token_key
from parser.stages.window import Labeller
from parser.stages.window_training import Items, new_labeller, trained
from parser.stages.word_vectors import Vectors
from parser.treebank.conllu import FEATS, LEMMA, UPOS, Block
from parser.treebank.slots import Index
from parser.treebank.tokens import Paragraph, Token, paragraphs_of, text_of
from parser.treebank.vocabulary import form_key, word_keys

MOST = 20  # times that a word which is always treated alike is learned in a pass
MANY = 50_000  # items for which the epochs of the configs are meant
FEWEST_FORMS = 2  # of which a rule makes the lemmas, if words that were never met may have it
FOLDS = 4  # parts of the training data, each tagged by what was trained on the others

CHARACTERS = NetworkConfig(d=24, H=96, epochs=4, batch=1024, dropout=0.1, slot_dropout=0.05, word_dropout=0.02)
SENTENCES = NetworkConfig(d=16, H=128, epochs=12, batch=512, dropout=0.4, word_dropout=0.2, min_count=3)
MULTIWORD = NetworkConfig(d=16, H=64, epochs=10, batch=256, dropout=0.1, slot_dropout=0.05, min_count=3)
FIRST_TAGS = NetworkConfig(d=20, H=96, epochs=6, batch=1024, min_count=3)
TAGS = NetworkConfig(d=32, H=256, epochs=10, batch=512)
LEMMAS = NetworkConfig(d=16, H=96, epochs=10, batch=512, dropout=0.1, slot_dropout=0.05, word_dropout=0, min_count=3)


def rows_of(lengths: ArrayLike) -> NDArray[np.int64]:
    """(R + 1,) where each of some rows begins, and the last ends, given how many items each has."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def learned(
    template: str, items: Items, config: NetworkConfig, seed: Sequence[int], vectors: Vectors | None = None
) -> Labeller:
    """A labeller trained on some items: on few of them in more passes, and in smaller steps."""
    n = len(items.keys)
    epochs = round(config.epochs * min(max((MANY / n) ** 0.5, 1), 3))
    config = replace(config, epochs=epochs, batch=min(config.batch, 1 << max(6, round(math.log2(n / 100)))))
    rng = np.random.default_rng(seed)
    return trained(new_labeller(template, items, config, rng, vectors), items, config, rng)


def train_tokenizer(blocks: Iterable[Block], seed: int) -> Tokenizer:
    """What cuts text as a treebank does."""
    paragraphs = list(paragraphs_of(blocks))
    tokens = [[token for sentence in paragraph for token in sentence] for paragraph in paragraphs]
    spaces = any(" " in token.form for paragraph in tokens for token in paragraph)
    return Tokenizer(
        learned(tokenizer.CHARACTERS, characters_of(tokens), CHARACTERS, [seed, 0]),
        learned(tokenizer.SENTENCES, sentence_ends_of(paragraphs), SENTENCES, [seed, 1]),
        Splitter(learned(multiword.TEMPLATE, rules_of(tokens), MULTIWORD, [seed, 2])),
        spaces,
    )


def characters_of(paragraphs: Sequence[Sequence[Token]]) -> Items:
    """The characters of some paragraphs, each with whether a token ends there."""
    texts = [text_of(paragraph) for paragraph in paragraphs]
    names: list[str] = []
    for paragraph in paragraphs:
        for token in paragraph:
            names += [GOES_ON] * (len(token.form) - 1) + [ENDS] + [ENDS] * token.space_after
        if paragraph[-1].space_after:
            names.pop()
    return Items([key for text in texts for key in character_keys(text)], names, rows_of(list(map(len, texts))))


def sentence_ends_of(paragraphs: Sequence[Paragraph]) -> Items:
    """The tokens of some paragraphs, each with whether a sentence ends there."""
    keys, names, lengths = [], [], []
    for paragraph in paragraphs:
        for sentence in paragraph:
            keys += [token_key(token.form, space_after=token.space_after) for token in sentence]
            names += [GOES_ON] * (len(sentence) - 1) + [ENDS]
        lengths.append(sum(map(len, paragraph)))
    return Items(keys, names, rows_of(lengths))


def rules_of(paragraphs: Iterable[Iterable[Token]]) -> Items:
    """The different tokens, each with the rule by which it is most often cut into words."""
    counts: dict[str, Counter[str]] = {}
    for paragraph in paragraphs:
        for form, words, _ in paragraph:
            rule = ONE_WORD if words == (form,) else str(multiword.Rule.of(form, words))
            counts.setdefault(form, Counter())[rule] += 1
    return _with_their_rules({form_key(form): rules for form, rules in counts.items()})


def _with_their_rules(counts: dict[bytes, Counter[str]]) -> Items:
    """Different keys, each a row of its own with its most frequent rule, and as often as it was met, up to MOST."""
    keys, names = [], []
    for key, rules in counts.items():
        times = min(sum(rules.values()), MOST)
        keys += [key] * times
        names += [rules.most_common(1)[0][0]] * times
    return Items(keys, names, np.arange(len(keys) + 1))


def train_lemmatizer(blocks: Iterable[Block], seed: int) -> Lemmatizer:
    """What gives words the lemmas that a treebank gives them, most often, by their tags."""
    counts: dict[bytes, Counter[bytes]] = {}
    for block in blocks:
        keys = with_tags(word_keys(block), block.columns(UPOS, FEATS))
        for key, lemma in zip(keys, block.column(LEMMA), strict=True):
            counts.setdefault(key, Counter())[lemma] += 1
    lemmas = {key: most_frequent(of) for key, of in counts.items()}
    known: dict[bytes, set[bytes]] = {}
    for key, lemma in lemmas.items():
        known.setdefault(key.split(b"\t")[2], set()).add(lemma)
    labeller = learned(lemmatizer.TEMPLATE, shared_rules_of(lemmas), LEMMAS, [seed, 3])
    exceptions: dict[bytes, bytes] = {}
    found = Known({upos: frozenset(of) for upos, of in known.items()}, exceptions)
    for name in (short_key, bytes):  # one exception for all of a verb's persons; where that is wrong, one for each
        by_name: dict[bytes, Counter[bytes]] = {}
        for key, of in counts.items():
            by_name.setdefault(name(key), Counter()).update(of)
        made = Lemmatizer(labeller, found).lemmas(list(counts))
        wrong = [name(key) for key, lemma in zip(counts, made, strict=True) if lemma != lemmas[key]]
        exceptions.update({each: most_frequent(by_name[each]) for each in wrong})
    return Lemmatizer(labeller, found)


def most_frequent(counts: Counter[bytes]) -> bytes:
    """What was counted most often, the first of several."""
    return counts.most_common(1)[0][0]


def shared_rules_of(lemmas: Mapping[bytes, bytes]) -> Items:
    """The different words, each with the rule that makes its lemma, without those whose rule is not for others too.

    A rule is if it keeps a part of the form, adds no digits to it, and makes the lemmas of several forms. If there is
    no such rule, all are kept.
    """
    rules = {key: Rule.of(key.split(b"\t", 1)[0].decode(), lemma.decode()) for key, lemma in lemmas.items()}
    forms: dict[Rule, set[bytes]] = {}
    for key, rule in rules.items():
        forms.setdefault(rule, set()).add(short_key(key).split(b"\t")[0])
    shared = {
        rule
        for rule, of in forms.items()
        if rule.case and len(of) >= FEWEST_FORMS and not any(map(str.isdigit, rule.prefix + rule.suffix))
    } or set(forms)
    keys = [key for key, rule in rules.items() if rule in shared]
    return Items(keys, [str(rules[key]) for key in keys], np.arange(len(keys) + 1))


def tagged_words(blocks: Sequence[Block]) -> Items:
    """The words of a treebank, without tags in their keys, and their tags as classes."""
    keys = [key for block in blocks for key in without_tags(word_keys(block))]
    names = [tags.decode() for block in blocks for tags in block.columns(UPOS, FEATS)]
    return Items(keys, names, rows_of(np.concatenate([np.diff(block.sentences) for block in blocks])))


def train_tagger(items: Items, seed: int, vectors: Vectors | None, jobs: int = 1) -> tuple[Tagger, list[bytes]]:
    """A tagger; and tags for all words (see tagged_words), each by networks that were not trained on its sentence."""
    first, tags = Course(tagger.FIRST, items, FIRST_TAGS, seed, None).run(jobs)
    items = replace(items, keys=with_tags(items.keys, tags))
    second, tags = Course(tagger.SECOND, items, TAGS, seed, vectors).run(jobs)
    return Tagger(first, second), tags


@dataclass(frozen=True)
class Course:
    """The training of one of the tagger's networks, on all sentences and on all without each fold."""

    template: str
    items: Items
    config: NetworkConfig
    seed: int
    vectors: Vectors | None

    def run(self, jobs: int) -> tuple[Labeller, list[bytes]]:
        """The network, and the tags that those without a word's fold give it."""
        folds = np.random.default_rng([self.seed, 4]).permutation(len(self.items.rows) - 1) % FOLDS
        held_out = [np.flatnonzero(folds == fold) for fold in range(FOLDS)]
        work = [np.empty(0, np.intp), *held_out]
        done = map_in_order(self, work, jobs) if jobs > 1 else map(self, work)
        tags: list[bytes] = [b""] * len(self.items.keys)
        labeller, _ = next(done)
        assert labeller is not None
        for fold, (_, found) in zip(held_out, done, strict=True):
            words = np.concatenate([np.arange(*self.items.rows[row : row + 2]) for row in fold] or [fold])
            for word, of in zip(words.tolist(), found, strict=True):
                tags[word] = of
        return labeller, tags

    def __call__(self, fold: Index) -> tuple[Labeller | None, list[bytes]]:
        """What learns all rows but those of a fold, if there is no fold; else what that says of the fold."""
        rows = np.arange(len(self.items.rows) - 1)
        items = self.items.take(np.setdiff1d(rows, fold)) if len(fold) else self.items
        labeller = learned(self.template, items, self.config, [self.seed, 5], self.vectors)
        if not len(fold):
            return labeller, []
        held = self.items.take(fold)
        return None, tags_of(labeller, held.keys, held.rows)


@dataclass(frozen=True)
class Earlier:
    """The stages before the parser, and tags for the words of the training data that the parser is to learn from."""

    tokenizer: Tokenizer
    tagger: Tagger
    lemmatizer: Lemmatizer
    tags: list[bytes]


def train_earlier(
    blocks: Sequence[Block], seed: int, vectors: Vectors | None, jobs: int, say: Callable[[str], None]
) -> Earlier:
    """All stages before the parser, one after another; say(what) hears what is done next."""
    say("characters, sentences, multiword tokens")
    cutting = train_tokenizer(blocks, seed)
    say("tags")
    tagging, tags = train_tagger(tagged_words(blocks), seed, vectors, jobs)
    say("lemmas")
    return Earlier(cutting, tagging, train_lemmatizer(blocks, seed), tags)
