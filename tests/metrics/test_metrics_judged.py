from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import judged, truth_of

from recsim.metrics.judged import judge


def test_a_hit_stands_at_its_rank() -> None:
    assert judged([[3, 7, 4, 1]], [1, 7, 9]).hits.tolist() == [[False, True, False, True]]


def test_a_repeated_product_counts_once_and_what_follows_moves_up() -> None:
    lists = judged([[7, 7, 3, 7, 1]], [1, 7])
    assert lists.hits.tolist() == [[True, False, True, False, False]]
    assert lists.lengths.tolist() == [3]
    assert lists.duplicates == 2


def test_a_user_without_a_list_is_judged_and_one_without_truth_is_not() -> None:
    lists = judge(np.array([2, 0]), np.array([[5], [6]]), truth_of([6], [7], []))
    assert lists.users.tolist() == [0, 1]
    assert lists.answered.tolist() == [True, False]
    assert lists.relevant.tolist() == [1, 1]
    assert lists.without_truth == 1


def test_an_empty_place_in_the_middle_is_closed() -> None:
    lists = judged([[-1, 7, -1, 1]], [1])
    assert lists.hits.tolist() == [[False, True, False, False]]
    assert lists.lengths.tolist() == [2]


def test_two_lists_for_one_user_are_refused() -> None:
    with pytest.raises(ValueError, match="two lists"):
        judge(np.array([0, 0]), np.array([[1], [2]]), truth_of([1]))


def test_a_product_the_truth_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="product 50 was listed, the truth knows 50"):
        judge(np.array([0]), np.array([[50]]), truth_of([1]))


places = st.lists(st.integers(-1, 11), min_size=6, max_size=6)


@given(
    st.lists(st.tuples(places, st.sets(st.integers(0, 11))), min_size=1, max_size=8).filter(
        lambda users: any(relevant for _, relevant in users)
    )
)
def test_judging_is_what_ordered_sets_say(users: list[tuple[list[int], set[int]]]) -> None:
    lists = judged([listed for listed, _ in users], *[sorted(relevant) for _, relevant in users])
    row = 0
    for listed, relevant in users:
        if not relevant:
            continue
        distinct = list(dict.fromkeys(product for product in listed if product >= 0))
        expected = [product in relevant for product in distinct]
        assert lists.hits[row].tolist() == expected + [False] * (6 - len(expected))
        assert lists.lengths[row] == len(distinct)
        assert lists.relevant[row] == len(relevant)
        row += 1
    assert row == len(lists.users)
