"""Precision at k: the share of the k places that hold something relevant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def precision(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ k; an empty place is a miss (trec_eval)."""
    return count_hits(judged, k) / k


PRECISION = Definition("hits in the first k ÷ k", precision)
