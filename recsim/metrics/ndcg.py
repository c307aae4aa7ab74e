"""Normalised discounted cumulative gain with binary gain (Järvelin and Kekäläinen, TOIS 2002)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged


@njit(cache=True)
def _ndcg(hits, relevant, k, discounts, ideal, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        gain = 0.0
        for place in range(k):
            if hits[user, place]:
                gain += discounts[place]
        out[user] = gain / ideal[min(k, relevant[user])]


def ndcg(judged: Judged, k: int) -> NDArray[np.float64]:
    """Σ over hits of 1 ÷ log2(rank + 1), ÷ the same sum over the first min(k, relevant) ranks (trec_eval ndcg_cut)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    out = np.empty(len(judged.users), np.float64)
    _ndcg(judged.hits, judged.relevant, k, discounts, ideal, out)
    return out


NDCG = Definition("Σ 1/log2(rank+1) over hits ÷ the same over the first min(k, relevant products) ranks", ndcg)
