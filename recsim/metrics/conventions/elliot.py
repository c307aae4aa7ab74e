"""Elliot 0.3.1: "MAP" is the mean of precision at 1 to k; users without a list are left out."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ideal, ratio


def _answered(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged & lists.listed)


def _mean_precision(lists: Lists, k: int) -> Floats:
    """Mean of hits in the first n ÷ n over n = 1 … k."""
    hits = np.zeros((len(lists.hits), k))
    hits[:, : lists.hits.shape[1]] = lists.hits[:, :k]
    return np.asarray((np.cumsum(hits, axis=1) / np.arange(1, k + 1)).mean(axis=1))


ELLIOT = Convention(
    tool="Elliot",
    version="0.3.1",
    arrange=arrange,
    formulas={
        "ndcg": lambda lists, k: _answered(lists, ratio(lists.dcg(k), ideal(np.minimum(lists.relevant, k)))),
        "recall": lambda lists, k: _answered(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _answered(lists, lists.found(k) / k),
        "map": lambda lists, k: _answered(lists, _mean_precision(lists, k)),
        "mrr": lambda lists, k: _answered(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _answered(lists, lists.any_hit(k)),
    },
    notes={
        "*": "Users without a list are left out of the mean; it takes the order of the list.",
        "map": "Its MAP is the mean of precision at 1, 2, … k: places without a hit count too.",
    },
)
