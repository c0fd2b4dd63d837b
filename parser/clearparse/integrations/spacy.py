"""clearparse as a component of a spaCy pipeline: `nlp.add_pipe("clearparse", config={"model": "my.model"})`.

Each token of a Doc that is not whitespace is a word. The component sets heads, dependency labels and thereby sentence
boundaries, and if the model has a tagger also POS, TAG, morphology and lemmas. `doc.noun_chunks` then follows the
relations of Universal Dependencies.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from clearparse.errors import ClearparseError
from clearparse.features.vocabulary import factorize
from clearparse.integrations.doc_words import DocWords, doc_tokens
from clearparse.integrations.noun_chunks import noun_chunks
from clearparse.io import resources
from clearparse.io.files import refuse_link
from clearparse.io.optional import optional_import
from clearparse.model.model import Model, load
from clearparse.treebank.conllu import DEPREL, FEATS, UPOS, XPOS, Block, parse_block
from clearparse.treebank.conllu import LEMMA as LEMMA_COLUMN
from clearparse.treebank.tokens import conllu_of

with optional_import("spacy", "clearparse.integrations.spacy"):
    from spacy.attrs import DEP, HEAD, LEMMA, MORPH, POS, TAG
    from spacy.language import Language
    from spacy.parts_of_speech import IDS
    from spacy.pipeline.dep_parser import parser_score
    from spacy.scorer import Scorer
    from spacy.tokens import Doc, Token
    from spacy.training import Example
    from spacy.util import minibatch
    from spacy.vocab import Vocab

ASSIGNED = ("head", "dep", "is_sent_start", "pos", "tag", "morph", "lemma")  # of tokens
FILE = "clearparse.model"  # in a pipeline's folder
BATCH = 256  # Docs per batch
_LINE_BREAKING = re.compile(r"[\t\r\n]")
SPACE = ("SPACE", "_SP", "dep")  # POS, TAG and dep of whitespace in spaCy


def create(nlp: Language, name: str, model: str | None, keep_tags: bool, tokenizer: bool) -> Component:
    """A new component.

    model: the path of a model file, None for the bundled English model. keep_tags: keep the tags and lemmas that other
    components have set, and parse with them. tokenizer: use the tokenizer of the model in place of spaCy's.
    """
    component = Component(name, model, keep_tags=keep_tags)
    nlp.vocab.get_noun_chunks = noun_chunks
    if tokenizer:
        nlp.tokenizer = DocTokenizer(nlp.vocab, component)
    return component


class Component:
    """Parses Docs. The model file is opened when it is first needed: a pipeline loaded from disk has its own model."""

    def __init__(self, name: str, path: str | None, *, keep_tags: bool = False) -> None:
        self.name, self.path, self.keep_tags = name, path, keep_tags
        self._model: Model | None = None

    def loaded(self) -> Model:
        """The model. Raises FileError.

        Not an attribute `model`: spaCy expects a Thinc model in that, and may access it when a component is added.
        """
        if self._model is None:
            self._model = load(self.path or resources.english())
        return self._model

    def __call__(self, doc: Doc) -> Doc:
        self.annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = BATCH) -> Iterator[Doc]:
        """The same Docs with trees, parsed in batches."""
        for docs in minibatch(stream, batch_size):
            self.annotate(docs)
            yield from docs

    def annotate(self, docs: Sequence[Doc]) -> None:
        """Set trees and sentence boundaries and, if the model has a tagger, tags and lemmas.

        Raises ClearparseError, for example if a tag of another component contains a tab.
        """
        with threadpool_limits(limits=1):
            words = [DocWords.of(doc) for doc in docs]
            text = self._sentences([each for each in words if each.words])
            block = parse_block(text.encode(), path="<Doc>")
            has_tagger = self.loaded().stages.tagger is not None
            if has_tagger:
                block = self.loaded().tag(block)
            if len(block) and (self.keep_tags or not has_tagger):
                first = LEMMA_COLUMN if has_tagger else UPOS
                tags = [_tags_of(token) for each in words for token in each.words]
                predicted = block.columns(first, FEATS)
                merged = [_merged(*pair) for pair in zip(tags, predicted, strict=True)]
                block = block.with_columns(first, FEATS, merged)
            parsed = self.loaded().parse_block(block)
        annotation = Annotation.of(parsed, tags=has_tagger)
        start = 0
        for each in words:
            annotation.write(each, start)
            start += len(each.words)

    def _sentences(self, docs: Sequence[DocWords]) -> str:
        """The sentences of Docs with words, in CoNLL-U."""
        written, sentence = [], []
        for token, end in zip((token for each in docs for token in each.tokens), self._ends(docs), strict=True):
            sentence.append(token)
            if end:
                written.append(conllu_of(sentence))
                sentence = []
        return "".join(written)

    def _ends(self, docs: Sequence[DocWords]) -> list[bool]:
        """Which words of Docs end a sentence: as annotated, else as predicted, and at the end of a paragraph."""
        ends = [np.empty(0, bool), *(each.ends for each in docs)]
        open_docs = [k for k, each in enumerate(docs, 1) if not each.has_sentences]
        tokenizer = self.loaded().stages.tokenizer
        if tokenizer and open_docs:
            unsplit = [token for k in open_docs for token in docs[k - 1].tokens]
            rows = np.append(0, np.flatnonzero(np.concatenate([ends[k] for k in open_docs])) + 1)
            forms, which = factorize([token.form for token in unsplit])
            found = tokenizer.sentence_ends(forms, which, np.array([token.space_after for token in unsplit]), rows)
            lengths = np.cumsum([len(ends[k]) for k in open_docs])
            for k, of_doc in zip(open_docs, np.split(found, lengths[:-1]), strict=True):
                ends[k] = of_doc & ~docs[k - 1].joined
        return list(np.concatenate(ends).tolist())

    def score(self, examples: Iterable[Example], **options: Any) -> dict[str, Any]:
        """For `nlp.evaluate`: spaCy's scores of trees, sentences and tags."""
        examples = list(examples)
        found: dict[str, Any] = parser_score(examples, **options)
        for name in ("tag", "pos", "lemma"):
            found |= Scorer.score_token_attr(examples, name, **options)
        return found

    def to_bytes(self, **options: Any) -> bytes:
        """The model file's bytes."""
        with tempfile.TemporaryDirectory() as folder:
            self.to_disk(folder)
            return (Path(folder) / FILE).read_bytes()

    def from_bytes(self, data: bytes, **options: Any) -> Component:
        """The component with the model of these bytes."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / FILE).write_bytes(data)
            return self.from_disk(folder)

    def to_disk(self, path: str | Path, **options: Any) -> None:
        """Write the model file into a folder, which may be new. Raises FileError, also for a symbolic link."""
        Path(path).mkdir(exist_ok=True)
        refuse_link(Path(path) / FILE)
        self.loaded().save(Path(path) / FILE)

    def from_disk(self, path: str | Path, **options: Any) -> Component:
        """The component with the model of a folder that to_disk wrote."""
        self._model = load(Path(path) / FILE)
        return self


class DocTokenizer:
    """Makes Docs by the tokenizer of the component's model, with sentence boundaries; all characters stay in the text.

    Its files are those of the component.
    """

    def __init__(self, vocab: Vocab, component: Component) -> None:
        self.vocab, self.component = vocab, component

    def __call__(self, text: str) -> Doc:
        """The Doc of a text. Raises ClearparseError if the model has no tokenizer."""
        tokens = doc_tokens(text, self.component.loaded())
        words, spaces, starts = zip(*tokens, strict=True) if tokens else ((), (), ())
        return Doc(self.vocab, list(words), list(spaces), sent_starts=list(starts))

    def to_bytes(self, **options: Any) -> bytes:
        return b""

    def from_bytes(self, data: bytes, **options: Any) -> DocTokenizer:
        return self

    def to_disk(self, path: str | Path, **options: Any) -> None:
        pass

    def from_disk(self, path: str | Path, **options: Any) -> DocTokenizer:
        return self


@dataclass(frozen=True)
class Annotation:
    """What is written to Docs: the attributes, and for each one a column of the values of all words.

    heads (words,): the offset of the head in words, 0 for the root.
    """

    attributes: list[int]
    heads: NDArray[np.int64]
    columns: list[list[str]]

    @classmethod
    def of(cls, block: Block, *, tags: bool) -> Annotation:
        heads, words = block.heads().astype(np.int64), np.arange(len(block.fields))
        first = np.repeat(block.sentences[:-1], np.diff(block.sentences))
        away = np.where(heads == 0, 0, first + heads - 1 - words)
        labels = _decoded(block, DEPREL)
        deps = [label if head else "ROOT" for head, label in zip(heads.tolist(), labels, strict=True)]
        if not tags:
            return cls([DEP], away, [deps])
        made = [_decoded(block, column) for column in (LEMMA_COLUMN, UPOS, XPOS, FEATS)]
        return cls([DEP, LEMMA, POS, TAG, MORPH], away, [deps, *made])

    def write(self, words: DocWords, start: int) -> None:
        """Annotate a Doc whose first word is word `start`; whitespace is attached to the token before it."""
        doc, n = words.doc, len(words.words)
        if not len(doc):
            return
        place = np.array([token.i for token in words.words], np.int64)
        heads = np.where(np.arange(len(doc)) > 0, -1, place[0] if n else 0)
        away = self.heads[start : start + n]
        heads[place] = place[np.arange(n) + away] - place
        values = np.zeros((len(doc), 1 + len(self.attributes)), np.uint64)
        values[:, 0] = heads.astype(np.int64).view(np.uint64)
        for k, (attribute, column) in enumerate(zip(self.attributes, self.columns, strict=True), 1):
            key = _KEYS.get(attribute, _string)
            values[:, k] = [key(doc, space) for space in _of_space(attribute, doc)]
            values[place, k] = [key(doc, value) for value in column[start : start + n]]
        doc.from_array([HEAD, *self.attributes], values)


def _of_space(attribute: int, doc: Doc) -> list[str]:
    """The value of each token if it is whitespace."""
    if attribute == LEMMA:
        return [token.text for token in doc]
    return [{POS: SPACE[0], TAG: SPACE[1], DEP: SPACE[2]}.get(attribute, "_")] * len(doc)


def _string(doc: Doc, value: str) -> int:
    return int(doc.vocab.strings.add("" if value == "_" else value))


def _part_of_speech(doc: Doc, value: str) -> int:
    """spaCy has the tags of Universal Dependencies; any other becomes none."""
    return int(IDS.get(value, 0))


def _morph(doc: Doc, value: str) -> int:
    return int(doc.vocab.morphology.add(value))


_KEYS: dict[int, Callable[[Doc, str], int]] = {POS: _part_of_speech, MORPH: _morph}


def _decoded(block: Block, column: int) -> list[str]:
    return [value.decode() for value in block.column(column)]


def _tags_of(token: Token) -> list[bytes]:
    """LEMMA, UPOS, XPOS and FEATS of a token as set by other components, empty if not. Raises ClearparseError."""
    tags = [token.lemma_, token.pos_, token.tag_, str(token.morph)]
    for value in tags:
        if _LINE_BREAKING.search(value):
            message = f"a tag of token {token.i}, {token.text!r}, is {value!r}: tags cannot contain tabs or line ends"
            raise ClearparseError(f"<Doc>: {message}")
    return [value.encode() for value in tags]


def _merged(tags: list[bytes], predicted: bytes) -> bytes:
    """The columns of a word, with its tags, where it has some, in place of the last of them."""
    columns = predicted.split(b"\t")
    return b"\t".join(tag or column for tag, column in zip(tags[-len(columns) :], columns, strict=True))


Language.factory(
    "clearparse",
    func=create,
    assigns=["doc.sents", *(f"token.{name}" for name in ASSIGNED)],
    default_config={"model": None, "keep_tags": False, "tokenizer": False},
    default_score_weights={"dep_uas": 0.5, "dep_las": 0.5, "tag_acc": 0.0, "sents_f": 0.0},
)
