"""RecPack 0.3: `HitK` is a number of hits; scores of a repeated product add up in its sparse matrix."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, Run, arrange, ideal, ratio


def _first(run: Run, k: int) -> Lists:
    """The first k as its `get_top_K_ranks` takes them: scores of a product summed, then NumPy's argpartition."""
    top = np.full((len(run.products), k), -1, np.int64)
    for row, products in enumerate(run.products):
        listed = products >= 0
        names, at = np.unique(products[listed], return_inverse=True)
        size = min(k, len(names))
        if size:
            scores = np.bincount(at, run.listed_scores[row, listed])
            best = np.argpartition(scores, list(range(-size, 0)))[-size:]
            top[row, :size] = names[best[::-1]]
    return arrange(Run(run.users, top, run.truth))


def _mean(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


def _ndcg(run: Run, k: int) -> float:
    lists = _first(run, k)
    return _mean(lists, ratio(lists.dcg(k), ideal(np.minimum(lists.relevant, k))))


def _recall(run: Run, k: int) -> float:
    lists = _first(run, k)
    return _mean(lists, ratio(lists.found(k), lists.relevant))


def _hits(run: Run, k: int) -> float:
    lists = _first(run, k)
    return _mean(lists, lists.found(k))


def _reciprocal_rank(run: Run, k: int) -> float:
    lists = _first(run, k)
    return _mean(lists, lists.reciprocal_rank(k))


RECPACK = Convention(
    tool="RecPack",
    version="0.3.6",
    arrange=lambda run: run,
    formulas={
        "ndcg": _ndcg,
        "recall": _recall,
        "precision": lambda run, k: _hits(run, k) / k,
        "mrr": _reciprocal_rank,
        "hit": _hits,
    },
    notes={
        "*": "Equal scores rank as NumPy's argpartition leaves them, which may differ between machines.",
        "hit": "HitK counts the hits of a user, so it can pass 1.",
    },
)
