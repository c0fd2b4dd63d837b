"""Training data of the upstream stages: the items of a treebank with their classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from clearparse.features.vocabulary import factorize, lookup_form
from clearparse.features.word_keys import form_key, form_of, tags_of, without_tags
from clearparse.stages.lemmatizer import LemmaRule, short_key
from clearparse.stages.split_rules import ONE_WORD, SplitRule
from clearparse.stages.stretches import KnownWords
from clearparse.stages.text_keys import TextKeys, token_key, undecided
from clearparse.stages.tokenizer import CONTINUES, ENDS
from clearparse.training.parser_batches import Treebank
from clearparse.training.window_batches import Items
from clearparse.treebank.ragged import offsets
from clearparse.treebank.tokens import Paragraph, Token, text_of

MIN_FORMS = 2  # whose lemmas a rule must make before it is used for unseen words


def characters_of(
    paragraphs: Sequence[Sequence[Token]],
    known: KnownWords,
    divided: frozenset[str] | None = None,
    *,
    spaces: bool = False,
) -> Items:
    """The characters of paragraphs; the class says whether a token ends there. divided, spaces: see Tokenizer."""
    texts = [text_of(paragraph) for paragraph in paragraphs]
    names: list[str] = []
    for paragraph in paragraphs:
        for token in paragraph:
            names += [CONTINUES] * (len(token.form) - 1) + [ENDS] + [ENDS] * token.space_after
        if paragraph[-1].space_after:
            names.pop()
    keys: list[bytes] = []
    text_keys = TextKeys(known, divided, spaces=spaces)
    for text in texts:
        found = text_keys.characters([text])
        keys += [found.keys[k] for k in found.table["key"].tolist()]
    learned = np.flatnonzero(np.concatenate([undecided(text, divided, known, spaces=spaces) for text in texts]))
    return Items(keys, names, offsets(list(map(len, texts))), learned if len(learned) else None)


def sentence_ends_of(paragraphs: Sequence[Paragraph], known: KnownWords) -> Items:
    """The tokens of paragraphs; the class says whether a sentence ends there."""
    keys, names, lengths = [], [], []
    for paragraph in paragraphs:
        for sentence in paragraph:
            keys += [token_key(token.form, known, space_after=token.space_after) for token in sentence]
            names += [CONTINUES] * (len(sentence) - 1) + [ENDS]
        lengths.append(sum(map(len, paragraph)))
    return Items(keys, names, offsets(lengths))


def rules_of(tokens: Iterable[Token]) -> dict[str, Counter[str]]:
    """How often each form, normalized and in lower case, is split by each rule, or is ONE_WORD."""
    rules: dict[str, Counter[str]] = {}
    for token in tokens:
        rules.setdefault(lookup_form(token.form).lower(), Counter())[_rule_of(token)] += 1
    return rules


def rules_in_context(paragraphs: Iterable[Iterable[Token]]) -> Items:
    """The tokens of paragraphs; the class is the rule that splits the token into words."""
    tokens = [list(paragraph) for paragraph in paragraphs]
    keys = [form_key(token.form) for paragraph in tokens for token in paragraph]
    names = [_rule_of(token) for paragraph in tokens for token in paragraph]
    return Items(keys, names, offsets(list(map(len, tokens))))


def _rule_of(token: Token) -> str:
    return ONE_WORD if token.words == (token.form,) else str(SplitRule.of(token.form, token.words))


def most_frequent(counts: Counter[bytes]) -> bytes:
    """What was counted most often, the first of several."""
    return counts.most_common(1)[0][0]


def shared_rules_of(lemmas: Mapping[bytes, bytes]) -> Items:
    """The distinct words with their lemma rules, restricted to rules that several words share.

    Such a rule keeps a part of the form, adds no digits to it, and makes the lemmas of several forms. If there is no
    such rule, all words are kept.
    """
    rules = {key: LemmaRule.of(form_of(key).decode(), lemma.decode()) for key, lemma in lemmas.items()}
    forms: dict[LemmaRule, set[bytes]] = {}
    for key, rule in rules.items():
        forms.setdefault(rule, set()).add(form_of(short_key(key)))
    shared = {
        rule
        for rule, of in forms.items()
        if rule.case and len(of) >= MIN_FORMS and not any(map(str.isdigit, rule.prefix + rule.suffix))
    } or set(forms)
    keys = [key for key, rule in rules.items() if rule in shared]
    return Items(keys, [str(rules[key]) for key in keys], np.arange(len(keys) + 1))


def tagged_words(treebank: Treebank) -> Items:
    """The words of a treebank, without tags in their keys, and their tags as classes; equal ones are one object."""
    keys, which = factorize(treebank.keys)
    forms, names, words = without_tags(keys), [tags_of(key).decode() for key in keys], which.tolist()
    return Items([forms[k] for k in words], [names[k] for k in words], treebank.sentences)
