"""Fills the tables of a benchmark into pages of the documentation.

A page has `<!-- benchmark: NAME -->` before a table and `<!-- end -->` after it; NAME is one of tables.TABLES, or
`conditions`. What was not measured stays as it is.
"""

from __future__ import annotations

import re

from benchmarks.tables import Results, available, conditions, markdown

BLOCK = re.compile(r"(<!-- benchmark: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, results: Results) -> str:
    """The page with the tables of these results."""
    measured = {name: markdown(name, results) for name in available(results)}
    if results["sections"]:
        measured["conditions"] = conditions(results)

    def table(found: re.Match[str]) -> str:
        before, name, after = found.groups()
        return f"{before}{measured[name]}\n{after}" if name in measured else found[0]

    return BLOCK.sub(table, page)
