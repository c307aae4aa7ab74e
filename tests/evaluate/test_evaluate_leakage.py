"""Planted leaks are named with their number; clean splits are silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate_worlds import HOUR_US, events, pairs, task_of, tasks_of_kind, world_of

from recsim.dataset import Dataset
from recsim.evaluate.leakage import check_lists, check_task, check_world, created_us

VIEW = "view_product"


def found(world: Dataset, kind: str = "given", **evaluation: Any) -> dict[str, int]:
    return {finding.leak: finding.count for finding in check_task(task_of(world, kind, **evaluation)).findings}


def timed(split: str, *rows: tuple[int, int, int]) -> list[dict[str, Any]]:
    return [
        {"user_id": user, "product_id": product, "split": split, "event_timestamp": hour * HOUR_US}
        for user, product, hour in rows
    ]


def test_the_same_pair_in_train_and_test_is_a_leak(tmp_path: Path) -> None:
    rows = pairs("train", (0, 0), (0, 1), (1, 1)) + pairs("test", (0, 1), (0, 2), (1, 0))
    assert found(world_of(tmp_path, {"interactions": rows}, users=2, products=3)) == {"repeated-pairs": 1}


def test_a_row_copied_into_the_test_part_is_a_leak_and_a_second_visit_is_none(tmp_path: Path) -> None:
    rows = timed("train", (0, 0, 1), (0, 1, 2), (1, 1, 1)) + timed("test", (0, 1, 2), (0, 0, 9), (1, 2, 9))
    world = world_of(tmp_path, {"interactions": rows}, users=2, products=3)
    assert found(world, seen="keep")["same-fact-twice"] == 1


def test_training_on_a_users_future_is_a_leak(tmp_path: Path) -> None:
    rows = timed("train", (0, 0, 1), (0, 2, 8), (1, 1, 1)) + timed("test", (0, 1, 5), (1, 0, 9))
    world = world_of(tmp_path, {"interactions": rows}, users=2, products=3)
    (own, anybody) = check_task(task_of(world, "given")).findings
    assert (own.leak, own.count, own.of) == ("own-future", 1, 3)
    assert own.examples == ("user 0, product 2 at 1970-01-01T08:00:00Z",)
    assert (anybody.leak, anybody.count) == ("train-after-test", 1)


def test_validating_after_the_test_is_a_leak(tmp_path: Path) -> None:
    rows = timed("train", (0, 0, 1)) + timed("test", (0, 1, 5)) + timed("validation", (0, 2, 7))
    world = world_of(tmp_path, {"interactions": rows}, users=1, products=3)
    assert found(world) == {"validation-after-test": 1}


def test_a_session_in_both_parts_is_a_leak(tmp_path: Path) -> None:
    rows = [
        {"user_id": user, "product_id": product, "session": session, "position": position, "split": split}
        for user, product, session, position, split in (
            (0, 0, 7, 0, "train"), (0, 1, 7, 1, "train"), (0, 2, 7, 2, "test"), (0, 1, 7, 3, "test"),
            (1, 0, 8, 0, "train"), (2, 0, 9, 0, "test"), (2, 1, 9, 1, "test"),
        )
    ]  # fmt: skip
    world = world_of(tmp_path, {"interactions": rows}, users=3, products=3)
    assert found(world, "next-item") == {"sessions-overlap": 1}


def test_a_user_whose_baskets_are_given_to_both_parts_is_a_leak(tmp_path: Path) -> None:
    rows = [
        {"user_id": user, "product_id": product, "session": session, "split": split}
        for user, product, session, split in (
            (0, 0, 0, "train"), (0, 1, 1, "test"), (0, 2, 2, "test"), (1, 0, 3, "train"), (2, 0, 4, "test"),
            (2, 1, 5, "test"),
        )
    ]  # fmt: skip
    world = world_of(tmp_path, {"interactions": rows}, users=3, products=3)
    assert found(world, "next-basket") == {"users-overlap": 1}


def shop(tmp_path: Path, late: int) -> Dataset:
    """Product 2 enters the catalogue at hour `late`; users look at 0 and 1 until hour 60 and at 2 and 3 from 90 on."""
    log = [(user, user % 2, user, VIEW) for user in range(60)] + [(user, 2, 90 + user % 10, VIEW) for user in range(60)]
    catalogue = [{"product_id": n, "created_at": (late if n == 2 else 0) * HOUR_US} for n in range(4)]
    return world_of(
        tmp_path, {"events": events(*log, (0, 3, 99, VIEW)), "products": catalogue}, users=60, products=4
    )  # fmt: skip


def test_a_use_before_the_product_existed_is_a_leak(tmp_path: Path) -> None:
    (finding,) = check_world(shop(tmp_path, late=95)).findings
    assert (finding.leak, finding.count, finding.of) == ("before-it-existed", 30, 121)


def test_a_recommendation_before_the_product_existed_is_a_leak(tmp_path: Path) -> None:
    world = shop(tmp_path, late=85)
    task = task_of(world, "global-time")
    cases = task.cases
    lists = np.full((len(cases), 2), 0, np.int32)
    lists[:5, 1] = 2
    checked = check_lists("mine", task, cases, lists, created_us(world))
    assert [(one.leak, one.where, one.count) for one in checked.findings] == [
        ("recommended-before-it-existed", "mine", 5)
    ]
    assert not check_world(world).findings


def test_a_negative_that_is_a_positive_is_a_leak(tmp_path: Path) -> None:
    rows = [*pairs("train", (0, 0), (0, 1)), *pairs("test", (0, 2))]
    negatives = [{**row, "value": 0.0} for row in pairs("test", (0, 2), (0, 3))]
    world = world_of(tmp_path, {"interactions": rows + negatives}, users=1, products=4)
    (finding,) = check_world(world).findings
    assert (finding.leak, finding.count, finding.of) == ("negatives-that-are-positives", 1, 2)


def popularity_world(tmp_path: Path) -> Dataset:
    """Product p is known to 40 - p users in training; the test part turns the order round."""
    train = [(user, product) for product in range(10) for user in range(40 - product)]
    test = [(user, product) for product in range(10) for user in range(40, 40 + 3 * product)]
    return world_of(tmp_path, {"interactions": pairs("train", *train) + pairs("test", *test)}, users=80, products=10)


@pytest.mark.parametrize(("leaky", "leaks"), [(True, ["counted-the-test-part"]), (False, [])])
def test_lists_in_the_order_of_counts_that_hold_the_test_part_are_a_leak(
    tmp_path: Path, leaky: bool, leaks: list[str]
) -> None:
    task = task_of(popularity_world(tmp_path), "given")
    counts = np.bincount(task.train.matrix.indices, minlength=10)
    if leaky:
        counts = counts + np.bincount(task.evidence.test.pairs.matrix.indices, minlength=10)
    order = np.argsort(-counts, kind="stable").astype(np.int32)
    lists = np.tile(order, (len(task.cases), 1))
    assert [one.leak for one in check_lists("popular", task, task.cases, lists, None).findings] == leaks


def test_lists_in_no_order_of_counts_are_no_leak(tmp_path: Path) -> None:
    task = task_of(popularity_world(tmp_path), "given")
    random = np.random.default_rng(0)
    lists = np.array([random.permutation(10) for _ in task.cases], np.int32)
    assert not check_lists("random", task, task.cases, lists, None).findings


@pytest.mark.parametrize("kind", ["global-time", "sliding-windows", "next-item", "random", "k-fold"])
def test_clean_splits_are_silent_but_for_time_where_they_do_not_look_at_it(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(3)
    log = [(int(u), int(p), int(h), VIEW) for u, p, h in random.integers(0, (30, 20, 1000), (900, 3))]
    sessions = [
        {**row, "session": row["user_id"] * 100 + row["event_timestamp"] // (50 * HOUR_US)} for row in events(*log)
    ]
    world = world_of(tmp_path, {"events": sessions}, users=30, products=20)
    for task in tasks_of_kind(world, kind):
        leaks = {finding.leak for finding in check_task(task).findings}
        assert leaks == ({"own-future", "train-after-test"} if kind in ("random", "k-fold") else set())


def test_leave_last_out_learns_from_days_after_other_users_tests(tmp_path: Path) -> None:
    log = events((0, 0, 1, VIEW), (0, 1, 2, VIEW), (1, 0, 5, VIEW), (1, 2, 9, VIEW))
    assert found(world_of(tmp_path, {"events": log}, users=2, products=3), "leave-last-out") == {"train-after-test": 1}


def test_what_can_not_be_checked_is_said(tmp_path: Path) -> None:
    rows = pairs("train", (0, 0)) + pairs("test", (0, 1))
    checked = check_task(task_of(world_of(tmp_path, {"interactions": rows}, users=1, products=2), "given"))
    assert not checked.findings
    assert [name for name, _ in checked.unchecked] == ["train-after-test", "own-future"]
