from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluate_worlds import HOUR_US, events, pairs, world_of
from hypothesis import given
from hypothesis import strategies as st

from recsim.errors import BadInput
from recsim.evaluate.matrix import interactions
from recsim.evaluate.rows import Rows, read_rows, source_of

SIGNALS = {"view_product": 1.0, "purchase": 5.0}


def test_events_weigh_what_the_signals_say(tmp_path: Path) -> None:
    log = events((0, 1, 1, "view_product"), (0, 1, 2, "purchase"), (0, 2, 3, "upvote"), (1, -1, 4, "search_query"))
    world = world_of(tmp_path, {"events": log}, users=2, products=3)
    (rows,) = read_rows(world, source_of(world), SIGNALS)
    found = interactions(rows, 2, 3)
    assert found.matrix.toarray().tolist() == [[0, 6, 0], [0, 0, 0]]
    assert found.last_us is not None
    assert found.last_us.tolist() == [2 * HOUR_US]


def test_a_second_delivery_of_an_event_adds_nothing(tmp_path: Path) -> None:
    log = events((0, 1, 1, "view_product"))
    world = world_of(tmp_path, {"events": log + log}, users=1, products=2)
    (rows,) = read_rows(world, "events", SIGNALS)
    assert interactions(rows, 1, 2).matrix.data.tolist() == [1.0]


def test_interactions_weigh_their_value(tmp_path: Path) -> None:
    rated = [{**row, "value": value} for row, value in zip(pairs("train", (0, 0), (0, 1)), (4.0, 0.0), strict=True)]
    world = world_of(tmp_path, {"interactions": rated}, users=1, products=2)
    (rows,) = read_rows(world, source_of(world), SIGNALS)
    assert interactions(rows, 1, 2).matrix.toarray().tolist() == [[4, 0]]


def test_a_world_in_which_nobody_did_anything_is_refused(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"products": [{"product_id": 0}]}, users=1, products=1)
    with pytest.raises(BadInput, match="no events, interactions or reviews"):
        source_of(world)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 9), st.integers(0, 99)), max_size=40))
def test_the_matrix_holds_each_pairs_sum_and_last_time(rows: list[tuple[int, int, int, int]]) -> None:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    found = interactions(Rows(columns[:, 0], columns[:, 1], columns[:, 2].astype(float), columns[:, 3]), 5, 6)
    expected = np.zeros((5, 6))
    last: dict[tuple[int, int], int] = {}
    for user, product, weight, when in rows:
        expected[user, product] += weight
        last[user, product] = max(last.get((user, product), 0), when)
    assert found.matrix.toarray().tolist() == expected.tolist()
    assert found.matrix.has_canonical_format
    assert found.last_us is not None
    assert found.last_us.tolist() == [last[pair] for pair in sorted(last)]
