"""trec_eval 9 as pytrec_eval runs it (without -c): single-precision scores, ties by document name falling."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, Run, arrange, ideal, ratio


def in_trec_order(run: Run) -> Lists:
    """Scores in single precision, highest first; equal scores by name, last in the alphabet first."""
    return arrange(run, ties="text down", repeats="last", single=True)


def _answered(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged & lists.listed)


def ndcg(lists: Lists, k: int) -> Floats:
    """ndcg_cut_k of every row: IDCG over min(k, relevant)."""
    return ratio(lists.dcg(k), ideal(np.minimum(lists.relevant, k)))


def r_precision(lists: Lists) -> Floats:
    """Rprec of every row."""
    inside = np.arange(lists.hits.shape[1]) < lists.relevant[:, None]
    return ratio((lists.hits & inside).sum(axis=1).astype(np.float64), lists.relevant)


TREC_EVAL = Convention(
    tool="trec_eval",
    version="9 (pytrec_eval 0.5)",
    arrange=in_trec_order,
    formulas={
        "ndcg": lambda lists, k: _answered(lists, ndcg(lists, k)),
        "recall": lambda lists, k: _answered(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _answered(lists, lists.found(k) / k),
        "map": lambda lists, k: _answered(lists, ratio(lists.precision_sum(k), lists.relevant)),
        "mrr": lambda lists, _: _answered(lists, lists.reciprocal_rank(lists.hits.shape[1])),
        "hit": lambda lists, k: _answered(lists, lists.any_hit(k)),
        "r_precision": lambda lists, _: _answered(lists, r_precision(lists)),
    },
    notes={
        "*": "Users without a list are left out of the mean (no -c); equal scores rank by name, falling.",
        "mrr": "recip_rank is not cut at k: it looks at the whole list.",
    },
)
