"""Scores, slates and propensities."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.errors import BadInput
from recsim.recommenders.rerank import FEATURES, Reranker, propensities

PRODUCTS = np.arange(4)


def reranker(policy: str = "softmax", temperature: float = 1.0, **weights: float) -> Reranker:
    return Reranker(weights or {"affinity": 1.0}, policy, temperature, 7)  # type: ignore[arg-type]


def test_a_score_is_the_weighted_sum_of_the_named_features() -> None:
    features = np.zeros((1, len(FEATURES)), np.float32)
    features[0, FEATURES.index("affinity")], features[0, FEATURES.index("stock")] = 0.5, 1.0
    assert reranker(affinity=2.0, stock=0.3).score(features).tolist() == [pytest.approx(1.3)]


def test_an_unknown_feature_is_refused_with_a_suggestion() -> None:
    with pytest.raises(BadInput, match=r'unknown feature "afinity". Did you mean "affinity"'):
        reranker(afinity=1.0)


def test_top_k_sorts_and_breaks_ties_by_product() -> None:
    order = reranker("top-k").order(np.array([1, 3, 3, 2], np.float32), np.array([9, 8, 7, 6]), 3, request_id=1)
    assert order.places.tolist() == [2, 1, 3]
    assert order.propensities.tolist() == [1.0, 1.0, 1.0]


def test_softmax_gives_a_request_the_same_slate_again_and_another_request_another() -> None:
    scores = np.zeros(50, np.float32)
    first, again, other = (reranker().order(scores, np.arange(50), 10, request_id=n) for n in (1, 1, 2))
    assert first.places.tolist() == again.places.tolist() != other.places.tolist()


def test_softmax_draws_each_slate_as_often_as_its_propensities_say() -> None:
    scores, draws = np.array([1.0, 0.5, 0.0], np.float32), 6_000
    seen = dict.fromkeys(permutations(range(3), 2), 0)
    expected = {}
    for request in range(draws):
        order = reranker().order(scores, PRODUCTS[:3], 2, request_id=request)
        slate = tuple(order.places.tolist())
        seen[slate] += 1
        expected[slate] = float(np.prod(order.propensities))
    assert sum(expected.values()) == pytest.approx(1.0, abs=1e-5)
    for slate, probability in expected.items():
        spread = (probability * (1 - probability) / draws) ** 0.5
        assert abs(seen[slate] / draws - probability) < 4.5 * spread


def test_the_last_product_left_is_certain_and_a_hot_temperature_is_even() -> None:
    order = reranker(temperature=100.0).order(np.array([1, 0], np.float32), PRODUCTS[:2], 2, request_id=1)
    assert order.propensities.tolist() == [pytest.approx(0.5, abs=0.01), pytest.approx(1.0)]


@given(st.lists(st.floats(-2_000, 2_000), min_size=1, max_size=30), st.integers(1, 30))
def test_propensities_are_probabilities_however_far_apart_the_scores_are(logits: list[float], k: int) -> None:
    places = np.argsort(-np.array(logits), kind="stable")[:k]
    found = propensities(np.array(logits), places)
    assert len(found) == min(k, len(logits))
    assert ((found > 0) & (found <= 1)).all()


@pytest.mark.parametrize("policy", ["top-k", "softmax"])
def test_no_candidates_make_an_empty_slate(policy: str) -> None:
    order = reranker(policy).order(np.empty(0, np.float32), np.empty(0, np.int64), 5, request_id=1)
    assert len(order.places) == len(order.propensities) == 0
