"""ranx 0.3.21 with make_comparable=True: like ir_measures, but equal scores in the order of its unstable sort."""

from __future__ import annotations

import numpy as np
from numba import njit

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, Run, arrange, ratio
from recsim.metrics.conventions.trec_eval import ndcg, r_precision


@njit(cache=True)
def _numba_order(negative, lengths, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(len(lengths)):
        out[row, : lengths[row]] = np.argsort(negative[row, : lengths[row]])


def in_ranx_order(run: Run) -> Lists:
    """Highest score first by numba's quicksort, which ranx sorts with: equal scores end up where it leaves them."""
    rows, depth = run.products.shape
    negative, products = np.zeros((rows, depth)), np.full((rows, depth), -1, np.int64)
    lengths = np.zeros(rows, np.int64)
    for row in range(rows):
        kept = run.products[row] >= 0
        scores = dict(zip(run.products[row, kept].tolist(), run.listed_scores[row, kept].tolist(), strict=True))
        lengths[row] = len(scores)
        products[row, : len(scores)] = list(scores)
        negative[row, : len(scores)] = -np.array(list(scores.values()))
    order = np.tile(np.arange(depth), (rows, 1))
    _numba_order(negative, lengths, order)
    return arrange(Run(run.users, np.take_along_axis(products, order, axis=1), run.truth))


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


RANX = Convention(
    tool="ranx",
    version="0.3.21",
    arrange=in_ranx_order,
    formulas={
        "ndcg": lambda lists, k: _all(lists, ndcg(lists, k)),
        "recall": lambda lists, k: _all(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _all(lists, lists.found(k) / k),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), lists.relevant)),
        "mrr": lambda lists, k: _all(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
        "r_precision": lambda lists, _: _all(lists, r_precision(lists)),
    },
    notes={
        "*": "With make_comparable=True, without which it refuses a run that lacks users or has others; users without "
        "a list then count as 0; equal scores rank as its unstable sort leaves them.",
    },
)
