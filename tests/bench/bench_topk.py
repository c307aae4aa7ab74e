"""Exact top-k over a catalogue: recsim against implicit, NumPy and the bare matrix product. CPU seconds, medians.

python tests/bench/bench_topk.py [users] [products]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix, random_array

from recsim.recommenders.topk import USERS_PER_TILE, one_thread, rank_factors

FACTORS, K, SEEN, ROUNDS = 64, 100, 20, 5


def main(users: int, products: int) -> None:
    random = np.random.default_rng(0)
    queries = random.standard_normal((users, FACTORS), np.float32)
    catalogue = random.standard_normal((products, FACTORS), np.float32)
    seen = csr_matrix(random_array((users, products), density=SEEN / products, dtype=np.float32, rng=random))
    seen.sort_indices()
    wanted = np.arange(users)
    entries: dict[str, Callable[[], object]] = {
        "recsim": lambda: rank_factors(queries, catalogue, wanted, K, seen=seen).products,
        "implicit": lambda: peer.recommend(wanted, seen, N=K, filter_already_liked_items=True)[0],
        "numpy argpartition": lambda: argpartition(queries, catalogue, seen),
        "matrix product alone": lambda: product(queries, catalogue),
    }
    with one_thread():
        peer = AlternatingLeastSquares(factors=FACTORS, num_threads=1)
        peer.user_factors, peer.item_factors = queries, catalogue
        found = {name: run() for name, run in entries.items()}  # warm-up, and the answers
        times: dict[str, list[float]] = {name: [] for name in entries}
        for _ in range(ROUNDS):
            for name, run in entries.items():
                began = time.process_time()
                run()
                times[name].append(time.process_time() - began)
    same = np.mean(np.sort(found["recsim"], axis=1) == np.sort(np.asarray(found["implicit"]), axis=1))
    print(f"{users} users x {products} products, {FACTORS} factors, k={K}, {SEEN} seen masked, median of {ROUNDS}")
    for name in entries:
        seconds = statistics.median(times[name])
        print(f"{name:22} {seconds:7.3f} CPU s {users / seconds:8.0f} users/s")
    print(f"places equal to implicit's: {same:.6f}")


def argpartition(queries: np.ndarray, catalogue: np.ndarray, seen: csr_matrix) -> np.ndarray:
    out = np.empty((len(queries), K), np.int64)
    for row in range(0, len(queries), USERS_PER_TILE):
        scores = queries[row : row + USERS_PER_TILE] @ catalogue.T
        block = seen[row : row + USERS_PER_TILE]
        scores[np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)), block.indices] = -np.inf
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        out[row : row + len(scores)] = np.take_along_axis(best, order, axis=1)
    return out


def product(queries: np.ndarray, catalogue: np.ndarray) -> None:
    buffer = np.empty((256, len(catalogue)), np.float32)
    for row in range(0, len(queries), 256):
        block = queries[row : row + 256]
        np.matmul(block, catalogue.T, out=buffer[: len(block)])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]) if len(sys.argv) > 2 else (5_000, 100_000))
