"""UDPipe 1 (Straka & Straková 2017), trained and run through its Python binding, ufal.udpipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.compared import Parser, Pipeline
from clearparse.errors import ClearparseError

ITERATIONS, FEW = 10, 2  # of the parser; the default, and for a quick trial
# The example of the manual, section "Training Parsing Models", with a dynamic oracle.
OPTIONS = (
    "embedding_upostag=20;embedding_feats=20;embedding_xpostag=0;embedding_form=50;embedding_lemma=0;"
    "embedding_deprel=20;learning_rate=0.01;learning_rate_final=0.001;l2=0.5;hidden_layer=200;batch_size=10;"
    "transition_system=projective;transition_oracle=dynamic;structured_interval=10"
)
GOLD_TAGS = f"{OPTIONS};use_gold_tags=1"
# The defaults of the manual, with a second model for lemmas, which it recommends for the tagger.
TOKENIZER, TAGGER = "", "models=2"
ITERATIONS = 5  # of the tagger, instead of 20: each takes minutes on EWT
NONE = "none"


class UDPipe(Parser):
    """The parser of UDPipe with a given beam size; its default is 5."""

    needs = "ufal.udpipe"
    conditions = "UPOS, FEATS"
    recipe = GOLD_TAGS

    def __init__(self, beam: int, part: int = 1) -> None:
        self.name = f"UDPipe 1, beam {beam}"
        self.file = "udpipe.model"  # shared by all beam sizes: the beam is an option of parsing
        self.beam, self.part = beam, part

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train the parser with gold tags. Raises ClearparseError."""
        output.write_bytes(_trained(train, dev, NONE, NONE, _parser_options(GOLD_TAGS, quick=quick)))

    def load(self, path: Path) -> Any:
        """Load a model. Raises ClearparseError."""
        return _load(path)

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse a CoNLL-U file into another, I/O included."""
        _process(model, "conllu", NONE, self.beam, source, output)

    def read(self, model: Any, source: Path) -> Any:
        """Read a CoNLL-U file into the input of `parse`."""
        return _read(source)

    def parse(self, model: Any, sentences: Any) -> None:
        """Parse the result of `read`."""
        for sentence in sentences:
            model.parse(sentence, f"beam_search={self.beam}")


class UDPipePipeline(Pipeline):
    """Tokenizer, tagger and parser of UDPipe.

    The parser is that of gold tags. By default UDPipe's parser learns from the tags of its tagger, which takes as
    long again.
    """

    needs = "ufal.udpipe"
    conditions = "the treebank"
    recipe = f"{TOKENIZER} / {TAGGER};iterations={ITERATIONS} / {GOLD_TAGS}"

    def __init__(self, beam: int, part: int = 1) -> None:
        self.name = f"UDPipe 1 pipeline, beam {beam}"
        self.file = "udpipe-pipeline.model"
        self.beam, self.part = beam, part

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train all three. Raises ClearparseError."""
        tokenizer = "epochs=2" if quick else TOKENIZER
        tagger = f"{TAGGER};iterations={2 if quick else ITERATIONS}"
        output.write_bytes(_trained(train, dev, tokenizer, tagger, _parser_options(GOLD_TAGS, quick=quick)))

    def load(self, path: Path) -> Any:
        """Load a model. Raises ClearparseError."""
        return _load(path)

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse raw text into CoNLL-U, I/O included."""
        _process(model, "tokenize", "", self.beam, source, output)

    def parse_text(self, model: Any, text: str) -> None:
        """Parse a text into sentences, which stay objects of UDPipe."""
        from ufal import udpipe

        error, sentence = udpipe.ProcessingError(), udpipe.Sentence()
        tokenizer = model.newTokenizer(model.DEFAULT)
        tokenizer.setText(text)
        while tokenizer.nextSentence(sentence, error):
            model.tag(sentence, model.DEFAULT)
            model.parse(sentence, f"beam_search={self.beam}")


def _parser_options(options: str, *, quick: bool) -> str:
    return f"iterations={FEW if quick else ITERATIONS};{options}"


def _trained(train: Path, dev: Path, tokenizer: str, tagger: str, parser: str) -> bytes:
    """Train a model; dev selects the iteration. Raises ClearparseError."""
    from ufal import udpipe

    error = udpipe.ProcessingError()
    sentences = [_read(path) for path in (train, dev)]
    model: bytes = udpipe.Trainer.train("morphodita_parsito", *sentences, tokenizer, tagger, parser, error)
    if error.occurred():
        raise ClearparseError(f"UDPipe: {error.message}")
    return model


def _load(path: Path) -> Any:
    from ufal import udpipe

    model = udpipe.Model.load(str(path))
    if model is None:
        raise ClearparseError(f"{path}: UDPipe cannot load it")
    return model


def _process(model: Any, form: str, tagger: str, beam: int, source: Path, output: Path) -> None:
    from ufal import udpipe

    error = udpipe.ProcessingError()
    pipeline = udpipe.Pipeline(model, form, tagger, f"beam_search={beam}", "conllu")
    output.write_text(pipeline.process(source.read_text(encoding="utf-8"), error), encoding="utf-8")
    if error.occurred():
        raise ClearparseError(f"UDPipe: {error.message}")


def _read(path: Path) -> list[Any]:
    from ufal import udpipe

    error = udpipe.ProcessingError()
    reader = udpipe.InputFormat.newConlluInputFormat()
    reader.setText(path.read_text(encoding="utf-8"))
    sentences = []
    sentence = udpipe.Sentence()
    while reader.nextSentence(sentence, error):
        sentences.append(sentence)
        sentence = udpipe.Sentence()
    if error.occurred():
        raise ClearparseError(f"{path}: {error.message}")
    return sentences
