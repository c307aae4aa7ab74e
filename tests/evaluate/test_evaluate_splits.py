from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate_worlds import HOUR_US, events, pairs, task_of, tasks_of_kind, world_of

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


def log_of(size: int = 400, users: int = 20, products: int = 15) -> list[dict[str, Any]]:
    random = np.random.default_rng(9)
    rows = random.integers(0, (users, products, 1000), (size, 3)).tolist()
    log = events(*((user, product, hour, VIEW) for user, product, hour in rows))
    return [{**row, "session": row["user_id"] * 1000 + row["event_timestamp"] // (40 * HOUR_US)} for row in log]


@pytest.mark.parametrize("kind", ["random", "k-fold", "global-time", "sliding-windows", "user-time", "next-item"])
def test_a_split_is_a_function_of_the_seed(tmp_path: Path, kind: str) -> None:
    world = world_of(tmp_path, {"events": log_of()}, users=20, products=15)
    first, second, other = (tasks_of_kind(world, kind, seed=seed) for seed in (3, 3, 4))
    for one, two in zip(first, second, strict=True):
        assert (one.truth != two.truth).nnz == (one.train.matrix != two.train.matrix).nnz == 0
    differs = any((one.truth != two.truth).nnz for one, two in zip(first, other, strict=True))
    assert differs == (kind in ("random", "k-fold"))


def test_every_pair_is_tested_in_exactly_one_fold_and_learned_from_in_the_others(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"events": log_of()}, users=20, products=15)
    tasks = tasks_of_kind(world, "k-fold", folds=4)
    every = sum(task.truth.toarray() for task in tasks)
    assert every.max() == 1
    assert sum((task.train.matrix.toarray() > 0).astype(int) for task in tasks).max() == 3
    for task in tasks:
        assert ((task.train.matrix.toarray() > 0) + task.truth.toarray() == (every > 0)).all()


def test_windows_roll_and_each_learns_from_all_before_its_own(tmp_path: Path) -> None:
    log = events(*((hour % 3, hour, hour, VIEW) for hour in range(101)))
    world = world_of(tmp_path, {"events": log}, users=3, products=101)
    tasks = tasks_of_kind(world, "sliding-windows", windows=2, test_share=0.2)
    tested = [sorted(task.truth.nonzero()[1].tolist()) for task in tasks]
    assert tested == [list(range(80, 90)), list(range(90, 101))]
    assert [task.train.matrix.nnz for task in tasks] == [80, 90]
    assert [task.name for task in tasks] == [
        "window 1, from 1970-01-04T08:00:00Z",
        "window 2, from 1970-01-04T18:00:00Z",
    ]


def test_user_time_holds_out_each_users_last_products(tmp_path: Path) -> None:
    log = events(*((0, product, product, VIEW) for product in range(10)), (1, 3, 1, VIEW), (1, 4, 2, VIEW))
    world = world_of(tmp_path, {"events": log}, users=2, products=10)
    task = task_of(world, "user-time", test_share=0.3)
    assert [row.indices.tolist() for row in task.truth] == [[7, 8, 9], [4]]
    assert [row.indices.tolist() for row in task.train.matrix] == [list(range(7)), [3]]


def test_a_validation_part_is_used_for_neither_and_may_be_judged_on(tmp_path: Path) -> None:
    log = events(*((0, product, product, VIEW) for product in range(10)))
    world = world_of(tmp_path, {"events": log}, users=1, products=10)
    shares = {"test_share": 0.2, "validation_share": 0.2}
    task, other = (task_of(world, "user-time", **shares, judge_on=part) for part in ("test", "validation"))
    assert [part.indices.tolist() for part in (task.train.matrix, task.truth, other.truth)] == [
        list(range(6)), [8, 9], [6, 7]
    ]  # fmt: skip
    assert task.facts["validation_pairs"] == 2


def test_seen_products_may_be_kept(tmp_path: Path) -> None:
    log = events((0, 0, 0, VIEW), (0, 1, 1, VIEW), (0, 0, 99, VIEW), (0, 2, 100, VIEW))
    world = world_of(tmp_path, {"events": log}, users=1, products=3)
    assert task_of(world, "global-time", seen="keep").truth.toarray().tolist() == [[1, 0, 1]]
    assert task_of(world, "global-time", seen="mask").truth.toarray().tolist() == [[0, 0, 1]]


def clicks(*sessions: tuple[str, list[int]]) -> list[dict[str, Any]]:
    return [
        {"user_id": number, "product_id": product, "session": number, "position": position, "split": split}
        for number, (split, products) in enumerate(sessions)
        for position, product in enumerate(products)
    ]


def test_every_next_click_of_a_test_session_is_a_case_with_the_clicks_before_it(tmp_path: Path) -> None:
    rows = clicks(("train", [0, 1]), ("test", [2, 0, 2]), ("test", [1]), ("test", [0, 1]))
    world = world_of(tmp_path, {"interactions": rows}, users=4, products=3)
    task = task_of(world, "auto")
    assert task.truth.indices.tolist() == [0, 2, 1]
    assert task.users_of(task.cases).tolist() == [1, 1, 3]
    assert task.prefixes is not None
    histories = task.prefixes.histories(task.cases, task.users_of(task.cases))
    assert histories.indptr.tolist() == [0, 1, 3, 4]
    assert histories.products.tolist() == [2, 2, 0, 0]
    assert task.train.histories is not None
    assert task.train.histories.products.tolist() == [0, 1]
    assert not task.mask_seen


def test_a_session_that_goes_on_over_the_instant_is_used_for_neither(tmp_path: Path) -> None:
    log = events(
        (0, 0, 0, VIEW), (0, 1, 1, VIEW), (0, 0, 79, VIEW), (0, 1, 81, VIEW), (0, 2, 90, VIEW), (0, 0, 100, VIEW)
    )
    sessions = [{**row, "session": session} for row, session in zip(log, (1, 1, 2, 2, 3, 3), strict=True)]
    world = world_of(tmp_path, {"events": sessions}, users=1, products=3)
    task = task_of(world, "next-item")
    assert task.train.matrix.toarray().tolist() == [[1, 1, 0]]
    assert task.truth.indices.tolist() == [0]


def test_the_last_basket_of_a_test_user_is_judged_on_the_earlier_ones(tmp_path: Path) -> None:
    baskets = (
        (0, 0, 0, "train"),
        (0, 1, 1, "train"),
        (1, 0, 2, "test"),
        (1, 2, 2, "test"),
        (1, 1, 3, "test"),
        (1, 0, 4, "test"),
    )
    rows = [
        {"user_id": user, "product_id": product, "session": basket, "split": split}
        for user, product, basket, split in baskets
    ]
    world = world_of(tmp_path, {"interactions": rows}, users=2, products=3)
    task = task_of(world, "auto")
    assert resolve(world, "auto").name == "next-basket"
    assert [row.indices.tolist() for row in task.truth] == [[], [0]]
    assert task.prefixes is not None
    histories = task.prefixes.histories(np.array([1]), np.array([1]))
    assert histories.products.tolist() == [0, 2, 1]
    assert histories.groups is not None
    assert histories.groups.tolist() == [0, 0, 1]
    assert task.train.matrix.toarray().tolist() == [[1, 1, 0], [0, 0, 0]]


def test_without_a_given_split_every_second_basket_can_be_a_last_one(tmp_path: Path) -> None:
    log = events((0, 0, 1, "purchase"), (0, 1, 1, "view_product"), (0, 2, 5, "purchase"), (1, 1, 3, "purchase"))
    sessions = [{**row, "session": session} for row, session in zip(log, (1, 1, 2, 3), strict=True)]
    world = world_of(tmp_path, {"events": sessions}, users=2, products=3)
    task = task_of(world, "next-basket")
    assert [row.indices.tolist() for row in task.truth] == [[2], []]
    assert [row.indices.tolist() for row in task.train.matrix] == [[0], [1]]


def test_histories_and_catalogue_are_there_when_a_recommender_reads_them(tmp_path: Path) -> None:
    log = events((0, 2, 3, VIEW), (0, 0, 1, VIEW), (0, 1, 2, VIEW), (0, 3, 100, VIEW))
    sessions = [{**row, "session": session} for row, session in zip(log, (2, 1, 1, 3), strict=True)]
    goods = [{"product_id": 1, "name": "lamp"}, {"product_id": 3, "name": "desk"}]
    world = world_of(tmp_path, {"events": sessions, "products": goods}, users=1, products=4)
    train = task_of(world, "global-time").train
    assert train.histories is not None
    assert train.histories.products.tolist() == [0, 1, 2]
    assert train.histories.indptr.tolist() == [0, 2, 3]
    assert train.catalogue is not None
    assert train.catalogue["name"].to_list() == [None, "lamp", None, "desk"]
