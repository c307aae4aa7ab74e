"""Capped recall at k: recall as a share of what k places can find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def recall_cap(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ min(k, relevant products)."""
    return count_hits(judged, k) / np.minimum(judged.relevant, k)


RECALL_CAP = Definition("hits in the first k ÷ min(k, relevant products)", recall_cap)
