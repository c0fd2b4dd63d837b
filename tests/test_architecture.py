"""The rules of the code base that can be checked: layers, lengths, words, dependencies."""

from __future__ import annotations

import ast
import functools
import graphlib
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).resolve().parent.parent
SOURCE = CHECKOUT / "parser"

# Lowest first. Packages and modules of one layer do not import each other; "" is clearparse/__init__.py.
LAYERS = (
    "drawing errors version",
    "io network",
    "download features treebank",
    "evaluation transition",
    "config report stages",
    "explanation model",
    "corpus integrations training web",
    "commands estimator",
    "",
)
LAYER_OF = {package: layer for layer, packages in enumerate(LAYERS) for package in packages.split(" ")}

FOREIGN_WORDS = {
    "network": {"word", "words", "head", "heads", "stack", "tag", "tags"},
    "treebank": {"gradient", "gradients", "layer", "layers"},
    "transition": {"gradient", "gradients"},
}

FORBIDDEN_IMPORTS = {
    "pickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "torch",
    "tensorflow",
    "jax",
    "keras",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
IMPORT_NAMES = {"scikit-learn": "sklearn", "ufal.udpipe": "ufal", "python-multipart": "python_multipart"}

MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "clearparse").rglob("*.py"))
}
SCRIPTS = sorted((CHECKOUT / "scripts").glob("*.py"))
TESTS = sorted((CHECKOUT / "tests").rglob("*.py"))
BENCHMARKS = {path.stem: path for path in sorted((CHECKOUT / "scripts" / "benchmarks").glob("*.py"))}
TEACHER = sorted((CHECKOUT / "scripts" / "teacher").glob("*.py"))
SHIPPED = [*MODULES.values(), *SCRIPTS, *BENCHMARKS.values(), *TEACHER]

COMMANDS = ("pip install -e . && python scripts/train.py", "pip install -e '.[test]' && pytest")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it; `from clearparse.io import files` is clearparse.io.files."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in full}
    return found


def package(module: str) -> str:
    """The package of clearparse that a module is in: network for clearparse.network.training."""
    return [*module.split("."), ""][1]


def own_imports(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "clearparse"}


def foreign_imports(paths: list[Path]) -> set[str]:
    """Top-level names of the libraries that files import: neither ours nor Python's own."""
    local = {"clearparse", "benchmarks", "teacher"} | {path.stem for path in [*SCRIPTS, *TESTS]}
    names = {name.split(".")[0] for path in paths for name in imports(path)}
    return names - local - sys.stdlib_module_names


