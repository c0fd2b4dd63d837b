"""`python scripts/make_docs.py`: makes every picture in docs/, docs/options.md and the tables of a benchmark anew.

Plots and tables of a benchmark are made from docs/benchmark.json; to renew that file, run `scripts/benchmark.py` and
copy its benchmark.json. `--only-benchmark` makes nothing else. The screenshot needs Chromium and the extra `test-full`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pages import filled
from benchmarks.plots import draw
from benchmarks.presets import command
from benchmarks.screenshot import screenshot
from clearparse.commands.clearparse import COMMANDS, dispatch
from clearparse.commands.command_line import CommandLine
from clearparse.errors import ClearparseError
from clearparse.io import resources
from clearparse.io.files import atomic_output
from clearparse.report.plots import learning_curve

DOCS = resources.CHECKOUT / "docs"
RESULTS = DOCS / "benchmark.json"
BENCHMARK_PAGES = ("docs/speed.md", "docs/comparison.md", "README.md")
SENTENCE = "The old cat that sleeps on the sofa has seen a bird in the garden."
PAGE_BEGINS = """# Options

`python scripts/make_docs.py` writes this page from the output of `--help-all`. `python scripts/train.py`
takes the same options as `clearparse train`, and so on. [train.md](train.md) describes the options of training.
"""
STEP = 21  # shown by the screenshot: attach "bird" to "seen" now, or after "in the garden"?


def main(argv: list[str]) -> None:
    """Make pictures, tables and the list of options, and print their paths. Raises ClearparseError."""
    options = _command_line().parse(argv)
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    made = _benchmark(output)
    if not options.only_benchmark:
        made += _everything_else(output)
    print("\n".join(f"wrote {path}" for path in made))


def _benchmark(output: Path) -> list[Path]:
    """Plots of the benchmark, and its tables in the pages of the checkout."""
    results = json.loads(RESULTS.read_bytes())
    pages = [resources.CHECKOUT / name for name in BENCHMARK_PAGES]
    for page in pages:
        text = filled(page.read_text(encoding="utf-8"), results)
        with atomic_output(page) as stream:
            stream.write(text.encode())
    return [*draw(results, output), *pages]


def _everything_else(output: Path) -> list[Path]:
    """Options, pictures and the screenshot. Raises ClearparseError."""
    browser = os.environ.get("CLEARPARSE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise ClearparseError("the screenshot needs Chromium: install it or name it in CLEARPARSE_CHROMIUM")
    made = [_options(output), _tree(output), _training(output)]
    with _server() as address:
        made.append(screenshot(browser, address, SENTENCE, STEP, output / "page.png"))
    return made


def options_page() -> str:
    """docs/options.md: what each command prints for --help-all, or for --help where that is everything."""
    pages = [PAGE_BEGINS]
    for name, what in COMMANDS.items():
        with contextlib.redirect_stdout(io.StringIO()) as stdout, contextlib.suppress(SystemExit):
            dispatch([name, "--help"])
        if "--help-all" in stdout.getvalue():
            with contextlib.redirect_stdout(io.StringIO()) as stdout, contextlib.suppress(SystemExit):
                dispatch([name, "--help-all"])
        pages.append(f"## clearparse {name}: {what}\n\n```text\n{stdout.getvalue().rstrip()}\n```\n")
    return "\n".join(pages)


def _options(output: Path) -> Path:
    with atomic_output(output / "options.md") as stream:
        stream.write(options_page().encode())
    return output / "options.md"


def _tree(output: Path) -> Path:
    """The tree of SENTENCE on a white background, for readers with a dark theme."""
    path = output / "tree.svg"
    line = command("parse.py", SENTENCE, "--format", "svg")
    svg = subprocess.run(line, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    with atomic_output(path) as stream:
        stream.write(svg.replace("<style>", "<style>svg{background:#fff;color:#1f2328}", 1).encode())
    return path


def _training(output: Path) -> Path:
    """The learning curve of the bundled English model, from its training record."""
    record = json.loads(Path(f"{resources.english()}.json").read_bytes())
    learning_curve(record["epochs"], output / "training.png")
    return output / "training.png"


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """The address of a running `scripts/serve.py`."""
    process = subprocess.Popen(command("serve.py", "--port", "0"), stdout=subprocess.PIPE, encoding="utf-8")
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = next((word for word in line.split() if word.startswith("http://")), "")
        if not address:
            raise ClearparseError(f"{sys.executable} scripts/serve.py did not start: {line.strip()}")
        yield address
    finally:
        process.terminate()
        process.wait()


def _command_line() -> CommandLine:
    cli = CommandLine("make_docs.py", description="Generate docs/options.md and the pictures of the documentation.")
    cli.add_argument("--output", type=Path, default=DOCS, metavar="DIR", help="folder for the files (default: docs)")
    cli.add_argument("--only-benchmark", action="store_true", help="make the plots and tables of the benchmark alone")
    return cli
