"""Shared fixtures, the folder of real treebanks, the order of the files, and the meaning of a skip."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# Background jobs of a shell ignore SIGINT, and so do their children; the processes that tests start must not.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: no test may depend on the clock. Derandomized: what fails was broken by the change under test.
hypothesis.settings.register_profile(
    "clearparse", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("clearparse")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real treebanks: $CLEARPARSE_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("CLEARPARSE_DATA") or CHECKOUT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no treebanks in {folder}; name their folder in CLEARPARSE_DATA")
    return folder


@contextlib.contextmanager
def _stages_are_small() -> Iterator[None]:
    from small_networks import make_small

    from clearparse.training import tagger_training

    with pytest.MonkeyPatch.context() as patch:
        make_small(patch.setattr, hidden_size=24, embedding_dim=12, epochs=5, batch_size=64)
        patch.setattr(tagger_training, "FOLDS", 2)
        yield


@pytest.fixture
def small_stages() -> Iterator[None]:
    """The upstream stages are small and train in seconds."""
    with _stages_are_small():
        yield


@pytest.fixture(scope="session")
def parser_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of a parser alone, trained on the sample."""
    from clearparse.commands import train

    sample, path = CHECKOUT / "data" / "sample", tmp_path_factory.mktemp("models") / "parser.model"
    files = ["--train", str(sample / "train.conllu"), "--dev", str(sample / "dev.conllu"), "--output", str(path)]
    size = ["--hidden-size", "24", "--embedding-dim", "12"]
    train.main([*files, *size, "--epochs", "5", "--learning-rate", "0.01", "--quiet"])
    return path


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with all stages, from text to trees, trained on the sample."""
    from clearparse.commands import train

    sample, path = CHECKOUT / "data" / "sample", tmp_path_factory.mktemp("models") / "all.model"
    files = ["--train", str(sample / "train.conllu"), "--dev", str(sample / "dev.conllu"), "--output", str(path)]
    with _stages_are_small():
        train.main(
            [
                *files,
                "--stages",
                "all",
                "--hidden-size",
                "32",
                "--embedding-dim",
                "16",
                "--epochs",
                "6",
                "--learning-rate",
                "0.01",
            ]
        )
    return path


def pytest_report_header(config: pytest.Config) -> str:
    """What this run does, and how long it takes."""
    if config.option.markexpr == "full":
        return "clearparse: the slow tests alone; here a skip is a failure, so every extra and the treebanks are needed"
    return "clearparse: the fast tests, about 4 minutes of CPU time; `pytest -m full` runs the slow ones"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run test_tiny first: it runs the whole pipeline, so that a broken one shows at once."""
    items.sort(key=lambda item: item.path.name != "test_tiny.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test marked `full` runs only on request; then a skip counts as a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("full"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A file skipped as a whole may hold tests marked `full`: if those were requested, its skip is a failure too."""
    report = yield
    if report.skipped and collector.config.option.markexpr == "full":
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip's report into a failure's, with the reason of the skip."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"a skip is a failure in a full run: {reason}"
