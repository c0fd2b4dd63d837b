"""A pretrained encoder of the transformers library, from a folder or from an installed package; never downloaded."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clearparse.errors import ClearparseError, FileError

MOST_PIECES = 16  # of a word; the rest of an address or of a row of dots is left out
CONFIG = "config.json"


def encoder_folder(name: str) -> Path:
    """The folder of an encoder: ``name`` itself, or the one in an installed package of that name.

    Raises ClearparseError if there is no such folder or package, or if the package holds none or several encoders.
    """
    if os.path.isdir(name):
        if not os.path.isfile(Path(name, CONFIG)):
            raise FileError(name, f"not the folder of an encoder: it has no {CONFIG}")
        return Path(name)
    module = name.replace("-", "_")
    found = importlib.util.find_spec(module) if module.isidentifier() else None
    if found is None or found.origin is None:
        raise ClearparseError(f"--encoder {name}: neither a folder nor an installed package")
    folders = [path.parent for path in sorted(Path(found.origin).parent.rglob(CONFIG)) if _is_encoder(path)]
    if len(folders) != 1:
        raise ClearparseError(f"--encoder {name}: the package has {len(folders)} encoders, not one; name a folder")
    return folders[0]


def _is_encoder(config: Path) -> bool:
    return "model_type" in json.loads(config.read_text(encoding="utf-8"))


def load_encoder(folder: Path) -> Any:
    """The encoder with its pretrained weights. Raises FileError."""
    transformers = _transformers()
    try:
        return transformers.AutoModel.from_pretrained(folder, local_files_only=True, **_without_pooler(folder))
    except (OSError, ValueError) as error:
        raise FileError(folder, _first_line(error)) from error


def new_encoder(folder: Path) -> Any:
    """The encoder with random weights, to be filled with those of a teacher. Raises FileError."""
    transformers = _transformers()
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        return transformers.AutoModel.from_config(config, **_without_pooler(folder))
    except (OSError, ValueError) as error:
        raise FileError(folder, _first_line(error)) from error


def _without_pooler(folder: Path) -> dict[str, bool]:
    """The argument that leaves out the layer for whole texts, where the kind of encoder has one."""
    kind = json.loads(Path(folder, CONFIG).read_text(encoding="utf-8"))["model_type"]
    return {"add_pooling_layer": False} if kind in ("bert", "mpnet", "roberta", "xlm-roberta", "camembert") else {}


def _transformers() -> Any:
    """The library; it must not ask the network for anything."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def _first_line(error: Exception) -> str:
    return f"the encoder cannot be loaded: {str(error).splitlines()[0]}"


class WordPieces:
    """Cuts forms into word pieces, each form on its own and once."""

    def __init__(self, folder: Path) -> None:
        """Raises FileError if the folder has no tokenizer."""
        try:
            self._tokenizer = _transformers().AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise FileError(folder, _first_line(error)) from error
        self.start: int = self._tokenizer.cls_token_id
        self.end: int = self._tokenizer.sep_token_id
        self.padding: int = self._tokenizer.pad_token_id
        self._unknown: int = self._tokenizer.unk_token_id
        self._pieces: dict[str, list[int]] = {}

    def __call__(self, forms: Sequence[str]) -> list[list[int]]:
        """The pieces of each form: at least one, at most MOST_PIECES."""
        if new := [form for form in dict.fromkeys(forms) if form not in self._pieces]:
            found = self._tokenizer(new, add_special_tokens=False)["input_ids"]
            for form, pieces in zip(new, found, strict=True):
                self._pieces[form] = pieces[:MOST_PIECES] or [self._unknown]
        return [self._pieces[form] for form in forms]
