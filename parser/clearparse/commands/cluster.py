"""`parse.py --engine dask`: a corpus is parsed by the workers of a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from tqdm import tqdm

from clearparse.corpus.corpus import Corpus
from clearparse.errors import ClearparseError


def run_on_dask(
    corpus: Corpus, jobs: int, *, parse_file: Callable[[str, str], list[Warning]], scheduler: str | None
) -> list[ClearparseError]:
    """Parse the files of a corpus; what was wrong with those that could not be. Raises ClearparseError."""
    try:
        from clearparse.integrations.dask import cluster, parse_files
    except ModuleNotFoundError as error:
        raise ClearparseError(f"--engine dask needs Dask ({error}): pip install 'clearparse[dask]'") from None
    states, bad = [corpus.journal.state(task) for task in corpus.tasks], []
    files = [(task.source, task.target) for task in corpus.tasks]
    with cluster(scheduler, jobs) as client, tqdm(total=len(files), unit=" files", disable=None) as bar:
        for number, outcome in parse_files(client, parse_file, files):
            if not isinstance(outcome, ClearparseError):
                for warning in outcome:
                    warnings.warn(warning, stacklevel=2)
                corpus.journal.note(corpus.tasks[number], states[number])
            elif corpus.skip:
                bad.append(outcome)
            else:
                raise outcome
            bar.update()
    return bad
