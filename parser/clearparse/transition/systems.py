"""The registry of transition systems, from which `--transition-system`, oracles, ensembles and docs derive."""

from __future__ import annotations

from clearparse.transition.arc_hybrid import ArcHybrid
from clearparse.transition.arc_standard import ArcStandard
from clearparse.transition.arc_standard_swap import ArcStandardSwap
from clearparse.transition.system import System

SYSTEMS: dict[str, type[System]] = {system.name: system for system in (ArcStandard, ArcStandardSwap, ArcHybrid)}