def declared(*extras: str) -> set[str]:
    """Names under which the declared dependencies are imported."""
    project = pyproject()["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    names = {re.match(r"[\w.-]+", line)[0] for line in lines}  # type: ignore[index]
    return {IMPORT_NAMES.get(name, name) for name in names}


def optional_modules() -> dict[Path, str]:
    """Modules that alone import the libraries of an extra of the same name, such as integrations/spacy.py."""
    extras = pyproject()["project"]["optional-dependencies"]
    paths = [path for module, path in MODULES.items() if package(module) in ("corpus", "integrations")]
    return {path: path.stem for path in paths if path.stem in extras}


def test_imports_run_one_way() -> None:
    for module, path in MODULES.items():
        here = package(module)
        assert here in LAYER_OF, f"{module} has no layer in LAYERS"
        for name in own_imports(path):
            below = LAYER_OF[package(name)] < LAYER_OF[here]
            assert below or package(name) == here, f"{module} imports {name}, which is not below it"


def test_imports_have_no_cycle() -> None:
    graph = {module: own_imports(path) - {module} for module, path in MODULES.items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(MODULES)


def test_scripts_only_call_a_command() -> None:
    for path in SCRIPTS:
        assert {package(name) for name in own_imports(path)} == {"commands"}, path
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 12, f"{path} does work of its own"


@pytest.mark.parametrize("here", FOREIGN_WORDS)
def test_names_stay_within_the_domain_of_their_package(here: str) -> None:
    for path in (path for module, path in MODULES.items() if package(module) == here):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.NAME:
                parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", token.string)}
                assert not parts & FOREIGN_WORDS[here], f"{path}:{token.start[0]}: {token.string}"


def test_functions_and_files_are_short() -> None:
    for path in [*SHIPPED, *TESTS]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1  # type: ignore[operator]
                assert length <= 60, f"{path}:{node.lineno}: {node.name} has {length} lines"
    for path in SHIPPED:
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= 300, f"{path} has {length} lines"


def test_every_module_has_a_docstring() -> None:
    for path in [*SHIPPED, *TESTS]:
        assert ast.get_docstring(tree(path)), f"{path} has no docstring"


def test_no_data_is_executed() -> None:
    """No pickle, no eval, and no framework's arrays but in the teacher and in the file that measures a framework."""
    for path in SHIPPED:
        allowed = {"torch"} if path in (BENCHMARKS["pytorch"], *TEACHER) else set()
        assert not {name.split(".")[0] for name in imports(path)} & FORBIDDEN_IMPORTS - allowed, path
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                assert not (isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS), (
                    f"{path}:{node.lineno}"
                )
                assert all(keyword.arg != "allow_pickle" for keyword in node.keywords), f"{path}:{node.lineno}"


def test_every_library_is_declared_and_used() -> None:
    """What only benchmarks, plots, the server and optional modules import is an extra, and imported only if needed."""
    optional, screenshot = optional_modules(), BENCHMARKS["screenshot"]
    assert set(optional.values()) == {"conllu", "dask", "nltk", "pandas", "spacy"}
    measuring = [*BENCHMARKS.values(), MODULES["clearparse.report.plots"]]
    serving = [path for module, path in MODULES.items() if package(module) == "web"]
    always = [path for path in SHIPPED if path not in (*measuring, *serving, *optional, *TEACHER)]
    assert foreign_imports(always) == declared()
    by_starlette = {"python_multipart"}
    assert (foreign_imports(serving) | by_starlette) - declared() == declared("web") - declared()
    assert foreign_imports([path for path in (*always, *measuring) if path != screenshot]) == declared("bench")
    assert foreign_imports([screenshot]) <= declared("test-full")
    assert foreign_imports(TEACHER) - declared() == declared("teacher") - declared()
    for path, extra in optional.items():
        assert foreign_imports([path]) - declared() == declared(extra) - declared(), path
    assert foreign_imports(TESTS) <= declared("test", "test-full", "fuzz", "teacher", "web")


def readme() -> str:
    return (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_readme_has_the_two_commands() -> None:
    lines = [line.strip() for line in readme().splitlines()]
    assert tuple(line for line in lines if line.startswith("pip install -e ")) == COMMANDS


def test_the_architecture_page_names_every_package() -> None:
    page = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in LAYER_OF.keys() - {""}:
        assert f"`{name}`" in page, f"docs/architecture.md does not say what {name} is"


def test_texts_name_nothing_private() -> None:
    """No paths of one machine, numbers of a tracker the reader does not have, or notes to oneself."""
    inside = re.compile(
        r"(?<![\w.~/])/(?:work|root|home|Users)/|\bissue #?\d|\bTODO\b|\bFIXME\b|\bXXX\b", re.IGNORECASE
    )
    texts = [
        *CHECKOUT.glob("*.md"),
        *(CHECKOUT / "docs").rglob("*.md"),
        *CHECKOUT.glob("*/README.md"),
        *SHIPPED,
    ]
    assert len(texts) > len(SHIPPED)
    for path in texts:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not inside.search(line), f"{path}:{number}: {line.strip()}"


SKIPPING = """
import pytest

@pytest.mark.full
def test_proof():
    pytest.skip("no treebank here")

def test_plain():
    pytest.skip("not today")
"""


@pytest.mark.parametrize(("selection", "outcomes"), [("full", {"failed": 1}), ("not full", {"skipped": 1})])
def test_a_skip_is_a_failure_in_a_full_run(pytester: pytest.Pytester, selection: str, outcomes: dict[str, int]) -> None:
    pytester.makeconftest((CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = full: slow proofs")
    pytester.makepyfile(SKIPPING)
    result = pytester.runpytest_inprocess("-m", selection)
    result.assert_outcomes(deselected=1, **outcomes)
    result.stdout.fnmatch_lines(["*no treebank here*" if selection == "full" else "*1 skipped*"])


def test_a_file_skipped_as_a_whole_fails_a_full_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = full: slow proofs")
    pytester.makepyfile("import pytest\npytest.importorskip('no_such_library')")
    assert pytester.runpytest_inprocess("-m", "full").parseoutcomes() == {"errors": 1}


def test_test_tiny_comes_first(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_a="def test_a(): pass", test_tiny="def test_b(): pass\ndef test_a(): pass")
    result = pytester.runpytest_subprocess("-v")
    result.stdout.fnmatch_lines(["test_tiny.py::test_b*", "test_tiny.py::test_a*", "test_a.py::test_a*"])
