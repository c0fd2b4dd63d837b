"""The HTML report of an evaluation: one page with scores, charts and errors, which needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clearparse.drawing.svg import REPLACED
from clearparse.evaluation.scores import MAIN_SCORES
from clearparse.report.markup import Markup, tag
from clearparse.report.sections import Findings, cell, sections
from clearparse.report.style import SCRIPT, STYLE

CARDS = ("LAS", "UAS", "CLAS", "LEM")


def page(findings: Findings) -> str:
    """The HTML of the page."""
    contents = [(name, id_, content) for name, id_, content in sections(findings) if content]
    links = [tag("a", name, href=f"#{id_}") for name, id_, _ in contents]
    body = [
        tag("section", tag("h2", name, id=f"{id_}-title"), *content, id=id_, aria_labelledby=f"{id_}-title")
        for name, id_, content in contents
    ]
    scores = findings.scores
    conditions = scores["conditions"]
    system = conditions.get("model") or conditions["system"]
    title = f"{system['path']} on {conditions['gold']['path']}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"Parsing report: {title}"),
        tag("style", Markup(STYLE)),
    )
    sentences, words = (f"{scores[name]:,}" for name in ("sentences", "words"))
    top = tag(
        "header",
        tag("h1", "Parsing report"),
        tag("p", tag("code", system["path"]), " on ", tag("code", conditions["gold"]["path"])),
        tag("p", f"{sentences} sentences, {words} words. All scores are percentages.", class_="note"),
        tag("div", *_cards(scores), class_="cards"),
        tag("nav", *links, aria_label="Sections"),
    )
    foot = tag("footer", tag("p", f"Made by clearparse {conditions['clearparse']}."))
    whole = tag("html", head, tag("body", top, tag("main", *body), foot, tag("script", Markup(SCRIPT))), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n".translate(REPLACED)


def _cards(scores: Mapping[str, Any]) -> Iterator[Markup]:
    bare = scores["without_punctuation"]
    for name in CARDS:
        yield tag(
            "div",
            tag("span", name),
            tag("b", cell(scores[name])),
            tag("span", f"{MAIN_SCORES[name]}; without punctuation: {cell(bare[name])}", class_="note"),
            class_="card main" if name == CARDS[0] else "card",
        )
