"""What a model file holds: each network's numbers, and of each stage what these mean.

Arrays are named network/L, network/W ...; the dictionary has an entry for each network and the record of training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, takewhile
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from clearparse.errors import ClearparseError, FileError
from clearparse.features.templates import WordSlots
from clearparse.features.vocabulary import Vocabulary
from clearparse.model.container import Arrays, load_arrays, save_arrays
from clearparse.model.validation import (
    CLASSES,
    check_channels,
    check_labels,
    check_lemmas,
    check_network,
    check_numbers,
    check_parameters,
)
from clearparse.network.classifier import Parameters, halved
from clearparse.stages.ensemble import Calibration, Ensemble
from clearparse.stages.lemmatizer import Lemmatizer, Lexicon
from clearparse.stages.multiword import MultiwordSplitter
from clearparse.stages.tagger import Tagger
from clearparse.stages.tokenizer import Tokenizer
from clearparse.stages.transition_parser import TransitionParser
from clearparse.stages.window import Window, WindowClassifier, compile_window
from clearparse.transition.features import Features, compile_template
from clearparse.transition.system import LEFT_ARC, MOVES, RIGHT_ARC, ROOT_ARC, Transitions
from clearparse.transition.systems import SYSTEMS

KIND = "dependency parser"
PARSER, FIRST_TAGS, TAGS = "parser", "first tags", "tags"
LONGEST = 200  # characters of what is said of a file, whoever wrote it
Stage = TypeVar("Stage")
Network = TypeVar("Network", TransitionParser, WindowClassifier)


@dataclass(frozen=True)
class Stages:
    """The stages of a model; without the others there are parsers alone."""

    ensemble: Ensemble
    tokenizer: Tokenizer | None = None
    tagger: Tagger | None = None
    lemmatizer: Lemmatizer | None = None
    half: bool = False  # are numbers stored with 16 bits?

    @property
    def parser(self) -> TransitionParser:
        """The first one."""
        return self.ensemble.members[0]

    def halved(self) -> Stages:
        """The same with numbers that 16 bits hold, as which they are stored."""

        def half(network: Network) -> Network:
            return network.with_parameters(halved(network.params))

        cut, tag, lemmas = self.tokenizer, self.tagger, self.lemmatizer
        return Stages(
            replace(self.ensemble, members=tuple(half(parser) for parser in self.ensemble.members)),
            cut
            and replace(
                cut,
                characters=half(cut.characters),
                sentences=half(cut.sentences),
                splitter=MultiwordSplitter(half(cut.splitter.classifier)),
            ),
            tag and Tagger(half(tag.first), half(tag.second)),
            lemmas and Lemmatizer(half(lemmas.classifier), lemmas.known),
            half=True,
        )

    def window_classifiers(self) -> dict[str, WindowClassifier]:
        """The networks that are not the parser's, by the names they have in a file."""
        found = {}
        if self.tokenizer:
            found["characters"], found["sentences"] = self.tokenizer.characters, self.tokenizer.sentences
            found["multiword"] = self.tokenizer.splitter.classifier
        if self.tagger:
            found[FIRST_TAGS], found[TAGS] = self.tagger.first, self.tagger.second
        if self.lemmatizer:
            found["lemmas"] = self.lemmatizer.classifier
        return found


def _parser_names() -> Iterator[str]:
    """What the networks of an ensemble are called: parser, parser 2, parser 3 ..."""
    yield PARSER
    yield from (f"{PARSER} {k}" for k in count(2))


def save(path: str | PathLike[str], stages: Stages, record: Mapping[str, Any]) -> None:
    """Write a model file, whole or not at all. Raises FileError."""
    networks: dict[str, Any] = {}
    params: dict[str, Parameters] = {}
    for name, parser in zip(_parser_names(), stages.ensemble.members, strict=False):
        params[name] = parser.params
        networks[name] = {
            "system": parser.system,
            "from_end": parser.right_to_left,
            "labels": {MOVES[kind]: labels for kind, labels in parser.transitions.by_kind.items()},
        }
    networks[PARSER] |= {  # what all of them have in common
        "template": stages.parser.features.template.text,
        "symbols": stages.parser.vocabulary.symbols,
        "calibration": stages.ensemble.calibration._asdict(),
    }
    for name, classifier in stages.window_classifiers().items():
        params[name] = classifier.params
        networks[name] = {
            "template": classifier.window.template.text,
            "symbols": classifier.vocabulary.symbols,
            "classes": classifier.classes,
        }
    if stages.tagger:
        networks[TAGS] = _without_symbols_of(networks[FIRST_TAGS], networks[TAGS])
    if stages.tokenizer:
        networks["characters"]["spaces"] = stages.tokenizer.spaces
    if stages.lemmatizer:
        lemmas, exceptions = stages.lemmatizer.known
        networks["lemmas"]["known"] = {upos.decode(): sorted(map(bytes.decode, of)) for upos, of in lemmas.items()}
        networks["lemmas"]["exceptions"] = {key.decode(): lemma.decode() for key, lemma in exceptions.items()}
    dtype = np.float16 if stages.half else np.float32
    arrays = {
        f"{name}/{letter}": array.astype(dtype, copy=False)
        for name, of in params.items()
        for letter, array in of._asdict().items()
    }
    save_arrays(path, arrays, {"kind": KIND, "networks": networks, "record": record})


