"""Hit at k: whether the list found anything at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def hit(judged: Judged, k: int) -> NDArray[np.float64]:
    """1 where the first k hold a relevant product, else 0 (not the number of hits)."""
    return (count_hits(judged, k) > 0).astype(np.float64)


HIT = Definition("1 if any of the first k is relevant, else 0", hit)
