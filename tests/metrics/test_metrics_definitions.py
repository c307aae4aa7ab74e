from __future__ import annotations

from math import log2

import numpy as np
import pytest
from judging import judged
from sklearn.metrics import ndcg_score

from recsim.metrics import METRICS
from recsim.metrics.base import Definition, Metric, parse

ACCURACY = [name for name in METRICS.names() if METRICS.load(name).per_user and METRICS.load(name).looks_at_truth]
ACCURACY.remove("serendipity")  # it needs a training part

# Products 1, 7 and 9 are relevant; the list finds 7 at rank 2 and 1 at rank 4.
LISTED = [[3, 7, 4, 1, 5]]
RELEVANT = [1, 7, 9]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recall@5", 2 / 3),
        ("recall@2", 1 / 3),
        ("recall_cap@2", 1 / 2),
        ("precision@5", 2 / 5),
        ("precision@2", 1 / 2),
        ("hit@1", 0.0),
        ("hit@2", 1.0),
        ("mrr@5", 1 / 2),
        ("mrr@1", 0.0),
        ("mrr", 1 / 2),
        ("map@5", (1 / 2 + 2 / 4) / 3),
        ("map@2", (1 / 2) / 3),
        ("map_min@2", (1 / 2) / 2),
        ("ndcg@5", (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / 2)),
        ("ndcg@2", (1 / log2(3)) / (1 + 1 / log2(3))),
    ],
)
def test_a_metric_of_one_list_is_what_pencil_and_paper_say(name: str, value: float) -> None:
    assert parse(name).per_user(judged(LISTED, RELEVANT)).tolist() == pytest.approx([value], abs=1e-15)


@pytest.mark.parametrize("name", ["recall@3", "recall_cap@3", "ndcg@3", "hit@3", "mrr@3", "map@3", "map_min@3"])
def test_a_perfect_list_scores_one_and_a_useless_one_zero(name: str) -> None:
    lists = judged([[4, 2, 8], [30, 31, 32]], [2, 4, 8], [5, 6, 7])
    assert parse(name).per_user(lists).tolist() == pytest.approx([1.0, 0.0], abs=1e-15)


def test_ndcg_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(5)
    lists = np.array([random.permutation(50)[:20] for _ in range(40)])
    relevant = [sorted(random.choice(50, random.integers(1, 15), replace=False).tolist()) for _ in range(40)]
    gains = np.zeros((40, 50))
    scores = np.zeros((40, 50))
    for user in range(40):
        gains[user, relevant[user]] = 1.0
        scores[user, lists[user]] = np.arange(20, 0, -1)
    mine = parse("ndcg@20").per_user(judged(lists.tolist(), *relevant)).mean()
    assert mine == pytest.approx(ndcg_score(gains, scores, k=20), abs=1e-12)


def test_an_empty_place_is_a_miss_and_a_list_of_none_counts_as_zero() -> None:
    lists = judged([[1, -1, -1], [-1, -1, -1]], [1], [2])
    assert parse("precision@3").per_user(lists).tolist() == [1 / 3, 0.0]
    assert parse("ndcg@3").per_user(lists).tolist() == [1.0, 0.0]


def test_a_depth_beyond_the_lists_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="needs lists of 10 places"):
        parse("recall@10").per_user(judged(LISTED, RELEVANT))


@pytest.mark.parametrize("name", ACCURACY)
def test_every_metric_of_the_table_keeps_its_bounds(name: str) -> None:
    definition = METRICS.load(name)
    assert isinstance(definition, Definition)
    random = np.random.default_rng(1)
    lists = [random.permutation(50)[:10].tolist() for _ in range(200)]
    truth = [sorted(random.choice(50, random.integers(1, 30), replace=False).tolist()) for _ in range(200)]
    values = Metric(name, 10).per_user(judged(lists, *truth))
    assert values.shape == (200,)
    assert definition.least <= values.min() < values.max() <= definition.most + 1e-12
