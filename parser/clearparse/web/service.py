"""UDPipe's REST service: its parameters and its responses.

See https://lindat.mff.cuni.cz/services/udpipe/api-reference.php. The parameters `tokenizer`, `tagger` and `parser` ask
for these stages; their value may be empty, or name options: `tokenizer=presegmented;ranges`. Without `tokenizer` the
data is CoNLL-U, or what `input` names. As in UDPipe, the data is first converted to the Unicode form NFC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from clearparse.errors import FileError
from clearparse.model.model import Model
from clearparse.treebank.columns import PLAIN_TEXT_HINT
from clearparse.treebank.conllu import Block, parse_block
from clearparse.version import __version__
from clearparse.web.formats import INPUTS, OUTPUTS, RAW_TEXT, READERS, OutputWriter, nfc, read_words
from clearparse.web.limits import BAD_REQUEST, Limits, RefusalError
from clearparse.web.steps import chunks, step, tokenize
from clearparse.web.work_queue import Work

OPTIONS = {"tokenizer": ("presegmented", "ranges", "normalized_spaces"), "tagger": (), "parser": ()}


def models(served: Mapping[str, Model]) -> dict[str, Any]:
    """The response to /models."""
    return {"models": {name: _stages(model) for name, model in served.items()}, "default_model": next(iter(served))}


def _stages(model: Model) -> list[str]:
    stages = {"tokenizer": model.stages.tokenizer, "tagger": model.stages.tagger, "parser": model.parser}
    return [stage for stage, trained in stages.items() if trained]


def check(served: Collection[str], parameters: Mapping[str, str], limits: Limits) -> str:
    """Check the parameters and the length of the text, before any work is done, and return the name of the model.

    The first model is the default. Raises RefusalError.
    """
    if "data" not in parameters:
        raise RefusalError(BAD_REQUEST, "The parameter 'data' is required.")
    requested = parameters.get("model", next(iter(served)))
    # english stands for english-ewt-2.16
    found = [requested] * (requested in served) or [name for name in served if f"{name}-".startswith(f"{requested}-")]
    if not found:
        raise RefusalError(BAD_REQUEST, f"The requested model '{requested}' does not exist.")
    for parameter, known in (("input", INPUTS), ("output", OUTPUTS)):
        value = parameters.get(parameter, "conllu")
        if value not in known:
            available = ", ".join(known)
            raise RefusalError(BAD_REQUEST, f"Unknown {parameter} format '{value}'; available: {available}.")
    for parameter, options in OPTIONS.items():
        for option in _options(parameters, parameter):
            if option not in options:
                raise RefusalError(BAD_REQUEST, f"The {parameter} has no option '{option}'.")
    if "tokenizer" in parameters or not parameters.get("input", "conllu").startswith("conllu"):
        limits.check_total(len(parameters["data"].split()))
    return found[0]


def _options(parameters: Mapping[str, str], parameter: str) -> list[str]:
    """The options in the value of a parameter, as in `presegmented;normalized_spaces`."""
    return [each for each in parameters.get(parameter, "").split(";") if each]


def process(model: Model, name: str, parameters: Mapping[str, str], limits: Limits) -> Work[dict[str, Any]]:
    """The response to /process, for parameters that have been checked. Raises RefusalError."""
    notes: list[str] = []
    blocks = yield from _read(model, parameters, limits)
    output = parameters.get("output", "conllu")
    writer, parts = OutputWriter(output), list[str]()
    for chunk in chunks(blocks):
        yield
        if len(chunk) and not parts and output.startswith("conllu"):
            parts.append(f"# generator = clearparse {__version__}\n# udpipe_model = {name}\n")
        with step(notes):
            tagged = model.tag(chunk) if "tagger" in parameters else chunk
            parts.append(writer.write(model.parse_block(tagged) if "parser" in parameters else tagged))
    response = {"model": name, "acknowledgements": _acknowledgements(model), "result": "".join(parts)}
    return response | ({"warnings": notes} if notes else {})


def _read(model: Model, parameters: Mapping[str, str], limits: Limits) -> Work[Iterable[Block]]:
    data, form = nfc(parameters["data"]), parameters.get("input", "conllu")
    if "tokenizer" in parameters or form in RAW_TEXT:
        options = _options(parameters, "tokenizer")
        segmented, annotate = "presegmented" in options, _annotation(options)
        return map(parse_block, (yield from tokenize(model, data, limits, presegmented=segmented, annotate=annotate)))
    with step([]):
        return [limits.check_sentences(read_words(data, form) if form in READERS else _parse_conllu(data))]


def _parse_conllu(data: str) -> Block:
    try:
        return parse_block(data.encode(), path="data")
    except FileError as error:
        message = error.message.replace(PLAIN_TEXT_HINT, "plain text needs the parameter 'tokenizer'")
        raise FileError(error.path, message, error.line) from error


def _annotation(options: Collection[str]) -> Callable[[Block], Block]:
    """What the tokenizer adds to MISC: the spaces between tokens, and where they are in the text."""
    spaces = "normalized_spaces" not in options
    if "ranges" in options:
        return lambda block: block.with_ranges(spaces=spaces)
    return Block.with_spaces if spaces else lambda block: block


def _acknowledgements(model: Model) -> list[str]:
    """The version that trained the model, and the names of its training files, without their folders."""
    version = model.record.get("versions", {}).get("clearparse", "")
    data = ", ".join(PurePath(str(each.get("path", "?"))).name for each in model.record.get("train", ()))
    return [f"clearparse {version}".rstrip(), *([f"trained on {data}"] if data else [])]
