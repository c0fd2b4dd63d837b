"""Descriptions of a model: one line for its repr, a page for `clearparse evaluate --info`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from clearparse.model.serialization import Stages
from clearparse.stages.stored import StoredNetwork
from clearparse.stages.transition_parser import TransitionParser


def task(stages: Stages, tag_columns: list[str]) -> str:
    """The input and output of the model: `text to trees`."""
    if stages.tokenizer:
        return "text to trees"
    return "tagged words to trees" if tag_columns and not stages.tagger else "words to trees"


def summary(stages: Stages, tag_columns: list[str], record: dict[str, Any]) -> str:
    """One line: `text to trees, arc-standard, H = 304, LAS 85.1`; without the LAS if the record has none."""
    parser, parts = stages.parser, [task(stages, tag_columns)]
    parts.append(" + ".join(dict.fromkeys(member.system for member in stages.ensemble.members)))
    parts.append(f"H = {len(parser.params.U)}")
    scores = record.get("dev_scores")
    LAS = scores.get("LAS") if isinstance(scores, dict) else None
    if isinstance(LAS, float | int):
        parts.append(f"LAS {LAS:.1f}")
    return ", ".join(parts)


def description(stages: Stages, tag_columns: list[str], record: dict[str, Any]) -> str:
    """A multi-line description: how the model was trained, its scores, sizes, labels, settings and template.

    Raises KeyError, TypeError, ValueError, AttributeError or IndexError if the record is not a training record.
    """
    return "\n".join(_lines(stages, tag_columns, record))


def _lines(stages: Stages, tag_columns: list[str], record: dict[str, Any]) -> Iterator[str]:
    parser, scores = stages.parser, record["dev_scores"]
    sources = (f"{source['path']} ({source['sentences']:,} sentences)" for source in record["train"])
    tags = f"{', '.join(tag_columns)} {'predicted' if stages.tagger else 'of the file'}" if tag_columns else "no tags"
    yield f"dependency parser ({task(stages, tag_columns)}), trained by clearparse {record['versions']['clearparse']}"
    if "command" in record:  # of models that an earlier version trained
        yield f"command      {record['command']}"
    yield f"preset       {record.get('preset', 'unknown')}"
    yield f"trained on   {', '.join(sources)}"
    yield f"dev scores   UAS {scores['UAS']:.2f}, LAS {scores['LAS']:.2f} on {record['dev']['path']}"
    yield f"             (gold tokens and sentences, {tags}; the best epoch was chosen by this LAS)"
    for name, network in stages.to_stored().items():
        yield f"{name:<12} {_sizes(network)}"
    if len(stages.ensemble.members) > 1:
        yield f"ensemble     {', '.join(map(_kind, stages.ensemble.members))}: combined by maximum spanning tree"
    else:
        yield f"transitions  {_kind(parser)}"
    yield f"labels       {len(parser.transitions.labels)}: {' '.join(sorted(parser.transitions.labels))}"
    yield f"config       {' '.join(f'{name}={value}' for name, value in record['config'].items())}"
    yield "template"
    yield from (f"  {line.strip()}" for line in parser.features.template.text.strip().splitlines())


def _sizes(network: StoredNetwork) -> str:
    (V, d), (H, C) = network.params.L.shape, network.params.U.shape
    size = sum(array.size for array in network.params)
    return f"m = {len(network.params.W) // d} slots, d = {d}, H = {H}, C = {C}, V = {V:,}: {size:,} parameters"


def _kind(parser: TransitionParser) -> str:
    return f"{parser.system}{' (right to left)' * parser.right_to_left}"


def stem(path: object) -> str:
    """The name of a model file without folders and ending: english for models/english.model."""
    return PurePath(str(path)).name.split(".")[0]
