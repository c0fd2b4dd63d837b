"""The error for a missing optional library names the pip command that installs it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from clearparse.errors import ClearparseError
from clearparse.io import optional
from clearparse.io.optional import MissingLibraryError, install_command, is_installed, optional_import, require


def test_the_command_for_a_checkout() -> None:
    assert install_command("web") == "pip install -e '.[web]'"


def test_the_command_for_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "CHECKOUT", tmp_path)
    assert install_command("web") == "pip install 'clearparse[web]'"


def test_a_missing_library_is_named_in_one_line() -> None:
    with pytest.raises(MissingLibraryError) as caught, optional_import("spacy", "the spaCy component"):
        importlib.import_module("no_such_library.module")
    message = "the spaCy component needs no_such_library, which is not installed: pip install -e '.[spacy]'"
    assert str(caught.value) == message
    assert isinstance(caught.value, ClearparseError)
    assert isinstance(caught.value, ImportError)


def test_a_library_is_looked_for_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "colorsys", None)
    assert not is_installed("colorsys")
    with pytest.raises(MissingLibraryError, match="^pictures needs colorsys, which is not installed"):
        require("colorsys", extra="plot", purpose="pictures")
    monkeypatch.delitem(sys.modules, "colorsys")
    require("colorsys", extra="plot", purpose="pictures")
    assert "colorsys" not in sys.modules