def load(path: str | PathLike[str]) -> tuple[Stages, dict[str, Any]]:
    """The stages of a model file and the record. Raises FileError: missing, damaged, newer, or not a model."""
    arrays, metadata = load_arrays(path)
    try:
        if metadata["kind"] != KIND:
            raise ValueError(f"a model of another kind: {metadata['kind']}")
        return _stages(arrays, metadata["networks"]), _record(metadata["record"])
    except KeyError as error:
        raise FileError(path, f"not a usable model: there is no {str(error)[:LONGEST]}") from error
    except (ClearparseError, TypeError, ValueError, RecursionError) as error:
        message = str(error).encode("ascii", "backslashreplace").decode()[:LONGEST]
        raise FileError(path, f"not a usable model: {' '.join(message.split())}") from error


def _record(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ValueError("the record of training is no dictionary")
    return record


def _stages(arrays: Arrays, networks: Any) -> Stages:
    if not isinstance(networks, dict):
        raise ValueError("the networks are no dictionary")
    parsers = list(takewhile(networks.__contains__, _parser_names()))
    if not set(networks) <= {*parsers, *CLASSES}:
        raise ValueError("networks that no parser has")
    if arrays.keys() != {f"{name}/{letter}" for name in networks for letter in Parameters._fields}:
        raise ValueError("other arrays than those of the networks")
    if {FIRST_TAGS, TAGS} <= networks.keys():
        networks[TAGS] = _with_symbols_of(networks[FIRST_TAGS], networks[TAGS])
    for name, about in networks.items():
        check_network(name, about if name in (PARSER, *CLASSES) else {**networks[PARSER], **about})
    check_numbers(networks[PARSER]["calibration"], Calibration._fields)
    vocabulary = Vocabulary(networks[PARSER]["symbols"])
    members = [_parser(_parameters(arrays, name), vocabulary, networks[PARSER] | networks[name]) for name in parsers]

    def together(make: Callable[..., Stage], *names: str) -> Stage | None:
        """A stage of some networks, where the file has them."""
        if not any(name in networks for name in names):
            return None
        return make(*(_labeller(_parameters(arrays, name), networks[name]) for name in names))

    def tokenizer(characters: WindowClassifier, sentences: WindowClassifier, multiword: WindowClassifier) -> Tokenizer:
        spaces = networks["characters"]["spaces"]
        if not isinstance(spaces, bool):
            raise ValueError("spaces must be true or false")
        return Tokenizer(characters, sentences, MultiwordSplitter(multiword), spaces)

    def lemmatizer(lemmas: WindowClassifier) -> Lemmatizer:
        return Lemmatizer(lemmas, _known(networks["lemmas"]))

    return Stages(
        Ensemble(tuple(members), Calibration(**networks[PARSER]["calibration"])),
        together(tokenizer, "characters", "sentences", "multiword"),
        together(Tagger, FIRST_TAGS, TAGS),
        together(lemmatizer, "lemmas"),
        half=arrays[f"{PARSER}/L"].dtype == np.float16,
    )


def _without_symbols_of(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What is said of a network, without the symbols that another has too: they are stored once."""
    symbols = second["symbols"].items()
    own = {channel: names for channel, names in symbols if names != first["symbols"].get(channel)}
    return {**second, "symbols": own}


def _with_symbols_of(first: Any, second: Any) -> Any:
    """The same with them again; unchanged where it is nonsense."""
    if not all(isinstance(about, dict) and isinstance(about.get("symbols"), dict) for about in (first, second)):
        return second
    return {**second, "symbols": {**first["symbols"], **second["symbols"]}}


def _parameters(arrays: Arrays, name: str) -> Parameters:
    stored = Parameters(*(arrays[f"{name}/{letter}"] for letter in Parameters._fields))
    check_parameters(name, stored)
    return Parameters(*(array.astype(np.float32, copy=False) for array in stored))


def _parser(params: Parameters, vocabulary: Vocabulary, about: dict[str, Any]) -> TransitionParser:
    system, right_to_left = about["system"], about.get("from_end", False)  # the first models did not say it
    if not isinstance(right_to_left, bool):
        raise ValueError("from_end must be true or false")
    if not isinstance(system, str) or system not in SYSTEMS:
        raise ValueError(f"transition system {system!r}; there are {', '.join(SYSTEMS)}")
    moves = [MOVES[kind] for kind in (LEFT_ARC, RIGHT_ARC, ROOT_ARC)]
    check_labels(about["labels"], moves)
    left, right, root = (about["labels"][move] for move in moves)
    transitions = Transitions(left, right, root, SYSTEMS[system].kinds)
    features = Features(compile_template(about["template"]), vocabulary, len(transitions.labels))
    _check_shapes(params, features, len(transitions.kind))
    return TransitionParser(params, features, system, transitions, right_to_left=right_to_left)


def _known(about: dict[str, Any]) -> Lexicon:
    """The known lemmas of a lemmatizer's entry; the first models had none."""
    known, exceptions = about.get("known", {}), about.get("exceptions", {})
    check_lemmas(known, exceptions)
    lemmas = {upos.encode(): frozenset(map(str.encode, of)) for upos, of in known.items()}
    return Lexicon(lemmas, {key.encode(): lemma.encode() for key, lemma in exceptions.items()})


def _labeller(params: Parameters, about: dict[str, Any]) -> WindowClassifier:
    vocabulary = Vocabulary(about["symbols"])
    window = Window(compile_window(about["template"]), vocabulary)
    _check_shapes(params, window, len(about["classes"]))
    return WindowClassifier(params, window, about["classes"])


def _check_shapes(params: Parameters, slots: WordSlots, C: int) -> None:
    """Every array as large as template, vocabulary and classes say."""
    check_channels(slots)
    d, H = params.L.shape[1], params.U.shape[0]
    expected = ((slots.V, d), (slots.m * d, H), (1, H), (H, C), (1, C))
    for name, array, shape in zip(params._fields, params, expected, strict=True):
        if array.shape != shape:
            raise ValueError(f"{name} is {array.shape}, not {shape}")
