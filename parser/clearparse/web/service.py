"""The REST service of UDPipe, its contract: which parameters there are, and what is answered.

https://lindat.mff.cuni.cz/services/udpipe/api-reference.php describes it. A parameter that is there, be it empty, asks
for its stage: `tokenizer`, `tagger`, `parser`. Without a tokenizer the data are CoNLL-U, or what `input` says.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from clearparse.errors import ClearparseError
from clearparse.model.model import Model
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.tokens import Token, conllu_of
from clearparse.version import __version__
from clearparse.web.limits import BAD_REQUEST, Limits, RefusalError

GENERIC = ("generic", "generic_tokenizer")  # raw text, cut by the service's own tokenizer
INPUTS = ("conllu", *GENERIC, "horizontal", "vertical")
OUTPUTS = ("conllu",)
OPTIONS = {"tokenizer": ("", "presegmented"), "tagger": ("",), "parser": ("",)}


def models(model: Model, name: str) -> dict[str, Any]:
    """The answer to /models."""
    stages = {"tokenizer": model.stages.tokenizer, "tagger": model.stages.tagger, "parser": model.parser}
    return {"models": {name: [stage for stage, there in stages.items() if there]}, "default_model": name}


def process(model: Model, name: str, parameters: Mapping[str, str], limits: Limits) -> dict[str, Any]:
    """The answer to /process. Raises RefusalError."""
    _check(name, parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            result = _result(model, name, parameters, limits)
        except ClearparseError as error:
            raise RefusalError(BAD_REQUEST, str(error)) from error
    answer = {"model": name, "acknowledgements": _acknowledgements(model), "result": result}
    return answer | ({"warnings": [str(each.message) for each in caught]} if caught else {})


def _check(name: str, parameters: Mapping[str, str]) -> None:
    if "data" not in parameters:
        raise RefusalError(BAD_REQUEST, "The parameter 'data' is required.")
    asked = parameters.get("model", name)
    if not f"{name}-".startswith(f"{asked}-"):  # english answers for english-ewt-2.16
        raise RefusalError(BAD_REQUEST, f"The requested model '{asked}' does not exist.")
    for parameter, known in (("input", INPUTS), ("output", OUTPUTS)):
        value = parameters.get(parameter, "conllu")
        if value not in known:
            raise RefusalError(BAD_REQUEST, f"Unknown {parameter} format '{value}'; there is {', '.join(known)}.")
    for parameter, options in OPTIONS.items():
        value = parameters.get(parameter, "")
        if value not in options:
            raise RefusalError(BAD_REQUEST, f"The {parameter} has no option '{value}'.")


def _result(model: Model, name: str, parameters: Mapping[str, str], limits: Limits) -> str:
    block = limits.check(_read(model, parameters))
    if "tagger" in parameters:
        block = model.tag(block)
    text = (model.parse_block(block) if "parser" in parameters else block).text
    generator = f"# generator = clearparse {__version__}\n# udpipe_model = {name}\n" if len(block) else ""
    return generator + text.decode()


def _read(model: Model, parameters: Mapping[str, str]) -> Block:
    data, form = parameters["data"], parameters.get("input", "conllu")
    if parameters.get("tokenizer") == "presegmented":
        return _presegmented(model, data)
    if "tokenizer" in parameters or form in GENERIC:
        return model.tokenize(list(split_paragraphs(data)))
    if form == "conllu":
        return parse_block(data.encode(), path="data")
    sentences = _horizontal(data) if form == "horizontal" else _vertical(data)
    tokens = ([Token(word, (word,), space_after=True) for word in words] for words in sentences)
    return parse_block("".join(map(conllu_of, tokens)).encode())


def _presegmented(model: Model, data: str) -> Block:
    """Each line is a sentence, whatever is in it."""
    if model.stages.tokenizer is None:
        return model.tokenize([])  # which says what the model lacks
    lines = [line for each in data.splitlines() for line in split_paragraphs(each)]
    cut = model.stages.tokenizer.cut(lines)
    tokens = cut.tokens()
    sentences = (tokens[first:end] for first, end in pairwise(cut.rows.tolist()))
    conllu = [conllu_of(sentence, [f"# sent_id = {number}"]) for number, sentence in enumerate(sentences, 1)]
    return parse_block("".join(conllu).encode())


def _horizontal(data: str) -> Iterator[list[str]]:
    """A sentence a line, its words with spaces between."""
    return filter(None, (line.split() for line in data.splitlines()))


def _vertical(data: str) -> Iterator[list[str]]:
    """A word a line, a blank line behind each sentence; what stands behind a tab is left out."""
    words: list[str] = []
    for line in [*data.splitlines(), ""]:
        word = line.partition("\t")[0].strip()
        if word:
            words.append(word)
        elif words:
            yield words
            words = []


def _acknowledgements(model: Model) -> list[str]:
    """Who made the model, and of what; names of files without their folders."""
    data = ", ".join(PurePath(each["path"]).name for each in model.record["train"])
    return [f"clearparse {model.record['versions']['clearparse']}", f"trained on {data}"]
