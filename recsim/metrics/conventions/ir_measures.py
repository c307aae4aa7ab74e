"""ir_measures 0.4: pytrec_eval's values over all users with relevant products; RR@k by its MS MARCO provider."""

from __future__ import annotations

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, arrange, ratio
from recsim.metrics.conventions.trec_eval import in_trec_order, ndcg, r_precision


def _all(lists: Lists, values: Floats) -> float:
    return lists.mean(values, lists.judged)


IR_MEASURES = Convention(
    tool="ir_measures",
    version="0.4.3",
    arrange=in_trec_order,
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
        "*": "Users without a list count as 0; equal scores rank by name, falling.",
        "mrr": "RR@k comes from another provider, which ranks equal scores by name, rising.",
    },
    differs_by={"mrr": lambda run: arrange(run, ties="text up", repeats="last")},
)
