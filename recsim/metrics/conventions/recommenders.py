"""Microsoft recommenders 1.2: precision, recall and MAP over answered users, NDCG over all, in one library."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, Run, arrange, ideal, log_discount, ratio


def _in_order(run: Run) -> Lists:
    """Highest score first, equal scores as listed (a stable sort)."""
    order = np.argsort(np.where(run.products >= 0, -run.listed_scores, np.inf), axis=1, kind="stable")
    return arrange(Run(run.users, np.take_along_axis(run.products, order, axis=1), run.truth))


def _answered(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged & lists.listed)


def _ndcg(lists: Lists, k: int) -> float:
    """Hits are joined with the list again, so a product listed m times makes m rows of each of its hits."""
    hits = lists.hits[:, :k]
    copies = (lists.products[:, :k, None] == lists.products[:, None, :]).sum(axis=2) if _repeated(lists) else 1
    gains = hits * copies
    distinct = np.diff(np.sort(np.where(hits, lists.products[:, :k], -1), axis=1), axis=1, prepend=-1) != 0
    rows = gains.sum(axis=1) + lists.relevant - np.asarray(distinct).sum(axis=1)
    dcg = np.asarray(gains @ log_discount(hits.shape[1]))
    return lists.mean(ratio(dcg, ideal(np.minimum(rows, k))), lists.judged) if hits.any() else 0.0


def _repeated(lists: Lists) -> bool:
    ranked = np.sort(lists.products, axis=1)
    return bool(((np.diff(ranked, axis=1) == 0) & (ranked[:, 1:] >= 0)).any())


RECOMMENDERS = Convention(
    tool="Microsoft recommenders",
    version="1.2.1",
    arrange=_in_order,
    formulas={
        "ndcg": _ndcg,
        "recall": lambda lists, k: _answered(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _answered(lists, lists.found(k) / k),
        "map": lambda lists, k: _answered(lists, ratio(lists.precision_sum(k), lists.relevant)),
        "map_min": lambda lists, k: _answered(lists, ratio(lists.precision_sum(k), np.minimum(lists.relevant, k))),
    },
    notes={
        "*": "Equal scores rank as listed.",
        "ndcg": "NDCG averages all users with test items; users without a list count as 0.",
        "recall": "Users without a list are left out of the mean.",
        "precision": "Users without a list are left out of the mean.",
        "map": "map divides by relevant, map_at_k by min(k, relevant); users without a list are left out of the mean.",
    },
)
