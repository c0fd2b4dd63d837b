"""A cost model of parsing: bytes and operations per word, measured limits of the machine, and the speed they allow."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from clearparse.features.combinations import Combinations, Product
from clearparse.features.fixed_point import CHUNK, Integers16
from clearparse.features.precompute import PrecomputedLayer
from clearparse.features.templates import WordSlots
from clearparse.features.type_cache import TypeCache
from clearparse.features.vocabulary import NULL, ROOT
from clearparse.model.model import BLOCK_BYTES, load
from clearparse.network.classifier import Floats, Parameters
from clearparse.stages.transition_parser import GREEDY_BATCH
from clearparse.transition.decode import GreedyPolicy, run
from clearparse.transition.layout import Index, Layout
from clearparse.transition.systems import SYSTEMS
from clearparse.treebank.conllu import read_blocks

RUNS = 7
STREAM = 256 << 20  # bytes, more than the caches of a core hold


class Counted(PrecomputedLayer):
    """A PrecomputedLayer that counts scored configurations and fetched rows.

    multiplied: how many rows were multiplied by W' for the tables, by the shape of W'.
    """

    configurations = fetched = 0

    def __init__(self, params: Parameters, features: WordSlots, memory: int | None = None) -> None:
        super().__init__(params, features, memory)
        self.multiplied: Counter[tuple[int, int]] = Counter()

    @property
    def used(self) -> int:
        """Number of precomputed rows."""
        tags = len(self._tags) * (len(self.features.addresses) - self.features.form_addresses)
        return self.types * self.features.form_addresses + tags

    def theta(self, types: Index, values: Index) -> Floats:
        """As PrecomputedLayer.theta, counting."""
        places = self.places(types, values)
        self.configurations += len(places)
        self.fetched += int(np.count_nonzero(places != self.zero))
        return super().theta(types, values)

    def _sums(self, product: Product, group: Combinations) -> Integers16:
        self.multiplied[self._fixed.factors[product.number].W.shape] += len(group.rows)
        return super()._sums(product, group)


class CountedCache(TypeCache):
    """A TypeCache whose layer counts."""

    layer: Counted
    layer_type = Counted


def cost_model(path: str, source: str) -> dict[str, float]:
    """Cost model of a model on a file: bytes and operations per scored configuration, machine speeds, and the limit.

    The limit counts the products of new types of word with W, fetching and adding the precomputed rows, and the product
    with U, one after the other, and nothing else.
    """
    parser, words = load(path).parser, 0
    cache = CountedCache(parser.params, parser.features)
    for block in read_blocks(source, trees=False, block_bytes=BLOCK_BYTES):
        layout = Layout(block.sentences)
        system = SYSTEMS[parser.system](layout)
        type_of = layout.spread(cache.types(block.word_keys()), null=NULL, root=ROOT)
        policy = GreedyPolicy(system, parser.transitions, parser.features, cache.layer, type_of)
        run(system, parser.transitions, policy, GREEDY_BATCH)
        words += len(block.fields)
    tables = cache.layer
    H, C = parser.params.U.shape
    rows = tables.fetched / tables.configurations
    row_bytes, flops = tables.row_bytes, 2 * H * C
    gather, gather_float32 = (_gather(H, tables.used, round(rows), dtype) for dtype in (np.int16, np.float32))
    product = _product(H, C)
    per_word = tables.configurations / words
    new = {(n, m): 2 * count * n * m / words for (n, m), count in tables.multiplied.items()}
    seconds_of_new = sum(operations / _product(n, m, CHUNK) for (n, m), operations in new.items())

    def limit(bytes_per_row: int, speed: float) -> float:
        return 1 / float(per_word * (rows * bytes_per_row / speed + flops / product) + seconds_of_new)

    return {
        "words": words,
        "scored configurations per word": per_word,
        "rows per configuration": rows,
        "bytes per configuration": rows * row_bytes,
        "operations per configuration": flops,
        "operations per word for the tables": sum(new.values()),
        "precomputed rows": tables.used,
        "precomputed MB": tables.used * row_bytes / 1e6,
        "stream GB/s": _stream() / 1e9,
        "random rows GB/s": gather / 1e9,
        "random rows of float32 GB/s": gather_float32 / 1e9,
        "product GFLOP/s": product / 1e9,
        "square product GFLOP/s": _product(2048, 2048, 2048) / 1e9,
        "limit with tables of float32 words/s": limit(4 * H, gather_float32),
        "limit words/s": limit(row_bytes, gather),
    }


def _median(work: Callable[[], object]) -> float:
    """Seconds, the median of RUNS runs after a warm-up run."""
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def _stream() -> float:
    """Bytes per second when memory is read sequentially."""
    array = np.ones(STREAM // 8)
    return array.nbytes / _median(array.sum)


def _gather(H: int, rows: int, each: int, dtype: type[np.generic]) -> float:
    """Bytes per second when rows drawn at random from a table of this size are summed."""
    rng = np.random.default_rng(0)
    places = rng.integers(0, rows, (GREEDY_BATCH, each)).astype(np.int32)
    end = np.arange(GREEDY_BATCH + 1, dtype=np.int32) * each
    S = csr_array((np.ones(places.size, dtype), places.ravel(), end), (GREEDY_BATCH, rows))

    def seconds() -> float:
        table = np.ones((rows, H), dtype)
        return _median(lambda: S @ table)

    fastest = min(seconds() for _ in range(RUNS))  # it depends on where the system places a table in memory
    return places.size * H * np.dtype(dtype).itemsize / fastest


def _product(n: int, m: int, batch: int = GREEDY_BATCH) -> float:
    """Operations per second of a float32 product (batch, n) by (n, m)."""
    a, b = np.ones((batch, n), np.float32), np.ones((n, m), np.float32)
    return 2 * batch * n * m / _median(lambda: a @ b)


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_machine() -> str:
    """The processor, and the versions that matter for speed."""
    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), processor)
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
