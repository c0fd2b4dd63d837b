"""Style sheet of the report, for light and dark screens of any width and for print; and a script that sorts tables."""

from __future__ import annotations

from pathlib import Path

from clearparse.drawing.theme import THEME

STYLE = THEME + Path(__file__).with_name("report.css").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_name("report.js").read_text(encoding="utf-8")
