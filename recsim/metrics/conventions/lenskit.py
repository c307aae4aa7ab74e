"""LensKit 2025.8 and 2026.4: ranks 1 and 2 are discounted alike, recall is over min(k, relevant), only lists count.

2025.8 averages by `RunAnalysis.list_summary`, which fills the values of lists without truth with 0; 2026.4 by
`MeasurementCollector.summary_metrics`, which leaves them out, but precision has a value for them: 0.
"""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ideal, ratio


def _clipped(k: int) -> Floats:
    """1 ÷ log2(max(rank, 2)): the original discount of Järvelin and Kekäläinen."""
    return np.asarray(1.0 / np.log2(np.maximum(np.arange(1, k + 1), 2)))


def _filled(lists: Lists, values: Floats) -> float:
    return lists.mean(np.where(lists.judged, values, 0.0), lists.listed)


def _skipped(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.listed & lists.judged)


def _ndcg(lists: Lists, k: int) -> Floats:
    return ratio(lists.dcg(k, _clipped), ideal(np.minimum(lists.relevant, k), _clipped))


def _recall(lists: Lists, k: int) -> Floats:
    return ratio(lists.found(k), np.minimum(lists.relevant, k))


def _precision(lists: Lists, k: int) -> float:
    return lists.mean(ratio(lists.found(k), np.minimum(lists.lengths, k)), lists.listed)


def _map(lists: Lists, k: int) -> float:
    if (lists.listed & ~lists.judged).any():
        return float("nan")
    places = np.minimum(lists.relevant, np.minimum(lists.lengths, k))
    return lists.mean(ratio(lists.precision_sum(k), places), lists.listed)


_NOTES = {
    "*": "Users without a list are left out; it takes the order of the list and does not look at scores.",
    "ndcg": "The discount is log2(max(rank, 2)): the first two ranks weigh the same.",
    "recall": "Recall is divided by min(k, relevant).",
    "precision": "Precision is divided by the length of a short list, and lists of users without truth count as 0.",
    "map": "AP is divided by min(relevant, length of the list); a list of a user without truth ends it with "
    "ZeroDivisionError.",
}

LENSKIT_2025 = Convention(
    tool="LensKit",
    version="2025.8",
    arrange=arrange,
    formulas={
        "ndcg": lambda lists, k: _filled(lists, _ndcg(lists, k)),
        "recall": lambda lists, k: _filled(lists, _recall(lists, k)),
        "precision": _precision,
        "map": _map,
        "mrr": lambda lists, k: _filled(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _filled(lists, lists.any_hit(k)),
    },
    notes=_NOTES,
)

LENSKIT_2026 = Convention(
    tool="LensKit",
    version="2026.4",
    arrange=arrange,
    formulas={
        "ndcg": lambda lists, k: _skipped(lists, _ndcg(lists, k)),
        "recall": lambda lists, k: _skipped(lists, _recall(lists, k)),
        "precision": _precision,
        "map": _map,
        "mrr": lambda lists, k: _skipped(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _skipped(lists, lists.any_hit(k)),
    },
    notes=_NOTES,
)
