"""The last touch on an order by relevance: products of the category that the words are about come first.

The best hits vote, each with its squared score, for the categories on their path; a hit gains in proportion to the
mean vote its own path has. So a query for "kindle" shows tablets before the cases that repeat the word. Only the
first `WINDOW` hits are touched: what follows keeps its order, and pages stay stable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WINDOW = 50
VOTERS = 20
COHERENCE = 0.3
"""Greatest gain of a hit, as a share of the best hit's score."""


def rescored(
    scores: NDArray[np.float32], paths: Sequence[tuple[str, ...]], coherence: float = COHERENCE
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The new order of n hits (positions) and their new scores in it, from scores[n] falling and category paths[n]."""
    n = len(scores)
    window = min(n, WINDOW)
    if window < 2 or scores[0] <= 0:
        return np.arange(n), scores
    best = float(scores[0])
    votes: dict[tuple[str, ...], float] = defaultdict(float)
    total = 0.0
    of_path: dict[tuple[str, ...], float] = {}
    for score, path in zip(scores[:VOTERS].tolist(), paths, strict=False):
        vote = (score / best) ** 2
        total += vote
        of_path[path] = of_path.get(path, 0.0) + vote
    for path, vote in of_path.items():
        for depth in range(1, len(path) + 1):
            votes[path[:depth]] += vote
    gained: dict[tuple[str, ...], float] = {}
    for path in set(paths[:window]):
        if path:
            shares = [votes.get(path[:depth], 0.0) / total for depth in range(1, len(path) + 1)]
            gained[path] = sum(shares) / len(shares)
    gain = np.array([gained.get(path, 0.0) for path in paths[:window]], np.float32)
    fresh = scores[:window] + np.float32(coherence * best) * gain
    order = np.argsort(-fresh, kind="stable")
    return np.concatenate([order, np.arange(window, n)]), np.concatenate([fresh[order], scores[window:]])
