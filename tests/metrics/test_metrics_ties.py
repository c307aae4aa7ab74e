"""Tied places count as the mean over all orders: held against every order, one after another."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from judging import judged, truth_of

from recsim.metrics.base import parse
from recsim.metrics.judged import judge

NAMES = ["recall@3", "precision@3", "hit@3", "hits@3", "mrr@3", "mrr", "map@3", "map_min@4", "ndcg@3", "dcg@2"]
NAMES += ["ndcg_exp@3", "dcg_linear@3", "r_precision", "auc@4", "auc"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scores", [[5, 4, 4, 4, 1], [5, 5, 4, 3, 3], [2, 2, 2, 2, 2], [5, 4, 3, 2, 1]])
def test_a_tie_is_the_mean_over_its_orders(name: str, scores: list[int]) -> None:
    products, relevant = [3, 7, 4, 1, 5], [1, 4, 7]
    orders = [order for order in permutations(range(5)) if [scores[at] for at in order] == scores]
    each = [parse(name).per_user(judged([[products[at] for at in order]], relevant))[0] for order in orders]
    truth = truth_of(relevant)
    mine = judge(np.arange(1), np.array([products]), truth, scores=np.array([scores], np.float32))
    assert parse(name).per_user(mine)[0] == pytest.approx(np.mean(each), abs=1e-14)


def test_a_constant_scorer_gets_what_scikit_learn_gives_it() -> None:
    for relevant in (0, 19):
        lists = judge(np.arange(1), np.arange(20)[None], truth_of([relevant]), scores=np.ones((1, 20)))
        assert parse("ndcg@10").per_user(lists)[0] == pytest.approx(0.227, abs=5e-4)


def test_the_listed_order_is_taken_on_request_and_ties_are_counted_all_the_same() -> None:
    scores = np.array([[2.0, 2.0, 1.0, 1.0, 1.0]])
    lists = judge(np.arange(1), np.array([[3, 7, 4, 1, 5]]), truth_of([7]), scores=scores, ties="listed")
    assert parse("mrr").per_user(lists)[0] == 0.5
    assert lists.tied_places.tolist() == [5]
    assert lists.tied_at_end.tolist() == [True]


def test_a_dropped_duplicate_leaves_no_gap_in_a_tie() -> None:
    scores = np.array([[2.0, 2.0, 2.0, 1.0, 1.0]])
    lists = judge(np.arange(1), np.array([[3, 3, 7, -1, 5]]), truth_of([7]), scores=scores)
    assert lists.tied_places.tolist() == [2]
    assert parse("mrr").per_user(lists)[0] == 0.75
