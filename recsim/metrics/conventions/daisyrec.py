"""DaisyRec 2.3: NDCG and AP are normalised by the list's own hits, so one hit at rank 1 is perfect."""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ideal, ratio


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


def _own_ideal(lists: Lists, k: int) -> Floats:
    return ideal(lists.found(k).astype(np.int64))


DAISYREC = Convention(
    tool="DaisyRec",
    version="2.3.0",
    arrange=arrange,
    formulas={
        "ndcg": lambda lists, k: _all(lists, ratio(lists.dcg(k), _own_ideal(lists, k))),
        "recall": lambda lists, k: _all(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _all(lists, lists.found(k) / k),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), lists.found(k))),
        "mrr": lambda lists, k: _all(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
    },
    notes={
        "*": "Its lists are full arrays, so empty places are misses; it takes the order of the list.",
        "ndcg": "IDCG is that of the list's own hits, best first: what was not found does not count against it.",
        "map": "AP is divided by the number of hits in the list.",
    },
)
