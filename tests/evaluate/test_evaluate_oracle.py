from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate_worlds import events, world_of

from recsim.dataset import Dataset
from recsim.evaluate import oracle
from recsim.evaluate.engine import Question, evaluate
from recsim.scenario import Scenario
from recsim.scenario.world import Behaviour

LIKES_FIRST = {
    "user_id": 0, "taste": [1.0, 0.0], "sessions_per_day": 1.0, "price_sensitivity": 1.0, "conformity": 0.0,
    "interests": [0],
}  # fmt: skip
LIKES_SECOND = {**LIKES_FIRST, "user_id": 1, "taste": [0.0, 1.0], "interests": [1]}


def product(number: int, category: int, taste: list[float], popularity: float = 1.0) -> dict[str, Any]:
    return {
        "product_id": number, "taste": taste, "category_id": category, "niche_id": category, "quality": 0.0,
        "popularity": popularity,
    }  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Dataset:
    """Products 0, 2, 4 of category 0 and 1, 3 of category 1; 4 costs four times its neighbours."""
    tables = {
        "events": events((0, 0, 1, "view_product"), (1, 1, 1, "view_product"), (0, 2, 9, "view_product")),
        "products": [{"product_id": n, "price_usd": 40.0 if n == 4 else 10.0} for n in range(5)],
        "truth/users": [LIKES_FIRST, LIKES_SECOND],
        "truth/products": [
            product(0, 0, [1.0, 0.0]), product(1, 1, [0.0, 1.0]), product(2, 0, [0.5, 0.0]),
            product(3, 1, [0.0, 0.5], 3.0), product(4, 0, [0.5, 0.0]),
        ],
    }  # fmt: skip
    return world_of(tmp_path, tables, users=2, products=5)


def test_the_likelihood_is_the_formula_by_hand(world: Dataset) -> None:
    scenario = Scenario(behaviour=Behaviour(taste_weight=2.0, consideration=4, similar_share=0.0))
    found = oracle.read_truth(world, scenario).likelihood(np.array([0]))[0]
    appeal = np.exp([2.0, 1.0, 1.0 - np.log(4.0)])  # products 0, 2 and 4 of the first user's category
    expected = 0.95 * (1 / 3) * appeal / (appeal + 3 * appeal.mean())
    assert found[[0, 2, 4]] == pytest.approx(expected, rel=1e-5)
    assert found[[1, 3]] == pytest.approx(0.05 * np.array([0.25, 0.75]) / 4, rel=1e-5)


def test_near_substitutes_of_what_is_likely_are_likely(world: Dataset) -> None:
    """With one niche a category, going on inside the niche repeats the choice: the same ranks, larger chances."""
    alone = oracle.read_truth(world, Scenario(behaviour=Behaviour(similar_share=0.0))).likelihood(np.array([0]))[0]
    found = oracle.read_truth(world, Scenario(behaviour=Behaviour(similar_share=0.2))).likelihood(np.array([0]))[0]
    assert (found > alone).all()
    assert found[[0, 2, 4]].argsort().tolist() == alone[[0, 2, 4]].argsort().tolist()


def test_the_oracle_ranks_by_it_and_leaves_out_what_was_seen(world: Dataset) -> None:
    truth = oracle.read_truth(world, Scenario())
    assert oracle.rank_by_truth(truth, np.array([0, 1]), 3, seen=None).products.tolist() == [[0, 2, 4], [1, 3, 0]]


def test_scores_are_given_as_a_share_of_the_oracles(world: Dataset, tmp_path: Path) -> None:
    evaluate(Scenario(), world, tmp_path / "run", Question(["random"], ["mrr@4"], "auto"), force=False)
    found = json.loads((tmp_path / "run" / "results.json").read_text())
    best = {row["recommender"]: row for row in found["scores"]}
    assert found["leaderboard"] == ["random"]
    assert (best["oracle"]["value"], best["oracle"]["share_of_oracle"]) == (1.0, None)
    assert best["random"]["share_of_oracle"] == best["random"]["value"]
