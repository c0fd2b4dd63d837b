"""What the page says about a model: its sizes, and from its training record what it was trained on and its scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from clearparse.download.ud_languages import CODES
from clearparse.model.model import Model

LANGUAGES = {code: language.replace("_", " ") for language, code in CODES.items()}
_UD_FILE = re.compile(r"([a-z]+)_[a-z0-9]+-ud-")  # en_ewt-ud-train.conllu


def model_info(model: Model, name: str) -> dict[str, Any]:
    """Name, system, sizes, language, training files and scores; None where the record does not say."""
    parser, stages = model.parser, model.stages
    (V, d), (H, C) = parser.params.L.shape, parser.params.U.shape
    files = _named(model.record.get("train"))
    return {
        "name": name,
        "system": parser.system,
        "networks": len(stages.ensemble.members),
        "sizes": {"m": parser.features.m, "d": d, "H": H, "C": C, "V": V},
        "reads_text": stages.tokenizer is not None and stages.tagger is not None,
        "language": next(filter(None, map(_language, files)), None),
        "train": files,
        "sentences": _total(model.record.get("train")),
        "dev": next(iter(_named([model.record.get("dev")])), None),
        "scores": _scores(model.record.get("dev_scores")),
    }


def _named(sources: Any) -> list[str]:
    """The names of training files, without their folders."""
    found = sources if isinstance(sources, list) else []
    return [PurePath(str(each["path"])).name for each in found if isinstance(each, Mapping) and "path" in each]


def _total(sources: Any) -> int | None:
    """How many sentences the training files have."""
    found = sources if isinstance(sources, list) else []
    counts = [each.get("sentences") for each in found if isinstance(each, Mapping)]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known and len(known) == len(counts) else None


def _language(file: str) -> str | None:
    """The language of a treebank by the name of its file in Universal Dependencies."""
    named = _UD_FILE.match(file)
    return LANGUAGES.get(named[1]) if named else None


def _scores(scores: Any) -> dict[str, float]:
    known = scores if isinstance(scores, Mapping) else {}
    return {name: round(known[name], 2) for name in ("UAS", "LAS") if isinstance(known.get(name), int | float)}
