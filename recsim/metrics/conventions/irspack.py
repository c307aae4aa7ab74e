"""irspack 0.5, `Evaluator` on a score matrix: a short list is measured by its own length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ideal, ratio


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


def _places(lists: Lists, k: int) -> NDArray[np.int64]:
    return np.minimum(lists.lengths, k)


IRSPACK = Convention(
    tool="irspack",
    version="0.5.2",
    arrange=lambda run: arrange(run, ties="name up", repeats="last"),
    formulas={
        "ndcg": lambda lists, k: _all(lists, ratio(lists.dcg(k), ideal(np.minimum(lists.relevant, _places(lists, k))))),
        "recall": lambda lists, k: _all(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _all(lists, ratio(lists.found(k), _places(lists, k))),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), lists.relevant)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
    },
    notes={
        "*": "Equal scores rank by product number, rising; users without a list count as 0.",
        "ndcg": "IDCG is over min(relevant, length of the list), so a short list is excused.",
        "precision": "Precision is divided by the length of a short list.",
    },
)
