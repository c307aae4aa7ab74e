"""RecTools 0.19 with its defaults: the ideal of NDCG fills all k places, whatever a user has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, log_discount, ratio


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


def _rows(lists: Lists) -> NDArray[np.int64]:
    """Rows of truth joined with the list: a relevant product listed twice makes two."""
    owned = np.sort(np.where(lists.hits, lists.products, -1), axis=1)
    again = (np.diff(owned, axis=1, prepend=-2) == 0) & (owned >= 0)
    return lists.relevant + again.sum(axis=1)


RECTOOLS = Convention(
    tool="RecTools",
    version="0.19.0",
    arrange=arrange,
    formulas={
        "ndcg": lambda lists, k: _all(lists, lists.dcg(k) / log_discount(k).sum()),
        "recall": lambda lists, k: _all(lists, ratio(lists.found(k), _rows(lists))),
        "precision": lambda lists, k: _all(lists, lists.found(k) / k),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), _rows(lists))),
        "mrr": lambda lists, k: _all(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
    },
    notes={
        "*": "It ranks by the rank column and does not look at scores; a repeated product counts again.",
        "ndcg": "IDCG is over k places even where a user has fewer relevant products (divide_by_achievable=False).",
    },
)
