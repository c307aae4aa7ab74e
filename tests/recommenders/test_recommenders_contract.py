"""What holds for every recommender of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matrices import described, in_a_row, matrix_of, two_clubs

from recsim.errors import BadInput
from recsim.recommenders import RECOMMENDERS
from recsim.recommenders.base import Histories, Interactions, Slates
from recsim.recommenders.topk import NOTHING

NAMES = RECOMMENDERS.names()
LEARNERS = [name for name in NAMES if name not in ("random", "popular", "personal-popular", "session-popular")]
CONTINUERS = [name for name in NAMES if hasattr(RECOMMENDERS.load(name), "recommend_after")]


def fitted(name: str, interactions: Interactions, seed: int = 1) -> Any:
    model = RECOMMENDERS.load(name)()
    model.fit(described(in_a_row(interactions)), seed=seed)
    return model


def everybody(model: Any, interactions: Interactions, k: int = 10) -> Slates:
    return model.recommend(np.arange(interactions.users), k, mask_seen=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_holds_distinct_unseen_products_best_first(name: str) -> None:
    clubs = two_clubs()
    slates = everybody(fitted(name, clubs), clubs)
    assert slates.products.shape == slates.scores.shape == (60, 10)
    for user in range(60):
        listed = slates.products[user][slates.products[user] != NOTHING]
        assert len(set(listed)) == len(listed) > 0
        assert not set(listed) & set(clubs.matrix[user].indices)
        assert (np.diff(slates.scores[user][: len(listed)]) <= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_lists(name: str) -> None:
    clubs = two_clubs()
    first, second = (everybody(fitted(name, clubs, seed=7), clubs) for _ in range(2))
    assert (first.products == second.products).all()
    assert (first.scores == second.scores).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_list_does_not_depend_on_who_else_is_asked_about(name: str) -> None:
    clubs = two_clubs()
    model = fitted(name, clubs)
    whole = everybody(model, clubs)
    some = model.recommend(np.array([41, 3, 17]), 10, mask_seen=True)
    assert some.users.tolist() == [41, 3, 17]
    assert (some.products == whole.products[[41, 3, 17]]).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_seen_may_come_back_if_it_is_not_masked(name: str) -> None:
    clubs = two_clubs()
    slates = fitted(name, clubs).recommend(np.arange(60), 40, mask_seen=False)
    assert any(set(slates.products[user]) & set(clubs.matrix[user].indices) for user in range(60))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_finds_the_club(name: str) -> None:
    clubs = two_clubs(users=600, products=200)  # more products than any model has factors
    slates = everybody(fitted(name, clubs), clubs, k=5)
    own = [(row[row != NOTHING] % 2 == user % 2) for user, row in enumerate(slates.products)]
    assert np.concatenate(own).mean() > 0.95


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_has_nothing_to_say_to_a_stranger(name: str) -> None:
    matrix = matrix_of([0, 1], [0, 1, 2], [], [1, 2], [3, 4], [3, 4, 5], [4, 5])
    slates = everybody(fitted(name, Interactions(matrix)), Interactions(matrix), k=3)
    assert (slates.products[2] == NOTHING).all()
    assert np.isneginf(slates.scores[2]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_product_nobody_met_does_no_harm(name: str) -> None:
    matrix = matrix_of([0, 1], [0, 1, 2], [1, 2], products=9)
    slates = everybody(fitted(name, Interactions(matrix)), Interactions(matrix), k=9)
    assert np.isfinite(slates.scores[slates.products != NOTHING]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_list_longer_than_the_catalogue_is_filled_up_with_nothing(name: str) -> None:
    clubs = two_clubs(users=20, products=20)
    slates = fitted(name, clubs).recommend(np.arange(20), 30, mask_seen=True)
    assert slates.products.shape == (20, 30)
    assert (slates.products[:, 20:] == NOTHING).all()
    assert np.isneginf(slates.scores[slates.products == NOTHING]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_world_where_nobody_did_anything_gives_no_error(name: str) -> None:
    nothing = Interactions(matrix_of([], [], []))
    slates = everybody(fitted(name, nothing), nothing, k=4)
    assert slates.products.shape == (3, 4)


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_changes_nothing_it_was_given(name: str) -> None:
    clubs = in_a_row(two_clubs())
    before = (clubs.matrix.data.copy(), clubs.matrix.indices.copy())
    fitted(name, clubs)
    assert (clubs.matrix.data == before[0]).all()
    assert (clubs.matrix.indices == before[1]).all()


@pytest.mark.parametrize("name", CONTINUERS)
def test_a_history_is_continued_with_what_it_does_not_hold_if_asked(name: str) -> None:
    clubs = two_clubs()
    model = fitted(name, clubs)
    cases = Histories(np.array([3, 90, 4]), np.array([0, 3, 3, 5]), np.array([2, 6, 4, 7, 9]))
    masked, open_ = (model.recommend_after(cases, 8, mask_seen=mask) for mask in (True, False))
    assert masked.users.tolist() == [3, 90, 4]
    assert not set(masked.products[0]) & {2, 4, 6}
    assert not set(masked.products[2]) & {7, 9}
    for slates in (masked, open_):
        listed = slates.products[0][slates.products[0] != NOTHING]
        assert len(set(listed)) == len(listed) > 0
        assert (np.diff(slates.scores[0][: len(listed)]) <= 0).all()


@pytest.mark.parametrize("name", CONTINUERS)
def test_a_continuation_does_not_depend_on_the_cases_beside_it(name: str) -> None:
    clubs = two_clubs()
    model = fitted(name, clubs)
    cases = Histories(np.array([0, 1, 2]), np.array([0, 2, 4, 6]), np.array([2, 6, 5, 7, 10, 2]))
    alone = Histories(np.array([2]), np.array([0, 2]), np.array([10, 2]))
    together, by_itself = (model.recommend_after(some, 8, mask_seen=True) for some in (cases, alone))
    assert together.scores[2] == pytest.approx(by_itself.scores[0], abs=1e-5)  # BLAS adds one row in an own order


@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_grows_with_the_matrix(name: str) -> None:
    model = RECOMMENDERS.load(name)()
    small, large = model.cost(1_000, 1_000, 10_000), model.cost(100_000, 50_000, 5_000_000)
    assert 0 < small.memory_bytes < large.memory_bytes
    assert 0 < small.cpu_s < large.cpu_s


def test_an_unknown_recommender_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BadInput, match=r'unknown recommender "populr". Did you mean "popular"'):
        RECOMMENDERS.load("populr")
