"""Scores of output from raw text, in which sentences and words need not be those of the treebank.

The measures of the CoNLL 2018 shared task (Zeman et al. 2018, section 4): words are aligned by their position in the
text; a score is the F1 of the correct ones among those in gold and those of the system.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from clearparse.errors import FileError
from clearparse.evaluation.mismatches import different_normalization
from clearparse.evaluation.scores import CONTENT
from clearparse.treebank.conllu import DEPREL, FEATS, FORM, LEMMA, UPOS, XPOS, Block
from clearparse.treebank.tokens import tokens_of

# FUNCTIONAL_DEPRELS and UNIVERSAL_FEATURES of the official scorer
FUNCTIONAL = frozenset(["aux", "cop", "mark", "det", "clf", "case", "cc"])
UNIVERSAL = frozenset([
    "PronType", "NumType", "Poss", "Reflex", "Foreign", "Abbr", "Gender", "Animacy", "Number", "Case", "Definite",
    "Degree", "VerbForm", "Mood", "Tense", "Aspect", "Voice", "Evident", "Polarity", "Person", "Polite",
])  # fmt: skip
COMPARED = (FORM, LEMMA, UPOS, XPOS, FEATS, DEPREL)
ROOT = -1  # the head of a root
Span = tuple[int, int]
_SPACE = re.compile(r"\s")


@dataclass
class Side:
    """Gold or system. Spans count characters other than spaces; words are numbered across sentences."""

    characters: list[str] = field(default_factory=list)
    tokens: list[Span] = field(default_factory=list)
    sentences: list[Span] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)  # of each word; the words of a multiword token share its span
    multiword: list[bool] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    columns: dict[int, list[str]] = field(default_factory=lambda: {column: [] for column in COMPARED})

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> Side:
        side, place = cls(), 0
        for block in blocks:
            for number, (first, _) in enumerate(pairwise(block.sentences.tolist())):
                begin, shift = place, len(side.heads) - first
                for token in tokens_of(block[number]):
                    form = _SPACE.sub("", token.form)
                    span = place, place + len(form)
                    place = span[1]
                    side.characters.append(form)
                    side.tokens.append(span)
                    side.spans += [span] * len(token.words)
                    side.multiword += [token.words != (token.form,)] * len(token.words)
                side.sentences.append((begin, place))
                heads = block[number].heads.tolist()
                side.heads += [head - 1 + first + shift if head else ROOT for head in heads]
            for column, values in side.columns.items():
                values += [value.decode() for value in block.column(column)]
        side.columns[FEATS] = [universal(feats) for feats in side.columns[FEATS]]
        side.columns[DEPREL] = [deprel.split(":")[0] for deprel in side.columns[DEPREL]]
        return side


def universal(feats: str) -> str:
    """The features that are in UD's universal inventory, sorted."""
    return "|".join(sorted(feat for feat in feats.split("|") if feat.split("=", 1)[0] in UNIVERSAL))


def raw_text_scores(
    gold: Iterable[Block], system: Iterable[Block], *, gold_path: str, system_path: str
) -> dict[str, float]:
    """The F1 of each measure, in %. Raises FileError if the two texts differ in more than spaces."""
    ours, theirs = Side.of(gold), Side.of(system)
    if not ours.tokens:
        raise FileError(gold_path, "no sentences")
    a, b = "".join(ours.characters), "".join(theirs.characters)
    if a != b:
        if other := different_normalization(a, b):
            raise FileError(system_path, f"the text of {gold_path} is {other}: normalize one of the files")
        same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        texts = f"gold has {a[same : same + 20]!r}, system has {b[same : same + 20]!r}"
        raise FileError(system_path, f"not the text of {gold_path}: from character {same + 1} on {texts}")
    return dict(_scores(ours, theirs, align(ours, theirs)))


