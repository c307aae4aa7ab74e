"""Mean reciprocal rank: how far down the first relevant product stands."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged


@njit(cache=True)
def _reciprocal_rank(hits, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        out[user] = 0.0
        for place in range(k):
            if hits[user, place]:
                out[user] = 1.0 / (place + 1.0)
                break


def reciprocal_rank(judged: Judged, k: int) -> NDArray[np.float64]:
    """1 ÷ rank of the first hit among the first k, 0 where there is none (Voorhees, TREC-8 1999)."""
    out = np.empty(len(judged.users), np.float64)
    _reciprocal_rank(judged.hits, k, out)
    if judged.ties is not None:
        out[judged.ties.rows] = judged.ties.reciprocal_rank(judged.hits, k)
    return out


MRR = Definition(
    "1 ÷ rank of the first hit among the first k, 0 without one; without @k over the whole list",
    reciprocal_rank,
    whole_list=True,
    source="Voorhees, TREC-8, 1999",
)
SESSION_MRR = Definition(
    "1 ÷ rank of the next product of a click if it is in the first k, else 0 (each case has one relevant product)",
    reciprocal_rank,
    source="MRR@k of Hidasi et al., Session-based recommendations with recurrent neural networks, ICLR 2016",
)
