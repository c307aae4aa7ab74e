"""Recall at k: the share of what was relevant that the list found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def recall(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ relevant products; it can't reach 1 where more than k are relevant (trec_eval)."""
    return count_hits(judged, k) / judged.relevant


RECALL = Definition("hits in the first k ÷ relevant products", recall)
