"""UDPipe 1 (Straka & Straková 2017), trained and run through its Python binding, ufal.udpipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clearparse.errors import ClearparseError

# The example of the manual, section "Training Parsing Models", with a dynamic oracle and gold tags.
OPTIONS = (
    "embedding_upostag=20;embedding_feats=20;embedding_xpostag=0;embedding_form=50;embedding_lemma=0;"
    "embedding_deprel=20;learning_rate=0.01;learning_rate_final=0.001;l2=0.5;hidden_layer=200;batch_size=10;"
    "transition_system=projective;transition_oracle=dynamic;structured_interval=10;use_gold_tags=1"
)


class UDPipe:
    """The parser of UDPipe with a given beam size; its default is 5."""

    needs = "ufal.udpipe"
    conditions = "UPOS, FEATS"

    def __init__(self, beam: int) -> None:
        self.name = f"UDPipe 1, beam {beam}"
        self.file = "udpipe.model"  # shared by all beam sizes: the beam is an option of parsing
        self.beam = beam

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file and select the iteration on another. Raises ClearparseError."""
        from ufal import udpipe

        error = udpipe.ProcessingError()
        sentences = [udpipe.Sentences(_read(path)) for path in (train, dev)]
        none = udpipe.Trainer.NONE
        options = f"iterations={2 if quick else 10};{OPTIONS}"
        model = udpipe.Trainer.train("morphodita_parsito", *sentences, none, none, options, error)
        if error.occurred():
            raise ClearparseError(f"UDPipe: {error.message}")
        output.write_bytes(model)

    def load(self, path: Path) -> Any:
        """Load a model. Raises ClearparseError."""
        from ufal import udpipe

        model = udpipe.Model.load(str(path))
        if model is None:
            raise ClearparseError(f"{path}: UDPipe cannot load it")
        return model

    def end_to_end(self, model: Any, source: Path, output: Path) -> None:
        """Parse a CoNLL-U file into another, I/O included."""
        from ufal import udpipe

        error = udpipe.ProcessingError()
        pipeline = udpipe.Pipeline(model, "conllu", udpipe.Pipeline.NONE, f"beam_search={self.beam}", "conllu")
        output.write_text(pipeline.process(source.read_text(encoding="utf-8"), error), encoding="utf-8")
        if error.occurred():
            raise ClearparseError(f"UDPipe: {error.message}")

    def read(self, model: Any, source: Path) -> Any:
        """Read a CoNLL-U file into the input of `parse`."""
        return _read(source)

    def parse(self, model: Any, sentences: Any) -> None:
        """Parse the result of `read`."""
        for sentence in sentences:
            model.parse(sentence, f"beam_search={self.beam}")


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
