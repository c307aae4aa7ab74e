"""RecBole 1.2: AP over min(k, relevant); every user with test items counts. (It rounds to four decimals.)"""

from __future__ import annotations

import numpy as np

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ratio
from recsim.metrics.conventions.trec_eval import ndcg


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


RECBOLE = Convention(
    tool="RecBole",
    version="1.2.1",
    arrange=lambda run: arrange(run, repeats="first"),
    formulas={
        "ndcg": lambda lists, k: _all(lists, ndcg(lists, k)),
        "recall": lambda lists, k: _all(lists, ratio(lists.found(k), lists.relevant)),
        "precision": lambda lists, k: _all(lists, lists.found(k) / k),
        "map": lambda lists, k: _all(lists, ratio(lists.precision_sum(k), np.minimum(lists.relevant, k))),
        "mrr": lambda lists, k: _all(lists, lists.reciprocal_rank(k)),
        "hit": lambda lists, k: _all(lists, lists.any_hit(k)),
    },
    notes={
        "*": "It prints four decimals; equal scores rank as torch.topk leaves them, taken here as listed.",
        "map": "AP is divided by min(k, relevant), not by relevant.",
    },
)
