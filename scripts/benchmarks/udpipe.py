"""UDPipe 1 (Straka & Straková 2017), trained and run through its own Python binding, ufal.udpipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clearparse.errors import ClearparseError

# The manual's example for training a parser, section "Training Parsing Models", with a dynamic oracle and gold tags.
OPTIONS = (
    "embedding_upostag=20;embedding_feats=20;embedding_xpostag=0;embedding_form=50;embedding_lemma=0;"
    "embedding_deprel=20;learning_rate=0.01;learning_rate_final=0.001;l2=0.5;hidden_layer=200;batch_size=10;"
    "transition_system=projective;transition_oracle=dynamic;structured_interval=10;use_gold_tags=1"
)


class UDPipe:
    """UDPipe's parser with a beam of a given width; 5 is its default."""

    needs = "ufal.udpipe"
    conditions = "UPOS, FEATS"

    def __init__(self, beam: int) -> None:
        self.name = f"UDPipe 1, beam {beam}"
        self.file = "udpipe.model"  # one for all beams: the beam is chosen when parsing
        self.beam = beam

    def train(self, train: Path, dev: Path, output: Path, *, quick: bool = False) -> None:
        """Train on one file, with another to choose the iteration by. Raises ClearparseError."""
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
        """The model of a file. Raises ClearparseError."""
        from ufal import udpipe

        model = udpipe.Model.load(str(path))
        if model is None:
            raise ClearparseError(f"{path}: UDPipe cannot load it")
        return model

    def text_to_text(self, model: Any, source: Path, output: Path) -> None:
        """CoNLL-U file in, CoNLL-U file out."""
        from ufal import udpipe

        error = udpipe.ProcessingError()
        pipeline = udpipe.Pipeline(model, "conllu", udpipe.Pipeline.NONE, f"beam_search={self.beam}", "conllu")
        output.write_text(pipeline.process(source.read_text(encoding="utf-8"), error), encoding="utf-8")
        if error.occurred():
            raise ClearparseError(f"UDPipe: {error.message}")

    def read(self, model: Any, source: Path) -> Any:
        """What `parse` works on."""
        return _read(source)

    def parse(self, model: Any, sentences: Any) -> None:
        """Parse what `read` gave."""
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
