"""The style sheet that the page, the report and pages of trees share: colors in light and dark, and drawn trees."""

from __future__ import annotations

from pathlib import Path

THEME = Path(__file__).with_name("theme.css").read_text(encoding="utf-8")
