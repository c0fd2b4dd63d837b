"""Optional libraries: one error message for all of them, with the pip command that installs the missing one."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator

from clearparse.errors import ClearparseError
from clearparse.io.resources import CHECKOUT


class MissingLibraryError(ClearparseError, ImportError):
    """An optional library is not installed; the message names the pip command that installs it."""


@contextlib.contextmanager
def optional_import(extra: str, purpose: str) -> Iterator[None]:
    """For `with optional_import("spacy", "the spaCy component"): import spacy`. Raises MissingLibraryError."""
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).split(".")[0] == "clearparse":
            raise  # a bug
        raise _missing(error.name or extra, extra, purpose) from None


def require(library: str, extra: str, purpose: str) -> None:
    """Check that a library can be imported, without importing it. Raises MissingLibraryError."""
    if not is_installed(library):
        raise _missing(library, extra, purpose)


def is_installed(library: str) -> bool:
    """Whether a top-level module of this name can be imported."""
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # sys.modules holds None in its place, or a module that names no origin
        return False


def install_command(extra: str) -> str:
    """The command that installs an extra: for a checkout ``pip install -e '.[web]'``, else ``'clearparse[web]'``."""
    target = f"-e '.[{extra}]'" if (CHECKOUT / "pyproject.toml").is_file() else f"'clearparse[{extra}]'"
    return f"pip install {target}"


def _missing(library: str, extra: str, purpose: str) -> MissingLibraryError:
    return MissingLibraryError(f"{purpose} needs {library}, which is not installed: {install_command(extra)}")
