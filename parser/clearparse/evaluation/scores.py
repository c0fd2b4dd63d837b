"""Turn the counts of an evaluation into scores: accuracy, precision, recall and F1, in %.

UAS, LAS and CLAS are computed as by the official scorer of the CoNLL 2018 shared task (Zeman et al. 2018).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.evaluation.counts import ARC_LENGTHS, SENTENCE_LENGTHS, Counts, SentenceOutcome, WordOutcome

SCORER = "as the CoNLL 2018 scorer: relation subtypes ignored, CLAS is an F1"
PUNCTUATION = "gold UPOS is PUNCT; without UPOS, all characters are Unicode punctuation"
# CONTENT_DEPRELS of the official scorer
CONTENT = [
    "nsubj", "obj", "iobj", "csubj", "ccomp", "xcomp", "obl", "vocative", "expl", "dislocated", "advcl",
    "advmod", "discourse", "nmod", "appos", "nummod", "acl", "amod", "conj", "fixed", "flat", "compound",
    "list", "parataxis", "orphan", "goeswith", "reparandum", "root", "dep",
]  # fmt: skip
MAIN_SCORES = {
    "UAS": "unlabeled attachment score",
    "LAS": "labeled attachment score",
    "CLAS": "content-word LAS (F1)",
    "label_accuracy": "label accuracy",
    "LAS_with_subtypes": "LAS with relation subtypes",
    "UEM": "unlabeled exact match (sentences)",
    "LEM": "labeled exact match (sentences)",
}
NO_SCORE = "\N{EN DASH}"  # printed where there is nothing to score, such as CLAS without UD's content relations
MAX_CONFUSIONS = 20  # reported, the most frequent first

SIDES = "gold", "system"
Score = float | None  # None: there was nothing to score
OutcomeColumns = dict[str, NDArray[Any]]


def main_scores(counts: Counts, *, punctuation: bool = True) -> dict[str, Any]:
    """The number of scored words and sentences, and UAS, LAS, CLAS and the other single scores in %.

    Without punctuation, sentences of punctuation only are not scored. A score over no words is None.
    """
    words, sentences = _word_columns(counts), _columns(counts.sentences, SentenceOutcome._fields)
    if not punctuation:
        words = _where(words, words["punctuation"] == 0)
        sentences = _where(sentences, sentences["bare_words"] == 1)
    complete = "" if punctuation else "bare_"
    return {
        "words": _total(words),
        "sentences": _total(sentences),
        "UAS": _accuracy(words, words["head_correct"]),
        "LAS": _accuracy(words, words["correct"]),
        "CLAS": _clas(words),
        "label_accuracy": _accuracy(words, words["gold"] == words["system"]),
        "LAS_with_subtypes": _accuracy(words, words["correct"] & (words["gold_relation"] == words["system_relation"])),
        "UEM": _accuracy(sentences, sentences[f"{complete}heads_correct"]),
        "LEM": _accuracy(sentences, sentences[f"{complete}all_correct"]),
    }


def all_scores(counts: Counts) -> dict[str, Any]:
    """All scores, ready for JSON: main_scores, and scores by relation, arc length, sentence length and so on.

    counts: of at least one word. Punctuation is scored except under "without_punctuation".
    """
    words, sentences = _word_columns(counts), _columns(counts.sentences, SentenceOutcome._fields)
    relations = sorted({*words["gold"].tolist(), *words["system"].tolist()})
    by_relation = _by_arc_class(words, "gold", "system", relations)
    by_length = _by_arc_class(words, "gold_length", "system_length", range(len(ARC_LENGTHS)))
    return main_scores(counts) | {
        "without_punctuation": main_scores(counts, punctuation=False),
        "words_without_upos": _total(_where(words, words["no_upos"] == 1)),
        "sentences_with_several_roots": {
            side: _total(_where(sentences, sentences[f"{side}_roots"] == 1)) for side in SIDES
        },
        "non_projective_arcs": {
            side: _accuracies(_where(words, words[f"{side}_nonprojective"] == 1)) for side in SIDES
        },
        "by_relation": dict(sorted(by_relation.items(), key=lambda row: -row[1]["gold"])),
        "by_arc_length": {ARC_LENGTHS[k]: row for k, row in by_length.items()},
        "by_sentence_length": _by_sentence_length(words, sentences),
        "confusions": _confusions(words),
    }


def _columns(outcomes: Counter[Any], names: Sequence[str]) -> OutcomeColumns:
    """The distinct outcomes as columns; "times" is how often each occurred."""
    values = list(zip(*outcomes, strict=True)) or [()] * len(names)
    columns = {name: np.array(value) for name, value in zip(names, values, strict=True)}
    return columns | {"times": np.array(list(outcomes.values()), np.int64)}


def _word_columns(counts: Counts) -> OutcomeColumns:
    """The outcomes of words as columns; "gold" and "system" are their relations without subtypes."""
    words = _columns(counts.words, WordOutcome._fields)
    for side in SIDES:
        words[side] = np.array([name.split(":")[0] for name in words[f"{side}_relation"].tolist()], object)
    words["correct"] = (words["head_correct"] == 1) & (words["gold"] == words["system"])
    return words


def _where(columns: OutcomeColumns, mask: NDArray[np.bool_]) -> OutcomeColumns:
    return {name: column[mask] for name, column in columns.items()}


def _total(columns: OutcomeColumns) -> int:
    return int(columns["times"].sum())


def _accuracy(columns: OutcomeColumns, correct: NDArray[Any]) -> Score:
    if not _total(columns):
        return None
    from sklearn.metrics import accuracy_score  # not above: the import takes a second

    return 100 * float(accuracy_score(np.ones(len(correct)), correct, sample_weight=columns["times"]))


def format_score(score: Score) -> str:
    """A score with two decimals, or NO_SCORE."""
    return NO_SCORE if score is None else f"{score:.2f}"


def _clas(words: OutcomeColumns) -> Score:
    if not _total(words):
        return None
    f1: Score = _arc_scores(words, "gold", "system", CONTENT, average="micro")[2]
    return f1


def _accuracies(words: OutcomeColumns) -> dict[str, Any]:
    return {
        "words": _total(words),
        "UAS": _accuracy(words, words["head_correct"]),
        "LAS": _accuracy(words, words["correct"]),
    }


def _arc_scores(
    words: OutcomeColumns, gold: str, system: str, labels: Sequence[Any], average: str | None
) -> tuple[Any, Any, Any]:
    """Precision, recall and F1 of labeled arcs, by class or, with average="micro", over all labels.

    Gold and system are two sets of arcs. An arc that only gold has counts as classified "no arc"; one that only the
    system has, as found where gold has "no arc".
    """
    from sklearn.metrics import precision_recall_fscore_support

    correct, wrong = _where(words, words["correct"]), _where(words, ~words["correct"])
    classes = {label: number for number, label in enumerate(labels, start=1)}
    none = np.zeros(len(wrong["times"]), np.int64)  # class 0: no arc, or an arc of another class

    def numbers(arcs: OutcomeColumns, side: str) -> NDArray[np.int64]:
        return np.array([classes.get(label, 0) for label in arcs[side].tolist()], np.int64)

    precision, recall, f1, _ = precision_recall_fscore_support(
        np.concatenate([numbers(correct, gold), numbers(wrong, gold), none]),
        np.concatenate([numbers(correct, system), none, numbers(wrong, system)]),
        sample_weight=np.concatenate([correct["times"], wrong["times"], wrong["times"]]),
        labels=list(classes.values()),
        average=average,
        zero_division=np.nan,
    )
    if average:
        return _percent(precision), _percent(recall), _percent(f1)
    return [*map(_percent, precision)], [*map(_percent, recall)], [*map(_percent, f1)]


def _percent(share: float) -> Score:
    return None if math.isnan(share) else 100 * float(share)


def _by_arc_class(words: OutcomeColumns, gold: str, system: str, labels: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """For each class of arcs: their number in gold and system, precision, recall and F1."""
    rows = zip(labels, *_arc_scores(words, gold, system, labels, average=None), strict=True)
    return {
        label: {
            "gold": _total(_where(words, words[gold] == label)),
            "system": _total(_where(words, words[system] == label)),
            "precision": precision,
            "recall": recall,
            "F1": f1,
        }
        for label, precision, recall, f1 in rows
    }


def _by_sentence_length(words: OutcomeColumns, sentences: OutcomeColumns) -> dict[str, dict[str, Any]]:
    rows = {}
    for k, name in enumerate(SENTENCE_LENGTHS):
        some = _where(sentences, sentences["length"] == k)
        rows[name] = {"sentences": _total(some)} | _accuracies(_where(words, words["sentence_length"] == k))
        rows[name]["LEM"] = _accuracy(some, some["all_correct"])
    return rows


def confusion_matrix(counts: Counts) -> tuple[list[str], NDArray[np.int64]]:
    """The relations without subtypes, and the number of words by gold (row) and system (column) relation: (R, R)."""
    return _confusion_matrix(_word_columns(counts))


def _confusion_matrix(words: OutcomeColumns) -> tuple[list[str], NDArray[np.int64]]:
    relations = sorted({*words["gold"].tolist(), *words["system"].tolist()})
    numbers = {relation: number for number, relation in enumerate(relations)}
    gold, system = ([numbers[relation] for relation in words[side].tolist()] for side in SIDES)
    if len(relations) < 2:  # scikit-learn warns about a matrix of one cell
        return relations, np.full((len(relations),) * 2, _total(words))
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(gold, system, labels=range(len(relations)), sample_weight=words["times"])
    return relations, np.asarray(matrix, np.int64)


def _confusions(words: OutcomeColumns) -> list[dict[str, Any]]:
    """The most frequent pairs of different gold and system relations."""
    relations, matrix = _confusion_matrix(words)
    np.fill_diagonal(matrix, 0)
    places = np.argsort(-matrix, axis=None, kind="stable")[:MAX_CONFUSIONS]
    pairs = zip(*np.unravel_index(places, matrix.shape), strict=True)
    return [
        {"gold": relations[g], "system": relations[s], "words": int(matrix[g, s])} for g, s in pairs if matrix[g, s]
    ]
