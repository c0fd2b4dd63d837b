"""What a model file holds: each network's numbers, and of each stage what these mean.

Arrays are named network/L, network/W ...; the dictionary has an entry for each network and the record of training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from parser.errors import ClearparseError, FileError
from parser.model_file import Arrays, load_arrays, save_arrays
from parser.network.classifier import Parameters, halved
from parser.stages.dependency import Calibration, DependencyParser
from parser.stages.lemmatizer import Known, Lemmatizer
from parser.stages.multiword import Splitter
from parser.stages.tagger import Tagger
from parser.stages.tokenizer import Tokenizer
from parser.stages.window import Labeller
from parser.transition.systems import LEFT_ARC, MOVES, RIGHT_ARC, ROOT_ARC, SYSTEMS, Transitions
from parser.treebank.vocabulary import Vocabulary

KIND = "dependency parser"
PARSER = "parser"
Stage = TypeVar("Stage")


@dataclass(frozen=True)
class Stages:
    """The stages of a model; without the others there is a parser alone."""

    parser: DependencyParser
    tokenizer: Tokenizer | None = None
    tagger: Tagger | None = None
    lemmatizer: Lemmatizer | None = None
    half: bool = False  # are numbers stored with 16 bits?

    def halved(self) -> Stages:
        """The same with numbers that 16 bits hold, as which they are stored."""

        def half(labeller: Labeller) -> Labeller:
            return labeller.with_parameters(halved(labeller.params))

        cut, tag, lemmas = self.tokenizer, self.tagger, self.lemmatizer
        return Stages(
            self.parser.with_parameters(halved(self.parser.params)),
            cut and replace(
                cut,
                characters=half(cut.characters),
                sentences=half(cut.sentences),
                splitter=Splitter(half(cut.splitter.labeller)),
            ),
            tag and Tagger(half(tag.first), half(tag.second)),
            lemmas and Lemmatizer(half(lemmas.labeller), lemmas.known),
            half=True,
        )

    def labellers(self) -> dict[str, Labeller]:
        """The networks that are not the parser's, by the names they have in a file."""
        found = {}
        if self.tokenizer:
            found["characters"], found["sentences"] = self.tokenizer.characters, self.tokenizer.sentences
            found["multiword"] = self.tokenizer.splitter.labeller
        if self.tagger:
            found["first tags"], found["tags"] = self.tagger.first, self.tagger.second
        if self.lemmatizer:
            found["lemmas"] = self.lemmatizer.labeller
        return found


def save(path: str | PathLike[str], stages: Stages, record: Mapping[str, Any]) -> None:
    """Write a model file, whole or not at all. Raises FileError."""
    parser = stages.parser
    networks: dict[str, Any] = {
        PARSER: {
            "template": parser.template,
            "system": parser.system,
            "symbols": parser.vocabulary.symbols,
            "labels": {MOVES[kind]: labels for kind, labels in parser.transitions.by_kind.items()},
            "calibration": parser.calibration._asdict(),
        }
    }
    params = {PARSER: parser.params}
    for name, labeller in stages.labellers().items():
        params[name] = labeller.params
        networks[name] = {
            "template": labeller.template,
            "symbols": labeller.vocabulary.symbols,
            "classes": labeller.classes,
        }
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
            raise FileError(path, f"a model of another kind: {metadata['kind']}")
        networks = metadata["networks"]
        return _stages(arrays, networks), metadata["record"]
    except FileError:
        raise
    except (ClearparseError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(path, f"not a usable model: {error}") from error


def _stages(arrays: Arrays, networks: dict[str, Any]) -> Stages:
    parser = _parser(_parameters(arrays, PARSER), networks[PARSER])

    def together(make: Callable[..., Stage], *names: str) -> Stage | None:
        """A stage of some networks, where the file has them."""
        if not any(name in networks for name in names):
            return None
        return make(*(_labeller(_parameters(arrays, name), networks[name]) for name in names))

    def tokenizer(characters: Labeller, sentences: Labeller, multiword: Labeller) -> Tokenizer:
        return Tokenizer(characters, sentences, Splitter(multiword), bool(networks["characters"]["spaces"]))

    def lemmatizer(lemmas: Labeller) -> Lemmatizer:
        return Lemmatizer(lemmas, _known(networks["lemmas"]))

    return Stages(
        parser,
        together(tokenizer, "characters", "sentences", "multiword"),
        together(Tagger, "first tags", "tags"),
        together(lemmatizer, "lemmas"),
        half=arrays[f"{PARSER}/L"].dtype == np.float16,
    )


def _parameters(arrays: Arrays, name: str) -> Parameters:
    found = [arrays[f"{name}/{letter}"] for letter in Parameters._fields]
    if not all(array.dtype in (np.float16, np.float32) for array in found):
        raise ValueError(f"{name} holds something else than numbers of 16 or 32 bits")
    return Parameters(*(array.astype(np.float32, copy=False) for array in found))


def _parser(params: Parameters, about: dict[str, Any]) -> DependencyParser:
    system = about["system"]
    if system not in SYSTEMS:
        raise ValueError(f"transition system {system!r}; there are {', '.join(SYSTEMS)}")
    left, right, root = (about["labels"][MOVES[kind]] for kind in (LEFT_ARC, RIGHT_ARC, ROOT_ARC))
    transitions = Transitions(left, right, root, SYSTEMS[system].kinds)
    vocabulary, calibration = Vocabulary(about["symbols"]), Calibration(**about["calibration"])
    parser = DependencyParser(params, about["template"], system, vocabulary, transitions, calibration)
    _check_shapes(params, parser.features.m, parser.features.V, len(transitions.kind))
    return parser


def _known(about: dict[str, Any]) -> Known:
    lemmas = {upos.encode(): frozenset(map(str.encode, of)) for upos, of in about["known"].items()}
    return Known(lemmas, {key.encode(): lemma.encode() for key, lemma in about["exceptions"].items()})


def _labeller(params: Parameters, about: dict[str, Any]) -> Labeller:
    labeller = Labeller(params, about["template"], Vocabulary(about["symbols"]), about["classes"])
    _check_shapes(params, labeller.window.m, labeller.window.V, len(labeller.classes))
    return labeller


def _check_shapes(params: Parameters, m: int, V: int, C: int) -> None:
    """Every array as large as template, vocabulary and classes say, and of finite numbers."""
    d, H = params.L.shape[-1], params.U.shape[0]
    expected = ((V, d), (m * d, H), (1, H), (H, C), (1, C))
    for name, array, shape in zip(params._fields, params, expected, strict=True):
        if array.shape != shape:
            raise ValueError(f"{name} is {array.shape}, not {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
