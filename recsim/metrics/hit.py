"""Whether the list found anything (hit, and its names for sessions and baskets), and how much (hits)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def hit(judged: Judged, k: int) -> NDArray[np.float64]:
    """1 where the first k hold a relevant product, else 0 (not the number of hits)."""
    found = (count_hits(judged, k) > 0).astype(np.float64)
    if judged.ties is not None:
        found[judged.ties.rows] = judged.ties.any_hit(judged.hits, k)
    return found


HIT = Definition(
    "1 if any of the first k is relevant, else 0", hit, source="Deshpande and Karypis, ACM TOIS 22(1), 2004"
)
HITS = Definition("number of relevant products in the first k", count_hits, most=np.inf, source="RecPack HitK")
SESSION_PRECISION = Definition(
    "share of clicks whose next product is in the first k (each case has one relevant product)",
    hit,
    source="P@k of Wu et al., Session-based recommendation with graph neural networks, AAAI 2019",
)
PHR = Definition(
    "personal hit ratio: 1 if a product of the next basket is in the first k, else 0",
    hit,
    source="Hu et al., Modeling personalized item frequency, SIGIR 2020",
)
