"""A hatchling build hook: a wheel is not built without the bundled model (hatchling skips a missing file silently)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL = "models/english.model"


class WheelHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]  # hatchling may be missing here
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard" and not (Path(self.root) / MODEL).is_file():
            self.app.abort(f"{MODEL} belongs in the wheel, and is missing: get it from the repository")