def _scores(gold: Side, system: Side, pairs: list[tuple[int, int]]) -> Iterator[tuple[str, float]]:
    yield "Tokens", _f1(len(set(gold.tokens) & set(system.tokens)), len(gold.tokens), len(system.tokens))
    yield "Sentences", _f1(len(set(gold.sentences) & set(system.sentences)), len(gold.sentences), len(system.sentences))
    sizes = len(gold.heads), len(system.heads)
    yield "Words", _f1(len(pairs), *sizes)
    to_gold = {there: here for here, there in pairs} | {ROOT: ROOT}
    names = {"UPOS": (UPOS,), "XPOS": (XPOS,), "UFeats": (FEATS,), "AllTags": (UPOS, XPOS, FEATS)}
    same = {name: [_same(gold, system, pair, columns) for pair in pairs] for name, columns in names.items()}
    same["Lemmas"] = [gold.columns[LEMMA][a] in ("_", system.columns[LEMMA][b]) for a, b in pairs]
    same["UAS"] = [gold.heads[a] == to_gold.get(system.heads[b]) for a, b in pairs]
    deprel = [_same(gold, system, pair, (DEPREL,)) for pair in pairs]
    same["LAS"] = [head and label for head, label in zip(same["UAS"], deprel, strict=True)]
    for name, right in same.items():
        yield name, _f1(sum(right), *sizes)
    a, b = (sum(label in CONTENT for label in side.columns[DEPREL]) for side in (gold, system))
    sizes = a, b
    functions = [_functions(gold, lambda word: word), _functions(system, to_gold.get)]
    more = {
        "CLAS": [True] * len(pairs),
        "MLAS": [_same(gold, system, (a, b), (UPOS, FEATS)) and functions[0][a] == functions[1][b] for a, b in pairs],
        "BLEX": same["Lemmas"],
    }
    for name, right in more.items():
        both = zip(pairs, same["LAS"], right, strict=True)
        yield name, _f1(sum(las and also and gold.columns[DEPREL][a] in CONTENT for (a, _), las, also in both), *sizes)


def _f1(correct: int, gold: int, system: int) -> float:
    return 200 * correct / (gold + system)


def _same(gold: Side, system: Side, pair: tuple[int, int], columns: Iterable[int]) -> bool:
    return all(gold.columns[column][pair[0]] == system.columns[column][pair[1]] for column in columns)


def _functions(side: Side, number: Callable[[int], int | None]) -> list[list[Any]]:
    """For each word, its dependents that are function words, with their relations and tags."""
    found: list[list[Any]] = [[] for _ in side.heads]
    for word, (head, deprel) in enumerate(zip(side.heads, side.columns[DEPREL], strict=True)):
        if head != ROOT and deprel in FUNCTIONAL:
            found[head].append((number(word), deprel, side.columns[UPOS][word], side.columns[FEATS][word]))
    return found


def align(gold: Side, system: Side) -> list[tuple[int, int]]:
    """Pairs of aligned words: of the same span or, near multiword tokens, of the same form.

    The two sides are scanned in the same order as by the official scorer, since its result for a token that one side
    splits before a multiword token depends on the order.
    """
    forms = [[form.lower() for form in side.columns[FORM]] for side in (gold, system)]
    pairs: list[tuple[int, int]] = []
    a = b = 0
    while a < len(gold.spans) and b < len(system.spans):
        if gold.multiword[a] or system.multiword[b]:
            here, there = _around_multiword((gold, system), [a, b])
            pairs += _common(here, there, *forms)
            a, b = here.stop, there.stop
        elif gold.spans[a] == system.spans[b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif gold.spans[a][0] <= system.spans[b][0]:
            a += 1
        else:
            b += 1
    return pairs


def _around_multiword(sides: tuple[Side, Side], at: list[int]) -> tuple[range, range]:
    """The words of each side, from `at` on, in a stretch of text covered by overlapping multiword tokens.

    One of the two first words is in a multiword token; the other is skipped if it begins before that token.
    """
    first = 0 if sides[0].multiword[at[0]] else 1
    other = 1 - first
    begin, end = sides[first].spans[at[first]]
    if not sides[other].multiword[at[other]] and sides[other].spans[at[other]][0] < begin:
        at[other] += 1
    begins = list(at)
    while not all(_beyond(side, word, end) for side, word in zip(sides, at, strict=True)):
        k = min((0, 1), key=lambda k: sides[k].spans[at[k]][0] if at[k] < len(sides[k].spans) else math.inf)
        if sides[k].multiword[at[k]]:
            end = max(end, sides[k].spans[at[k]][1])
        at[k] += 1
    return range(begins[0], at[0]), range(begins[1], at[1])


def _beyond(side: Side, word: int, end: int) -> bool:
    """Is a word after the end of the stretch? A multiword token that begins in the stretch belongs to it."""
    if word >= len(side.spans):
        return True
    return side.spans[word][0] >= end if side.multiword[word] else side.spans[word][1] > end


def _common(here: range, there: range, forms: list[str], others: list[str]) -> Iterator[tuple[int, int]]:
    """The pairs of a longest common subsequence of forms."""
    n, m = len(here), len(there)
    length = [[0] * (m + 1) for _ in range(n + 1)]
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            same = forms[here[i]] == others[there[j]]
            length[i][j] = 1 + length[i + 1][j + 1] if same else max(length[i + 1][j], length[i][j + 1])
    i = j = 0
    while i < n and j < m:
        if forms[here[i]] == others[there[j]]:
            yield here[i], there[j]
            i, j = i + 1, j + 1
        elif length[i][j] == length[i + 1][j]:
            i += 1
        else:
            j += 1
