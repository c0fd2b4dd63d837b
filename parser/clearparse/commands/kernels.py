"""Matrix products with AVX-512 on processors that OpenBLAS does not know yet.

OpenBLAS chooses its kernels by the model of the processor when it is loaded. Up to 0.3.31, the newest one in NumPy, it
knows Intel's processors and AMD's up to Zen 4. On a Zen 5 it takes kernels for AVX2, unless OPENBLAS_CORETYPE names
others: with those for AVX-512 products are 1.7 to 2 times as fast. Other BLAS libraries ignore the variable.
"""

from __future__ import annotations

import os
import sys

CPUINFO = "/proc/cpuinfo"
VARIABLE, AVX512_KERNELS = "OPENBLAS_CORETYPE", "SkylakeX"
FEATURES = {"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"}  # that the kernels use
AMD, ZEN_5 = "AuthenticAMD", 26  # vendor and family


def choose_kernels() -> None:
    """Let OpenBLAS use AVX-512 in this process if that has to be said. Call it before NumPy is imported.

    What the user has set in the environment stays. Once NumPy is there nothing happens, since processes started from
    here would compute with other kernels than this one.
    """
    linux = sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 1 << 32
    if linux and "numpy" not in sys.modules and VARIABLE not in os.environ and _needs_name(_processor()):
        os.environ[VARIABLE] = AVX512_KERNELS


def _needs_name(processor: dict[str, str]) -> bool:
    """Does the processor have AVX-512 without OpenBLAS knowing it?"""
    family = processor.get("cpu family", "")
    unknown = processor.get("vendor_id") == AMD and family.isdecimal() and int(family) >= ZEN_5
    return unknown and set(processor.get("flags", "").split()) >= FEATURES


def _processor() -> dict[str, str]:
    """The entries of the first processor; empty if the system does not say. The kernel lists what a program can use."""
    found: dict[str, str] = {}
    try:
        with open(CPUINFO, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, colon, value = line.partition(":")
                if not colon:
                    break
                found[name.strip()] = value.strip()
    except OSError:
        return {}
    return found
