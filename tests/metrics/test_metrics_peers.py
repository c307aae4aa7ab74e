"""5,000 random users, each metric a user, against ranx and ir_measures to 1e-9.

The lists have ties, duplicates, empty places and empty lists, and a tenth of the users has nothing relevant. The tools
break ties in different ways, so one order is fixed for all: trec_eval's, score falling and then name falling. It is
given to recsim as the listed order and to ranx as scores without ties; ir_measures gets the scores with their ties.
Users without truth have no value in recsim and are left out; users without a list are 0 everywhere.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsim.metrics.base import parse
from recsim.metrics.conventions.lists import Run
from recsim.metrics.conventions.trec_eval import in_trec_order
from recsim.metrics.judged import Judged, judge

USERS, PRODUCTS, DEPTH = 5000, 300, 20
PAIRS = [
    ("ndcg@10", "nDCG@10", "ndcg@10"),
    ("ndcg@20", "nDCG@20", "ndcg@20"),
    ("recall@10", "R@10", "recall@10"),
    ("precision@10", "P@10", "precision@10"),
    ("map@10", "AP@10", "map@10"),
    ("hit@10", "Success@10", "hit_rate@10"),
    ("r_precision", "Rprec", "r-precision"),
]


@pytest.fixture(scope="module")
def world() -> tuple[Judged, dict[str, dict[str, int]], dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    random = np.random.default_rng(17)
    products = random.integers(0, PRODUCTS, (USERS, DEPTH))
    scores = np.round(random.random((USERS, DEPTH)), 1)
    products[random.random((USERS, DEPTH)) < 0.05] = -1
    products[random.random(USERS) < 0.1] = -1
    relevant = random.random((USERS, PRODUCTS)) < random.choice([0.01, 0.04], (USERS, 1))
    relevant[np.arange(USERS)[:, None], np.maximum(products, 0)] |= random.random((USERS, DEPTH)) < 0.15
    relevant[:, 0] = False
    relevant[random.random(USERS) < 0.1] = False
    truth = csr_matrix(relevant.astype(np.float32))
    run = Run(np.arange(USERS), products, truth, scores=scores)
    order = in_trec_order(run)
    padded = np.full((len(order.users), DEPTH), -1)
    padded[:, : order.products.shape[1]] = order.products
    mine = judge(order.users, padded, truth)
    users = mine.users.tolist()
    qrels = {
        str(user): {str(item): 1 for item in truth.indices[truth.indptr[user] : truth.indptr[user + 1]]}
        for user in users
    }
    tied: dict[str, dict[str, float]] = {}
    for user, row, values in zip(range(USERS), products.tolist(), scores.tolist(), strict=True):
        listed = {str(item): value for item, value in zip(row, values, strict=True) if item >= 0}
        if listed and str(user) in qrels:
            tied[str(user)] = listed
    strict = {
        str(user): {str(item): float(DEPTH - at) for at, item in enumerate(row) if item >= 0}
        for user, row in zip(users, mine.products.tolist(), strict=True)
        if row[0] >= 0
    }
    return mine, qrels, tied, strict


def test_every_user_has_the_value_of_ir_measures(world: tuple) -> None:  # type: ignore[type-arg]
    ir_measures = pytest.importorskip("ir_measures")
    mine, qrels, tied, _ = world
    assert mine.duplicates == 0
    assert (mine.lengths == 0).sum() > 300
    measures = {ir_measures.parse_measure(theirs): ours for ours, theirs, _ in PAIRS}
    values = {ours: parse(ours).per_user(mine) for ours, _, _ in PAIRS}
    row = {str(user): at for at, user in enumerate(mine.users)}
    seen = 0
    for found in ir_measures.iter_calc(list(measures), qrels, tied):
        name = measures[found.measure]
        assert abs(values[name][row[found.query_id]] - found.value) < 1e-9, (name, found.query_id)
        seen += 1
    assert seen >= len(PAIRS) * len(tied)


@pytest.mark.stat  # ranx compiles for a minute
def test_every_user_has_the_value_of_ranx(world: tuple) -> None:  # type: ignore[type-arg]
    ranx = pytest.importorskip("ranx")
    mine, qrels, _, strict = world
    pairs = [(ours, theirs) for ours, _, theirs in PAIRS] + [("mrr@10", "mrr@10")]
    theirs = ranx.evaluate(
        ranx.Qrels(qrels), ranx.Run(strict), [name for _, name in pairs], return_mean=False, make_comparable=True
    )
    order = np.argsort([str(user) for user in mine.users])
    for ours, name in pairs:
        assert np.abs(parse(ours).per_user(mine)[order] - theirs[name]).max() < 1e-9, ours


@pytest.mark.stat
def test_graded_gains_are_those_of_ranx() -> None:
    ranx = pytest.importorskip("ranx")
    random = np.random.default_rng(3)
    lists = np.array([random.permutation(40)[:12] for _ in range(300)])
    grades = random.choice([0, 0, 0, 1, 2, 3], (300, 40))
    grades[:, 0] = 1
    mine = judge(np.arange(300), lists, csr_matrix(grades.astype(np.float64)))
    qrels = {str(u): {str(i): int(grades[u, i]) for i in range(40) if grades[u, i]} for u in range(300)}
    run = {str(u): {str(item): 12.0 - at for at, item in enumerate(lists[u])} for u in range(300)}
    theirs = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), ["ndcg@10", "ndcg_burges@10"], return_mean=True)
    assert parse("ndcg_linear@10").per_user(mine).mean() == pytest.approx(theirs["ndcg@10"], abs=1e-12)
    assert parse("ndcg_exp@10").per_user(mine).mean() == pytest.approx(theirs["ndcg_burges@10"], abs=1e-12)
