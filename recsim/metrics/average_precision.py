"""Average precision at k, in the two normalisations in use, under two names."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged


@njit(cache=True)
def _precision_at_hits(hits, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        found = 0
        total = 0.0
        for place in range(k):
            if hits[user, place]:
                found += 1
                total += found / (place + 1.0)
        out[user] = total


def _summed(judged: Judged, k: int) -> NDArray[np.float64]:
    out = np.empty(len(judged.users), np.float64)
    _precision_at_hits(judged.hits, k, out)
    if judged.ties is not None:
        out[judged.ties.rows] = judged.ties.precision_at_hits(judged.hits, k)
    return out


def average_precision(judged: Judged, k: int) -> NDArray[np.float64]:
    """Σ over hits of precision at their rank ÷ relevant products (trec_eval map_cut)."""
    return _summed(judged, k) / judged.relevant


def average_precision_min(judged: Judged, k: int) -> NDArray[np.float64]:
    """Σ over hits of precision at their rank ÷ min(k, relevant products) (RecBole, RePlay, LensKit)."""
    return _summed(judged, k) / np.minimum(judged.relevant, k)


MAP = Definition("Σ precision at each hit's rank ÷ relevant products", average_precision, source="trec_eval map_cut_k")
MAP_MIN = Definition(
    "Σ precision at each hit's rank ÷ min(k, relevant products)",
    average_precision_min,
    source="RecBole, RePlay, LensKit",
)
