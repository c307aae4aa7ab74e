from __future__ import annotations

from pathlib import Path

import pytest
from evaluate_worlds import events, pairs, task_of, world_of

from recsim.errors import BadInput
from recsim.evaluate.protocol import resolve

VIEW = "view_product"


def test_a_given_split_is_taken_as_it_is(tmp_path: Path) -> None:
    rows = pairs("train", (0, 0), (1, 1)) + pairs("validation", (0, 1)) + pairs("test", (0, 2), (1, 0))
    world = world_of(tmp_path, {"interactions": rows}, users=2, products=3)
    split = task_of(world, "auto")
    assert resolve(world, "auto").name == "given"
    assert split.train.matrix.toarray().tolist() == [[1, 0, 0], [0, 1, 0]]
    assert split.truth.toarray().tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_test_without_a_train_is_learned_from_the_log(tmp_path: Path) -> None:
    log = events((0, 0, 1, VIEW), (1, 1, 1, VIEW))
    world = world_of(tmp_path, {"events": log, "interactions": pairs("test", (0, 1))}, users=2, products=2)
    assert task_of(world, "given").train.matrix.toarray().tolist() == [[1, 0], [0, 1]]


def test_global_time_cuts_everybody_at_one_instant_and_tests_what_is_new(tmp_path: Path) -> None:
    log = events((0, 0, 0, VIEW), (0, 1, 79, VIEW), (0, 0, 81, VIEW), (0, 2, 80, VIEW), (1, 3, 100, VIEW))
    world = world_of(tmp_path, {"events": log}, users=2, products=4)
    split = task_of(world, "auto", test_share=0.2)
    assert resolve(world, "auto").name == "global-time"
    assert split.train.matrix.toarray().tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]
    assert split.truth.toarray().tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]]
    assert split.facts == {
        "cut": "1970-01-04T08:00:00Z", "test_share": 0.2, "train_pairs": 2, "train_users": 1, "train_products": 2,
        "test_pairs": 2, "users": 2, "cases": 2, "cold_users": 1, "cold_products": 2, "cold_product_pairs": 2,
        "repeated_pairs": 1,
    }  # fmt: skip


def test_leave_last_out_holds_out_the_last_new_product_and_forgets_what_came_after(tmp_path: Path) -> None:
    log = events(
        (0, 0, 1, VIEW), (0, 1, 2, VIEW), (0, 2, 3, VIEW), (0, 0, 4, VIEW), (0, 2, 5, VIEW), (1, 1, 9, VIEW)
    )  # fmt: skip
    world = world_of(tmp_path, {"events": log}, users=2, products=3)
    split = task_of(world, "leave-last-out")
    assert split.train.matrix.toarray().tolist() == [[1, 1, 0], [0, 1, 0]]
    assert split.truth.toarray().tolist() == [[0, 0, 1], [0, 0, 0]]
    assert split.facts["repeated_pairs"] == 0


def test_a_sample_of_users_is_tested_and_all_are_learned_from(tmp_path: Path) -> None:
    rows = pairs("train", *((u, 0) for u in range(50))) + pairs("test", *((u, 1) for u in range(50)))
    world = world_of(tmp_path, {"interactions": rows}, users=50, products=2)
    some, fewer = (task_of(world, "given", users=n) for n in (20, 10))
    assert some.facts["users"] == some.truth.nnz == 20
    assert some.train.matrix.nnz == 50
    assert set(fewer.truth.nonzero()[0]) < set(some.truth.nonzero()[0])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("leave-last", 'unknown split "leave-last". Did you mean "leave-last-out"'),
        ("global-time", "rows without a time; use --split given"),
        ("leave-last-out", "rows without a time; use --split given"),
    ],
)
def test_a_split_the_world_can_not_make_is_refused(tmp_path: Path, kind: str, says: str) -> None:
    world = world_of(tmp_path, {"interactions": pairs("train", (0, 0), (0, 1))}, users=1, products=2)
    with pytest.raises(BadInput, match=says):
        task_of(world, kind)


def test_a_world_without_a_test_split_names_the_others(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"interactions": pairs("train", (0, 0))}, users=1, products=1)
    with pytest.raises(BadInput, match="brings no test split; use --split global-time or --split leave-last-out"):
        resolve(world, "given")


def test_a_split_that_leaves_nothing_is_refused(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"events": events((0, 0, 1, VIEW), (0, 0, 9, VIEW))}, users=1, products=1)
    with pytest.raises(BadInput, match="leaves nothing to test on"):
        task_of(world, "global-time")


def test_signals_that_weigh_nothing_are_refused(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"events": events((0, 0, 1, "upvote"))}, users=1, products=1)
    with pytest.raises(BadInput, match="no row of table events of world tiny has a weight above 0"):
        task_of(world, "global-time")
