"""implicit 0.7 `ranking_metrics_at_k`: its "precision" is all hits ÷ all min(k, relevant), over users together."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ideal, log_discount


def _precision(lists: Lists, k: int) -> float:
    judged = lists.judged
    possible = np.minimum(lists.relevant, k)[judged].sum()
    return float(lists.found(k)[judged].sum() / possible) if possible else float("nan")


def _in_turn(terms: Floats, users: int) -> float:
    """Σ one term after another, as its loop adds them (NumPy adds in pairs), ÷ users."""
    return float(np.cumsum(terms)[-1] / users) if users else float("nan")


def _ndcg(lists: Lists, k: int) -> float:
    hits = lists.hits[lists.judged, :k]
    gains = hits * log_discount(hits.shape[1]) / ideal(np.minimum(lists.relevant[lists.judged], k))[:, None]
    return _in_turn(gains.ravel(), len(hits))


def _map(lists: Lists, k: int) -> float:
    precisions = np.cumsum(lists.hits[:, :k], axis=1) / np.arange(1, lists.hits[:, :k].shape[1] + 1)
    sums = np.cumsum(lists.hits[:, :k] * precisions, axis=1)[:, -1]
    return _in_turn((sums / np.maximum(np.minimum(lists.relevant, k), 1))[lists.judged], int(lists.judged.sum()))


IMPLICIT = Convention(
    tool="implicit",
    version="0.7.3",
    arrange=arrange,
    formulas={"ndcg": _ndcg, "precision": _precision, "map": _map},
    notes={
        "*": "It takes the order its own model recommends in; users without a list count as 0.",
        "precision": "Hits of all users ÷ min(k, relevant) of all users: a recall of what k places can hold.",
        "map": "AP is divided by min(k, relevant).",
    },
)
