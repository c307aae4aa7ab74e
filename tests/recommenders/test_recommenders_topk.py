from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matrices import matrix_of

from recsim.recommenders.topk import NOTHING, Selection, rank_factors


def ranked(scores: list[list[float]], k: int, **options: object) -> tuple[list[list[int]], list[list[float]]]:
    block = np.array(scores, np.float32)
    selection = Selection(np.arange(len(block)), k, **{"seen": None, **options})  # type: ignore[arg-type]
    selection.offer(block)
    slates = selection.slates()
    return slates.products.tolist(), slates.scores.tolist()


def test_the_best_come_first_and_equals_by_product_id() -> None:
    assert ranked([[1, 3, 3, 0, 3, 2]], 4)[0] == [[1, 2, 4, 5]]


def test_among_equals_the_lowest_ids_are_kept() -> None:
    assert ranked([[1.0] * 200], 3)[0] == [[0, 1, 2]]


def test_a_list_is_short_where_the_catalogue_is() -> None:
    products, scores = ranked([[2, 1]], 4)
    assert products == [[0, 1, NOTHING, NOTHING]]
    assert scores == [[2, 1, -np.inf, -np.inf]]


def test_what_was_seen_is_left_out() -> None:
    assert ranked([[5, 4, 3, 2, 1, 0], [5, 4, 3, 2, 1, 0]], 2, seen=matrix_of([0, 2], [1]))[0] == [[1, 3], [0, 2]]


def test_a_product_needs_a_score_above_the_floor() -> None:
    assert ranked([[0, 1, 0, -1]], 3, floor=0.0)[0] == [[1, NOTHING, NOTHING]]


def test_a_score_that_is_no_number_is_never_listed() -> None:
    assert ranked([[np.nan, 1, -np.inf, 2]], 4)[0] == [[3, 1, NOTHING, NOTHING]]


@given(st.data())
def test_selecting_in_blocks_is_sorting_the_whole(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 300))
    k = data.draw(st.integers(1, 40))
    random = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    scores = random.integers(0, data.draw(st.sampled_from([2, 50, 10_000])), (3, width)).astype(np.float32)
    seen = [np.flatnonzero(random.random(width) < 0.2).tolist() for _ in range(3)]
    selection = Selection(np.arange(3), k, seen=matrix_of(*seen, products=width))
    cut = data.draw(st.integers(0, width))
    selection.offer(scores[:, :cut].copy())
    selection.offer(scores[:, cut:].copy(), first_product=cut)
    slates = selection.slates()
    for row in range(3):
        left = np.setdiff1d(np.arange(width), seen[row])
        expected = left[np.argsort(-scores[row, left], kind="stable")][:k]
        size = len(expected)
        assert slates.products[row, :size].tolist() == expected.tolist()
        assert slates.scores[row, :size].tolist() == scores[row, expected].tolist()
        assert (slates.products[row, size:] == NOTHING).all()


def test_factors_over_several_tiles_rank_as_one_product_would() -> None:
    random = np.random.default_rng(1)
    users = random.integers(-4, 5, (1100, 8)).astype(np.float32)
    products = random.integers(-4, 5, (4500, 8)).astype(np.float32)
    wanted = np.arange(1099, -1, -1)
    slates = rank_factors(users, products, wanted, 10, seen=None)
    scores = users[wanted] @ products.T
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    assert (slates.products == expected).all()
    assert slates.scores == pytest.approx(np.take_along_axis(scores, expected, axis=1))
