"""The results of a benchmark as Markdown tables, for the terminal and for the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Results = dict[str, Any]  # what comparison.compare gives
Table = list[list[str]]  # rows of cells, the first of which are headings
Column = tuple[str, str, str]  # key, heading, format

SYSTEM: tuple[Column, ...] = (
    ("load seconds", "loading, s", ".2f"),
    ("peak MB", "peak memory, MB", ",.0f"),
    ("model MB", "model, MB", ",.1f"),
)
GOLD: tuple[Column, ...] = (
    ("conditions", "features besides forms", ""),
    ("LAS", "LAS", ".2f"),
    ("UAS", "UAS", ".2f"),
    ("end to end, words/s", "CoNLL-U to CoNLL-U, words/s", ",.0f"),
    ("parser alone, words/s", "parser alone, words/s", ",.0f"),
    *SYSTEM,
)
RAW_SCORES: tuple[Column, ...] = (
    ("conditions", "trained on", ""),
    *((name, name, ".2f") for name in ("Words", "Sentences", "UPOS", "LAS")),
)
TEXTS = ("treebank text", "running text")
AVX2_ONLY = ", AVX2 only"
OURS = "clearparse"


def gold(results: Results) -> Table:
    """All parsers, given gold tags."""
    return _systems(results["sections"]["gold"], GOLD)


def gold_ratios(results: Results) -> Table:
    """How many times as fast clearparse is as the others, from CoNLL-U to CoNLL-U."""
    return _ratios({name: found["end to end, each run"] for name, found in results["sections"]["gold"].items()})


def comparison(results: Results) -> Table:
    """The parsers for docs/comparison.md."""
    found = {name: each for name, each in results["sections"]["gold"].items() if not name.endswith(AVX2_ONLY)}
    return _systems(found, (*GOLD[:4], SYSTEM[1], ("training CPU seconds", "training, CPU s", ",.0f")))


def raw(results: Results) -> Table:
    """All pipelines, given raw text."""
    rows = _systems(results["sections"]["raw"], RAW_SCORES)
    rows[0] += [f"{text}, words/s" for text in _texts(results)] + [heading for _, heading, _ in SYSTEM]
    for row, found in zip(rows[1:], results["sections"]["raw"].values(), strict=True):
        row += [f"{found[text]['end to end, words/s']:,.0f}" for text in _texts(results)]
        row += _cells(found | found[TEXTS[0]], SYSTEM)
    return rows


def raw_ratios(results: Results) -> Table:
    """How many times as fast clearparse is as the others, from raw text; the last text that was timed."""
    text = _texts(results)[-1]
    return _ratios({name: found[text]["end to end, each run"] for name, found in results["sections"]["raw"].items()})


def training(results: Results) -> Table:
    """Seconds of training."""
    columns = (
        ("training CPU seconds", "CPU seconds", ",.0f"),
        ("training seconds", "seconds", ",.0f"),
        ("training cores", "cores", ""),
    )
    found = results["sections"]["training"].items()
    taught = {name: each for name, each in found if each and not name.endswith(AVX2_ONLY)}
    return _systems(taught, columns)


def sentences(results: Results) -> Table:
    """A sentence of about 20 words."""
    found = results["sections"]["sentences"]
    columns = (("single", "one call for each, ms", ".2f"), ("together", "all in one call, ms", ".2f"))
    return _systems(found["milliseconds"], columns)


def command(results: Results) -> Table:
    """The whole command with one sentence."""
    found = results["sections"]["sentences"]["command"]
    columns = (
        ("CPU seconds", "CPU seconds", ".2f"),
        ("seconds", "seconds", ".2f"),
        ("peak MB", "peak memory, MB", ",.0f"),
    )
    return _systems({'`parse.py "A small test of one sentence."`': found}, columns)


def step(results: Results) -> Table:
    """A training step in several implementations."""
    found = results["sections"]["step"]
    rows = [["", "ms", "times as long"]]
    for name, milliseconds in found["milliseconds"].items():
        rows.append([name, f"{milliseconds:.1f}", f"{found['times as long'][name]:.1f}"])
    return rows


def cost(results: Results) -> Table:
    """The cost model, and how much of its limit is reached."""
    found = dict(results["sections"]["cost"])
    files = found.pop("CoNLL-U words/s")
    rows = [["", ""], *([name, f"{value:,.{2 if value < 1000 else 0}f}"] for name, value in found.items())]
    if "gold" in results["sections"]:
        speed = results["sections"]["gold"]["clearparse fast"]["parser alone, words/s"]
        rows.append(["measured, parser alone, words/s", f"{speed:,.0f}"])
        limits = ("limit words/s", "limit with tables of float32 words/s")
        rows += [
            [f"of the {limit.removesuffix(' words/s')}", f"{100 * speed / found[limit]:.0f} %"] for limit in limits
        ]
    return rows + [[f"{name} CoNLL-U, words/s", f"{speed:,.0f}"] for name, speed in files.items()]


def curve(name: str) -> Callable[[Results], Table]:
    """Microseconds per word along one of the curves, in one row."""

    def made(results: Results) -> Table:
        found = results["sections"]["curves"][name]
        return [
            [name, *(f"{int(key):,}" if key.isdigit() else key for key in found)],
            ["microseconds per word", *(f"{value:.1f}" for value in found.values())],
        ]

    return made


def sizes(results: Results) -> Table:
    """The parse command on files of growing size."""
    rows = [["words", "MB", "words/s", "peak memory, MB"]]
    for words, found in results["sections"]["sizes"].items():
        rows.append([f"{int(words):,}", f"{found['MB']:,.0f}", f"{found['words/s']:,.0f}", f"{found['peak MB']:,.0f}"])
    return rows


def processes(results: Results) -> Table:
    """The parse command with one and two processes."""
    rows = [["", "`--jobs 1`, s", "`--jobs 2`, s", "times as fast", "peak memory of the largest process, MB"]]
    for name, found in results["sections"]["processes"].items():
        seconds = [f"{found[jobs]['seconds']:.1f}" for jobs in ("1", "2")]
        rows.append([name, *seconds, f"{found['ratio']:.2f}", f"{found['2']['peak MB']:,.0f}"])
    return rows


def treebanks(results: Results) -> Table:
    """Training on parts of the treebank."""
    columns = (("training CPU seconds", "training, CPU s", ",.0f"), ("UAS", "UAS", ".2f"), ("LAS", "LAS", ".2f"))
    found = {f"{int(words):,}": each for words, each in results["sections"]["treebanks"].items()}
    return _systems(found, columns, first="words")


def presets(results: Results) -> Table:
    """The presets for README.md."""
    found = {
        f"`{name.removeprefix('clearparse ')}`": each
        for name, each in results["sections"]["gold"].items()
        if name.startswith(OURS) and not name.endswith(AVX2_ONLY)
    }
    return _systems(found, (GOLD[1], GOLD[4], GOLD[3], SYSTEM[1]), first="preset")


# name: the sections it needs, and what makes it
TABLES: dict[str, tuple[Sequence[str], Callable[[Results], Table]]] = {
    "raw": (["raw"], raw),
    "raw-ratios": (["raw"], raw_ratios),
    "gold": (["gold"], gold),
    "gold-ratios": (["gold"], gold_ratios),
    "comparison": (["gold"], comparison),
    "presets": (["gold"], presets),
    "sentences": (["sentences"], sentences),
    "command": (["sentences"], command),
    "training": (["training"], training),
    "step": (["step"], step),
    "treebanks": (["treebanks"], treebanks),
    "cost": (["cost", "gold"], cost),
    **{f"curve-{name.split()[-1]}": (["curves"], curve(name)) for name in ("sentence length", "batch", "hidden units")},
    "curve-words": (["curves"], curve("distinct words")),
    "curve-alone": (["curves"], curve("one sentence of 5,000 words")),
    "processes": (["processes"], processes),
    "sizes": (["sizes"], sizes),
}


def conditions(results: Results) -> str:
    """Machine, kernels, data and runs, in a paragraph."""
    found = results["conditions"]
    files = found["files"]
    began = min(results["measured"].values(), default="")[:10]
    words = f"{files['input']['words']:,} words timed"
    trial = " Quick trial: a few training steps, one run, not to be quoted." if found["quick"] else ""
    return (
        f"All tables are of one run: {found['machine']}; {found['kernels']}. "
        f"{began}, {found['cores']} core unless stated otherwise, "
        f"medians of {found['runs']} alternating runs, {words}.{trial}"
    )


def available(results: Results) -> Iterator[str]:
    """The names of the tables whose sections were measured."""
    return (name for name, (needs, _) in TABLES.items() if all(each in results["sections"] for each in needs))


def markdown(name: str, results: Results) -> str:
    """One of TABLES."""
    head, *rows = TABLES[name][1](results)
    rule = f"|{'---|' * len(head)}"
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in (head, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def report(results: Results) -> str:
    """All tables, with their names."""
    skipped = [f"skipped: {name} ({module} is not installed)" for name, module in results["skipped"].items()]
    parts = [f"## {name}\n\n{markdown(name, results)}" for name in available(results)]
    return "\n\n".join([conditions(results), *skipped, *parts])


def _systems(found: dict[str, Any], columns: Sequence[Column], first: str = "") -> Table:
    """A row for each system."""
    return [
        [first, *(heading for _, heading, _ in columns)],
        *([name, *_cells(each, columns)] for name, each in found.items()),
    ]


def _cells(found: dict[str, Any], columns: Sequence[Column]) -> list[str]:
    return ["-" if found.get(key) is None else format(found[key], form) for key, _, form in columns]


def _ratios(speeds: dict[str, list[float]]) -> Table:
    """Medians of the ratios of alternating runs: clearparse in rows, the others in columns."""
    others = [name for name in speeds if not name.startswith(OURS)]
    rows = [["times as fast as", *others]]
    for name, ours in speeds.items():
        if name.startswith(OURS):
            ratios = (statistics.median(a / b for a, b in zip(ours, speeds[other], strict=True)) for other in others)
            rows.append([name, *(f"{ratio:.1f}" for ratio in ratios)])
    return rows


def _texts(results: Results) -> list[str]:
    """The texts that pipelines were timed on."""
    return [text for text in TEXTS if text in next(iter(results["sections"]["raw"].values()))]
