"""RePlay 0.22: AP over min(k, relevant); a repeated product counts again in NDCG and AP, not in precision."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ratio
from recsim.metrics.conventions.trec_eval import ndcg


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


def _distinct(lists: Lists, k: int) -> Floats:
    """Different relevant products in the first k places."""
    hits = lists.hits[:, :k]
    owned = np.where(hits, lists.products[:, :k], -1)
    ranked = np.sort(owned, axis=1)
    new = np.diff(ranked, axis=1, prepend=-1) != 0
    return np.asarray((new & (ranked >= 0)).sum(axis=1), np.float64)


REPLAY = Convention(
    tool="RePlay",
    version="0.22.0",
    arrange=lambda run: arrange(run, ties="name down"),
    formulas={
        "ndcg": lambda lists, k: _all(lists, ndcg(lists, k)),
        "recall": lambda lists, k: _all(lists, ratio(_distinct(lists, k), lists.relevant)),
        "precision": lambda lists, k: _all(lists, _distinct(lists, k) / k),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), np.minimum(lists.relevant, k))),
        "mrr": lambda lists, k: _all(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
    },
    notes={
        "*": "Equal scores rank by product number, falling; users without a list count as 0.",
        "map": "AP is divided by min(k, relevant); a repeated product counts again.",
        "ndcg": "A repeated product counts again, so NDCG can pass 1.",
    },
)
