"""The version of clearparse, written once. The package's metadata and every model file take it from here."""

from __future__ import annotations

__version__ = "0.1.0"
