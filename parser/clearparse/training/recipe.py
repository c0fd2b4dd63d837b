"""The training recipe, from annotated sentences to a model.

data -> word vectors -> upstream stages -> networks (-> self-training) -> calibration -> save and check
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
from threadpoolctl import threadpool_limits

from clearparse.config import Config
from clearparse.errors import ClearparseError, FileError
from clearparse.features.vocabulary import lookup_form
from clearparse.features.word_keys import with_tags
from clearparse.io.overwriting import refuse_overwriting
from clearparse.model.model import Model, load
from clearparse.model.serialization import Stages
from clearparse.stages.tagger import retagged, retagged_keys
from clearparse.training.checkpoint import VECTORS, Checkpoint
from clearparse.training.data import Dataset, Source, describe, read_train_and_dev
from clearparse.training.ensemble import EnsembleTraining, Stopped, TrainedEnsemble
from clearparse.training.log import Log
from clearparse.training.options import FileName, Options, config_from, config_like, file_names
from clearparse.training.parser_batches import Treebank, template_text
from clearparse.training.provenance import provenance
from clearparse.training.record import is_finished, save_and_check, training_record
from clearparse.training.scoring import calibrate, score
from clearparse.training.self_training import SILVER, silver_sentences, teacher_config
from clearparse.training.silver import Silver, read_silver, with_labels
from clearparse.training.text_checks import text_warnings
from clearparse.training.upstream import UpstreamStages, UpstreamTraining
from clearparse.training.value_checks import check_values
from clearparse.training.vector_files import read_vectors
from clearparse.training.word_vectors import Vectors, word_vectors
from clearparse.transition.features import compile_template
from clearparse.treebank.raw_words import read_raw_words


class Result(NamedTuple):
    """A model, and the dev set it was scored on, with predicted tags if the model has a tagger.

    already_finished: the model was already trained, and `resume` had nothing to do.
    """

    model: Model
    dev: Dataset
    already_finished: bool = False


def train(
    train: Source,
    *,
    dev: Source | None = None,
    preset: str = "fast",
    stages: Literal["parser", "all"] = "parser",
    raw_text: FileName | Iterable[FileName] = (),
    silver: FileName | Iterable[FileName] = (),
    vectors: FileName | None = None,
    init: FileName | None = None,
    output: FileName | None = None,
    jobs: int = 1,
    threads: int = 1,
    float16: bool = False,
    resume: bool = False,
    quiet: bool = False,
    **config: Any,
) -> Model:
    """Train a model on annotated sentences; deterministic for fixed arguments.

    Args:
        train: CoNLL-U or CoNLL-X file(s), or an iterable of Sentence.
        dev: the same, for selecting the best epoch; by default a part of train is held out (`dev_part`).
        preset: "fast", "accurate" or "best".
        stages: "parser" for a parser of tagged words; "all" also trains tokenizer, sentence splitter, tagger and
            lemmatizer, and the parser learns from predicted tags: the model then parses raw text.
        raw_text: text files, a sentence or paragraph per line, for word vectors and, without silver, self-training.
        silver: CoNLL-U files of another, stronger parser, from which parser and tagger learn in addition; if MISC has
            ``Conf`` (the probability that HEAD and DEPREL are correct) and ``TagConf``, `silver_share` selects by them.
        vectors: a file of word vectors in word2vec text format, for tagger and sentence splitter; without raw_text for
            all stages.
        init: a model to fine-tune; its network sizes, template and transition system are kept.
        output: where to write the model, and its training record to OUTPUT.json. Interrupted training leaves
            OUTPUT.checkpoint, from which `resume` continues, to a bit-identical model.
        jobs: number of networks to train at the same time, each in its own process.
        threads: number of BLAS threads.
        resume: continue from OUTPUT.checkpoint.
        float16: store the parameters as float16.
        quiet: print neither the log nor progress bars.
        config: fields of clearparse.config.Config, overriding the preset.

    Returns:
        The model of the best epoch, with its training record in `record`. Without `output` nothing is written;
        `Model.save` writes it later.

    Raises:
        ClearparseError: an argument or the data cannot be used, or training diverged; FileError names the file.
        TypeError: an unknown argument.
        KeyboardInterrupt: after Ctrl-C; with `output`, the best model so far has been written.
    """
    options = Options(
        preset=preset, stages=stages, raw_text=file_names(raw_text), silver=file_names(silver), vectors=vectors,
        init=init, output=output, jobs=jobs, threads=threads, float16=float16, resume=resume, quiet=quiet,
    )  # fmt: skip
    return run(train, dev, config_from(preset, config), options).model


def run(
    train_source: Source,
    dev_source: Source | None,
    config: Config,
    options: Options,
    verify: Callable[[dict[str, Any]], None] | None = None,
) -> Result:
    """Implement `train`. verify: called with the provenance before training begins; it may raise."""
    log = Log(options.quiet)
    options.check()
    init = load(options.init) if options.init else None
    config = config_like(init, config, options) if init else config
    config.check()
    output = _prepare(options.output)
    with threadpool_limits(limits=options.threads):
        train, dev = read_train_and_dev(train_source, dev_source, config.dev_part, config.seed)
        if dev_source is None:
            log("dev", dev.sources[0]["path"])
        check_values(train.blocks, options.stages)
        if output:
            others = [*options.raw_text, options.vectors, *options.silver, options.init]
            for each in (output, f"{output}.json", f"{output}.checkpoint"):  # a link to another is replaced
                refuse_overwriting([each], [*train.paths, *dev.paths, *others])
        config = config.for_data(train.words, train.nonprojective / train.sentences)
        template = init.parser.features.template.text if init else template_text(config.template)
        compile_template(template)  # an error in it is found now, not after the first stages are trained
        model_provenance = provenance(
            config, options.provenance(), train, dev, template=template, init=options.init,
            raw_text=options.raw_text, vectors=options.vectors, silver=options.silver,
        )  # fmt: skip
        if verify:
            verify(model_provenance)
        checkpoint = Checkpoint(f"{output}.checkpoint" if output else None, model_provenance)
        if output and options.resume and not checkpoint.exists() and is_finished(output, model_provenance):
            log("resume", f"nothing to do: {output} is finished")
            return Result(load(output), dev, already_finished=True)
        with checkpoint.kept(options.resume, log):
            return Recipe(train, dev, config, init, options, output, checkpoint, log).run()


def _prepare(output: FileName | None) -> Path | None:
    """Create the folder of the model and return its path. Raises FileError if the path cannot be that of a file."""
    if output is None:
        return None
    path = Path(output)
    if str(output) == "-" or (path.exists() and not path.is_file()):
        raise FileError(path, "the output must be a file name: the record and the checkpoint are written next to it")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@dataclass(frozen=True)
class Recipe:
    """The steps of one training run, each a method; `run` executes them in order."""

    train: Dataset
    dev: Dataset
    config: Config
    init: Model | None
    options: Options
    output: Path | None
    checkpoint: Checkpoint
    log: Log

    def run(self) -> Result:
        """Train, save and check the model. Raises KeyboardInterrupt or ClearparseError if training ended early."""
        options, treebank = self.options, Treebank.of(self.train.blocks)
        silver = read_silver(options.silver, self.config.silver_share, self.log) if options.silver else None
        vectors, of_file = self.word_vectors(treebank, silver), self.vectors_of_file(treebank)
        upstream = self.upstream_stages(vectors, of_file, silver)
        training = self.ensemble_training(treebank, vectors, upstream, silver)
        trained = self.train_networks(training, upstream)
        if trained.stopped and self.output is None:
            raise trained.stopped
        model = self.assemble(trained, upstream, training.dev)
        if self.output:
            save_and_check(model, self.output, training.dev, self.options.command, self.checkpoint.provenance)
            if trained.stopped:
                _raise_stopped(trained.stopped, model, self.output)
        return Result(model, training.dev)

    def word_vectors(self, treebank: Treebank, silver: Silver | None) -> Vectors | None:
        """Initial embeddings: from raw text, else from a file, else from the silver sentences."""
        options, config = self.options, self.config
        if not options.raw_text and (options.vectors or not silver):
            return self.vectors_of_file(treebank)

        def compute() -> Vectors:
            self.log("stage", "word vectors")
            sentences = treebank.lookup_forms()
            forms = [form for sentence in sentences for form in sentence]
            for path in options.raw_text:
                if not (found := list(read_raw_words(path, forms, lookup_form))):
                    raise FileError(path, "there is no word in it: expected text to learn from")
                sentences += found
            if silver and not options.raw_text:
                sentences += silver.trees.lookup_forms()
            return word_vectors(sentences, config.embedding_dim, config.vector_min_count, config.seed)

        return self.checkpoint.get_or_compute("vectors", VECTORS, compute)

    def vectors_of_file(self, treebank: Treebank) -> Vectors | None:
        """Initial embeddings of tagger and sentence splitter, and without raw text of all stages."""
        if not (path := self.options.vectors):
            return None
        forms, d = treebank.forms(), self.config.embedding_dim
        return self.checkpoint.get_or_compute("file", VECTORS, lambda: read_vectors(path, forms, d))

    def upstream_stages(
        self, vectors: Vectors | None, of_file: Vectors | None, silver: Silver | None
    ) -> UpstreamStages | None:
        """Tokenizer, tagger and lemmatizer, if the model has them or self-training needs them."""
        if not (self.all_stages or self.self_trained):
            return None
        for warning in text_warnings(self.train.blocks):
            self.log("warning", warning)
        training = UpstreamTraining(
            self.train.blocks, self.config.seed, vectors, of_file, self.options.raw_text,
            silver.tags if silver else None, self.config.silver_ratio, jackknife=self.all_stages,
        )  # fmt: skip
        upstream = training.run(self.options.jobs, self.checkpoint, self.log)
        self.log("stage", "parser")
        return upstream

    def ensemble_training(
        self, treebank: Treebank, vectors: Vectors | None, upstream: UpstreamStages | None, silver: Silver | None
    ) -> EnsembleTraining:
        """The training run of the parser's networks, on predicted tags if the model has a tagger."""
        dev, added = self.dev, silver.trees if silver else None
        if upstream and self.all_stages:
            treebank = replace(treebank, keys=with_tags(treebank.keys, upstream.tags))
            dev = replace(dev, blocks=[retagged(block, upstream.tagger) for block in dev.blocks])
            if added:
                added = replace(added, keys=retagged_keys(added.keys, added.sentences, upstream.tagger))
        init = self.init.parser if self.init else None
        training = EnsembleTraining(self.config, treebank, dev, vectors, init, log=self.log)
        first = training.initialize(self.config, np.random.default_rng(self.config.seed))
        for line in describe(self.train, dev, first):
            self.log.line(line)
        if init and (new := sorted(set(first.transitions.labels).difference(init.transitions.labels))):
            self.log("note", f"labels new to the model: {' '.join(new)}")
        return replace(training, silver=with_labels(added, first.transitions.labels, self.log)) if added else training

    def train_networks(self, training: EnsembleTraining, upstream: UpstreamStages | None) -> TrainedEnsemble:
        """Train the networks; in self-training, first the teacher, then the final networks."""
        jobs, checkpoint, log = self.options.jobs, self.checkpoint, self.log
        if not (upstream and self.self_trained):
            return training.train(checkpoint, jobs)
        first = replace(training, config=teacher_config(self.config), name="first network").train(checkpoint, jobs)
        if first.stopped:
            return first
        teacher = Model(Stages(first.ensemble, upstream.tokenizer, upstream.tagger), {})
        log("stage", "parsing raw text")
        silver = checkpoint.get_or_compute(
            "silver", SILVER, lambda: silver_sentences(teacher, self.options.raw_text, log)
        )
        log("stage", f"parser again, with {len(silver):,} silver sentences ({len(silver.keys):,} words)")
        return replace(training, silver=silver).train(checkpoint, jobs)

    def assemble(self, trained: TrainedEnsemble, upstream: UpstreamStages | None, dev: Dataset) -> Model:
        """The model with calibrated confidences and its training record."""
        stages = Stages(trained.ensemble)
        if upstream and self.all_stages:
            stages = Stages(trained.ensemble, upstream.tokenizer, upstream.tagger, upstream.lemmatizer)
        if self.options.float16:
            stages = stages.to_float16()
        dev_scores = score(stages.ensemble, dev)
        record = training_record(self.checkpoint.provenance, trained, dev_scores)
        return Model(replace(stages, ensemble=calibrate(stages.ensemble, dev)), record)

    @property
    def all_stages(self) -> bool:
        """Return True if the model gets the stages from text to tags."""
        return self.options.stages == "all"

    @property
    def self_trained(self) -> bool:
        """Return True if the parser also learns from raw text parsed by a teacher."""
        return bool(self.options.raw_text and self.config.silver_ratio and not self.options.silver)


def _raise_stopped(stopped: Stopped, model: Model, output: Path) -> NoReturn:
    """Raise KeyboardInterrupt or ClearparseError with the name of the model saved so far."""
    best = model.record["dev_scores"]
    saved = f"{output} is the best model so far, of epoch {best['epoch']} (dev LAS {best['LAS']:.2f})"
    if isinstance(stopped, KeyboardInterrupt):
        raise KeyboardInterrupt(f"stopped; {saved}; the same command with --resume continues")
    raise ClearparseError(f"{stopped}; {saved}")
