"""UDPipe's REST service: its parameters and its answers.

See https://lindat.mff.cuni.cz/services/udpipe/api-reference.php. The parameters `tokenizer`, `tagger` and `parser` ask
for these stages; their value may be empty. Without `tokenizer` the data is CoNLL-U, or what `input` names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from clearparse.model.model import Model
from clearparse.treebank.conllu import Block, parse_block
from clearparse.treebank.paragraphs import split_paragraphs
from clearparse.treebank.tokens import Token, conllu_of
from clearparse.version import __version__
from clearparse.web.limits import BAD_REQUEST, Limits, RefusalError
from clearparse.web.steps import chunks, groups, step, tokenize
from clearparse.web.work_queue import Work

GENERIC = ("generic", "generic_tokenizer")  # raw text
INPUTS = ("conllu", *GENERIC, "horizontal", "vertical")
OUTPUTS = ("conllu",)
OPTIONS = {"tokenizer": ("", "presegmented"), "tagger": ("",), "parser": ("",)}


def models(model: Model, name: str) -> dict[str, Any]:
    """The answer to /models."""
    stages = {"tokenizer": model.stages.tokenizer, "tagger": model.stages.tagger, "parser": model.parser}
    return {"models": {name: [stage for stage, trained in stages.items() if trained]}, "default_model": name}


def check(name: str, parameters: Mapping[str, str], limits: Limits) -> None:
    """Check the parameters and the length of the text, before any work is done. Raises RefusalError."""
    if "data" not in parameters:
        raise RefusalError(BAD_REQUEST, "The parameter 'data' is required.")
    requested = parameters.get("model", name)
    if not f"{name}-".startswith(f"{requested}-"):  # english stands for english-ewt-2.16
        raise RefusalError(BAD_REQUEST, f"The requested model '{requested}' does not exist.")
    for parameter, known in (("input", INPUTS), ("output", OUTPUTS)):
        value = parameters.get(parameter, "conllu")
        if value not in known:
            available = ", ".join(known)
            raise RefusalError(BAD_REQUEST, f"Unknown {parameter} format '{value}'; available: {available}.")
    for parameter, options in OPTIONS.items():
        value = parameters.get(parameter, "")
        if value not in options:
            raise RefusalError(BAD_REQUEST, f"The {parameter} has no option '{value}'.")
    if "tokenizer" in parameters or parameters.get("input", "conllu") != "conllu":
        limits.check_total(len(parameters["data"].split()))


def process(model: Model, name: str, parameters: Mapping[str, str], limits: Limits) -> Work[dict[str, Any]]:
    """The answer to /process, for parameters that have been checked. Raises RefusalError."""
    notes: list[str] = []
    block = limits.check_sentences((yield from _read(model, parameters, limits)))
    parts = [f"# generator = clearparse {__version__}\n# udpipe_model = {name}\n".encode()] if len(block) else []
    if "tagger" in parameters or "parser" in parameters:
        for chunk in chunks(block):
            yield
            with step(notes):
                tagged = model.tag(chunk) if "tagger" in parameters else chunk
                parts.append(model.parse_block(tagged).text if "parser" in parameters else tagged.text)
    if len(parts) < 2:  # no sentences; still raises an error if the model lacks the stage
        with step(notes):
            parts.append(model.tag(block).text if "tagger" in parameters else block.text)
    result = b"".join(parts).decode()
    answer = {"model": name, "acknowledgements": _acknowledgements(model), "result": result}
    return answer | ({"warnings": notes} if notes else {})


def _read(model: Model, parameters: Mapping[str, str], limits: Limits) -> Work[Block]:
    data, form = parameters["data"], parameters.get("input", "conllu")
    if parameters.get("tokenizer") == "presegmented":
        return (yield from _presegmented(model, data, limits))
    if "tokenizer" in parameters or form in GENERIC:
        return (yield from tokenize(model, data, limits))
    with step([]):
        if form == "conllu":
            return parse_block(data.encode(), path="data")
        sentences = _horizontal(data) if form == "horizontal" else _vertical(data)
        tokens = ([Token(word, (word,), space_after=True) for word in words] for words in sentences)
        return parse_block("".join(map(conllu_of, tokens)).encode())


def _presegmented(model: Model, data: str, limits: Limits) -> Work[Block]:
    """Raw text with one sentence in each line."""
    lines = [line for each in data.splitlines() for line in split_paragraphs(each)]
    limits.check_paragraph(max(map(len, lines), default=0))
    conllu = []
    for first, group in groups(lines):
        with step([]):
            if model.stages.tokenizer is None:
                return model.tokenize([])  # raises the error that says so
            tokenization = model.stages.tokenizer.tokenize(group)
            tokens = tokenization.tokens()
            sentences = (tokens[start:end] for start, end in pairwise(tokenization.rows.tolist()))
            conllu += [conllu_of(each, [f"# sent_id = {number}"]) for number, each in enumerate(sentences, first)]
        yield
    return parse_block("".join(conllu).encode())


def _horizontal(data: str) -> Iterator[list[str]]:
    """One sentence in each line, its words separated by spaces."""
    return filter(None, (line.split() for line in data.splitlines()))


def _vertical(data: str) -> Iterator[list[str]]:
    """One word in each line, a blank line after each sentence; anything after a tab is ignored."""
    words: list[str] = []
    for line in [*data.splitlines(), ""]:
        word = line.partition("\t")[0].strip()
        if word:
            words.append(word)
        elif words:
            yield words
            words = []


def _acknowledgements(model: Model) -> list[str]:
    """The version that trained the model, and the names of its training files, without their folders."""
    version = model.record.get("versions", {}).get("clearparse", "")
    data = ", ".join(PurePath(str(each.get("path", "?"))).name for each in model.record.get("train", ()))
    return [f"clearparse {version}".rstrip(), *([f"trained on {data}"] if data else [])]
