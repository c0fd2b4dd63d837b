"""The training record names the library and kernels of matrix products; importing the package loads neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clearparse.training import provenance
from clearparse.training.provenance import version_difference

CHECKOUT = Path(__file__).resolve().parents[1]


def in_new_process(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_the_package_neither_imports_numpy_nor_changes_the_environment() -> None:
    code = """
        import os, sys
        before = dict(os.environ)
        import clearparse, clearparse.commands.clearparse
        print("numpy" in sys.modules, dict(os.environ) == before)
        import clearparse.commands.parse
        print("numpy" in sys.modules, dict(os.environ) == before)
    """
    lines = in_new_process("\n".join(line[8:] for line in code.splitlines()))
    assert lines.split("\n") == ["False True", "True True", ""]


def test_the_training_record_names_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of NumPy's library if it has one of its own; SciPy's may be in memory or not."""
    numpy = {"user_api": "blas", "internal_api": "openblas", "version": "0.3.31", "architecture": "SkylakeX"}
    scipy = {**numpy, "version": "0.3.30", "filepath": "/lib/scipy.libs/libscipy_openblas.so"}
    openmp = {"user_api": "openmp", "internal_api": "openmp", "version": None, "filepath": "/lib/libgomp.so"}
    mkl = {"user_api": "blas", "internal_api": "mkl", "version": "2025.1", "filepath": "/opt/lib/libmkl_rt.so"}
    for libraries, name in (
        ([openmp, scipy, {**numpy, "filepath": "/lib/numpy.libs/libscipy_openblas64_.so"}], "openblas 0.3.31 SkylakeX"),
        ([openmp, mkl], "mkl 2025.1"),
        ([openmp], "unknown"),
    ):
        monkeypatch.setattr(provenance, "threadpool_info", lambda found=libraries: found)
        assert provenance.blas() == name


def test_other_kernels_are_reported() -> None:
    now = {"versions": {"numpy": "2", "blas": "openblas 0.3.31 SkylakeX"}}
    before = {"versions": {"numpy": "2", "blas": "openblas 0.3.31 Haswell"}}
    assert version_difference(now, now) == ""
    assert version_difference(before, now) == "blas is openblas 0.3.31 SkylakeX, it was openblas 0.3.31 Haswell"
    assert version_difference({"versions": {"numpy": "2"}}, now).endswith("SkylakeX, it was not recorded")
