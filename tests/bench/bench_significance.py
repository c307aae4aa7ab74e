"""Is the statistics right, and how long does it take?

python tests/bench/bench_significance.py [simulations]

Under the null (two samples of one recommender) a test at 5 % should reject 5 % of the simulations, and a 95 % interval
should hold the true mean in 95 % of them. Users have values as metrics have: most 0, the rest skewed.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from recsim.metrics.bootstrap import intervals
from recsim.metrics.significance import compare, randomisation_test, t_test


def ndcg_like(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Three quarters of the users 0, the rest a skewed share."""
    return np.where(random.random(shape) < 0.25, random.beta(1.2, 3.0, shape), 0.0)


def hit_like(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """One user in ten a hit."""
    return (random.random(shape) < 0.1).astype(np.float64)


def recall_like(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Found of five, which depends on the user."""
    return random.binomial(5, random.beta(0.4, 2.0, shape)) / 5.0


KINDS = {
    "ndcg": (ndcg_like, 0.25 * 1.2 / 4.2),
    "hit": (hit_like, 0.1),
    "recall": (recall_like, 0.4 / 2.4),
}
SIZES = (50, 200, 1000)


def rejections(kind: str, users: int, simulations: int, *, replicates: int = 999) -> tuple[float, float]:
    """Share of null simulations that the randomisation test and the t test reject at 5 %."""
    random = np.random.default_rng(users)
    draw = KINDS[kind][0]
    by_flips = by_t = 0
    for seed in range(simulations):
        shared = draw(random, (users, 1))
        own = random.random((users, 2)) < 0.5  # half of what a user gets is common to both
        values = np.where(own, draw(random, (users, 2)), shared)
        by_flips += randomisation_test(values, seed=seed, replicates=replicates)[0, 1] <= 0.05
        by_t += t_test(values)[0, 1] <= 0.05
    return by_flips / simulations, by_t / simulations


def coverage(kind: str, users: int, simulations: int, *, replicates: int = 1000) -> float:
    """Share of simulations whose 95 % interval holds the true mean."""
    draw, mean = KINDS[kind]
    random = np.random.default_rng(users)
    values = draw(random, (users, simulations))
    held = 0
    for seed in range(0, simulations, 50):
        block = values[:, seed : seed + 50]
        low, high = intervals(block, np.arange(users), seed=seed, replicates=replicates)
        held += int(np.count_nonzero((low <= mean) & (mean <= high)))
    return held / simulations


def main(simulations: int) -> None:
    error = (0.0475 / simulations) ** 0.5
    print(f"{simulations} simulations each; a share of .050 has a standard error of {error:.4f}")
    print("values  users  rejected by flips  by t  intervals that hold the mean")
    for kind in KINDS:
        for users in SIZES:
            flips, by_t = rejections(kind, users, simulations)
            held = coverage(kind, users, simulations)
            print(f"{kind:7} {users:5} {flips:18.4f} {by_t:5.4f} {held:29.4f}", flush=True)
    values = ndcg_like(np.random.default_rng(1), (100_000, 10))
    compare(values[:50], np.arange(50), list("abcdefghij"), metric="ndcg@20", seed=1)
    began = time.process_time()
    compare(values, np.arange(100_000), list("abcdefghij"), metric="ndcg@20", seed=1)
    spent = time.process_time() - began
    print(f"100,000 users, 10 recommenders, 45 pairs, 10,000 flips, 1,000 resamples: {spent:.2f} CPU s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
