"""Recall at k, plain, capped, and under the name it has for next baskets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged, count_hits


def recall(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ relevant products; it can't reach 1 where more than k are relevant (trec_eval)."""
    return count_hits(judged, k) / judged.relevant


def recall_cap(judged: Judged, k: int) -> NDArray[np.float64]:
    """hits among the first k ÷ min(k, relevant products) (Liang et al., "Variational autoencoders", WWW 2018)."""
    return count_hits(judged, k) / np.minimum(judged.relevant, k)


RECALL = Definition("hits in the first k ÷ relevant products", recall, source="trec_eval recall_k")
RECALL_CAP = Definition(
    "hits in the first k ÷ min(k, relevant products)", recall_cap, source="Liang et al., WWW 2018 (Recall@R)"
)
BASKET_RECALL = Definition(
    "products of the next basket in the first k ÷ products of the basket",
    recall,
    source="Li et al., A next basket recommendation reality check, ACM TOIS 41(4), 2023",
)
