"""Precision at k and R-precision: the share of places that hold something relevant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def precision(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ k; an empty place is a miss (trec_eval)."""
    return count_hits(judged, k) / k


def r_precision(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first R places ÷ R, R = relevant products; places past k count as misses (trec_eval Rprec)."""
    hits = judged.hits.astype(np.float64)
    if judged.ties is not None:
        hits[judged.ties.rows] = judged.ties.expected(judged.hits)
    places = np.minimum(judged.relevant, k)
    if not len(hits):
        return np.empty(0)
    return np.cumsum(hits, axis=1)[np.arange(len(hits)), places - 1] / judged.relevant


PRECISION = Definition("hits in the first k ÷ k", precision, source="trec_eval P_k")
R_PRECISION = Definition(
    "hits in the first R places ÷ R, R = relevant products; places past k (past the list without @k) are misses",
    r_precision,
    whole_list=True,
    source="trec_eval Rprec",
)
