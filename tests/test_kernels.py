"""The commands let OpenBLAS use AVX-512 on processors that it does not know yet, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_info

from clearparse.commands import kernels
from clearparse.commands.kernels import FEATURES, VARIABLE, choose_kernels
from clearparse.training import provenance
from clearparse.training.provenance import version_difference

CHECKOUT = Path(__file__).resolve().parents[1]
Chosen = Callable[..., "str | None"]


def cpuinfo(vendor: str = "AuthenticAMD", family: str = "26", without: str = "") -> str:
    """Two processors as /proc/cpuinfo lists them. without: a feature that they lack."""
    flags = " ".join(["fpu", *sorted(FEATURES - {without}), "avx512_bf16"])
    entries = {"processor": "0", "vendor_id": vendor, "cpu family": family, "model": "2", "flags": flags}
    one = "".join(f"{name}\t: {value}\n" for name, value in entries.items()) + "power management:\n"
    return f"{one}\n{one}"


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chosen:
    """A function that gives the value of OPENBLAS_CORETYPE on a machine with this /proc/cpuinfo."""

    def value(
        text: str | None, before: str | None = None, platform: str = "linux", machine: str = "x86_64"
    ) -> str | None:
        path = tmp_path / "cpuinfo"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text.encode("latin-1"))
        monkeypatch.setattr(kernels, "CPUINFO", str(path))
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine), raising=False)
        monkeypatch.setattr(os, "environ", {} if before is None else {VARIABLE: before})
        choose_kernels()
        return os.environ.get(VARIABLE)

    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    return value


def test_a_new_processor_of_amd_gets_avx512(chosen: Chosen) -> None:
    assert chosen(cpuinfo()) == "SkylakeX"
    assert chosen(cpuinfo(family="27")) == "SkylakeX"


@pytest.mark.parametrize(
    "text",
    [
        cpuinfo(vendor="GenuineIntel"),
        cpuinfo(family="25"),  # Zen 3 and Zen 4, which OpenBLAS knows
        *(cpuinfo(without=each) for each in sorted(FEATURES)),
        cpuinfo(family=""),
        cpuinfo(family="²"),
        "processor\t: 0\nBogoMIPS\t: 100\nFeatures\t: fp asimd\n",  # ARM
        "\n" + cpuinfo(),
        "\xff" * 100,
        "",
        None,
    ],
)
def test_other_processors_keep_their_kernels(text: str | None, chosen: Chosen) -> None:
    assert chosen(text) is None


def test_other_systems_keep_their_kernels(chosen: Chosen) -> None:
    assert chosen(cpuinfo(), platform="darwin") is None
    assert chosen(cpuinfo(), machine="aarch64") is None


def test_the_environment_comes_first(chosen: Chosen, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(cpuinfo(), before="Haswell") == "Haswell"
    assert chosen(cpuinfo(), before="") == ""
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert chosen(cpuinfo()) is None  # too late


def in_new_process(code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment["PYTHONPATH"] = str(CHECKOUT / "parser")
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


def openblas() -> bool:
    return any(each["internal_api"] == "openblas" for each in threadpool_info()) and os.uname().machine == "x86_64"


@pytest.mark.skipif(sys.platform != "linux" or not openblas(), reason="NumPy has no OpenBLAS with kernels to choose")
def test_commands_choose_kernels_before_they_import_numpy(tmp_path: Path) -> None:
    """With the name of kernels that every processor can run."""
    (tmp_path / "cpuinfo").write_text(cpuinfo(), encoding="utf-8")
    (tmp_path / "command.py").write_text(
        "from clearparse.training.provenance import _blas\ndef main(argv): print(_blas())\n", encoding="utf-8"
    )
    code = f"""if True:
        import sys
        sys.path.append({str(tmp_path)!r})
        from clearparse.commands import command_line, kernels
        kernels.CPUINFO, kernels.AVX512_KERNELS = {str(tmp_path / "cpuinfo")!r}, "Nehalem"
        command_line.run_module("command")
    """
    assert in_new_process(code).split()[-1] == "Nehalem"


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
        assert provenance._blas() == name


def test_other_kernels_are_reported() -> None:
    now = {"versions": {"numpy": "2", "blas": "openblas 0.3.31 SkylakeX"}}
    before = {"versions": {"numpy": "2", "blas": "openblas 0.3.31 Haswell"}}
    assert version_difference(now, now) == ""
    assert version_difference(before, now) == "blas is openblas 0.3.31 SkylakeX, it was openblas 0.3.31 Haswell"
    assert version_difference({"versions": {"numpy": "2"}}, now).endswith("SkylakeX, it was not recorded")
