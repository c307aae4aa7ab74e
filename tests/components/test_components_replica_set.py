"""The replica set: replication with lag, write concern, elections in the published time, rollback."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim.components.replica_set import ReplicaSet
from recsim.errors import BadInput, ServiceUnavailable

SECOND = 1_000_000
MEMBERS = [("a", "east"), ("b", "west"), ("c", "north")]


def document(key: str, value: int = 0) -> dict[str, Any]:
    return {"product_key": key, "value": value}


def test_a_majority_write_is_acknowledged_when_the_nearest_secondary_has_it() -> None:
    found = ReplicaSet.of(MEMBERS, lag_us=5_000)
    assert found.write([document("p1")], now_us=SECOND) == SECOND + 5_000
    assert found.read(["p1"], now_us=SECOND + 5_000, prefer="secondary") == [document("p1")]


def test_a_secondary_is_behind_by_its_lag() -> None:
    found = ReplicaSet.of(MEMBERS, lag_us=5 * SECOND, concern="1")
    found.write([document("p1")], now_us=SECOND)
    assert found.read(["p1"], now_us=2 * SECOND) == [document("p1")]
    assert found.read(["p1"], now_us=2 * SECOND, prefer="secondary") == [None]
    assert found.read(["p1"], now_us=6 * SECOND, prefer="secondary") == [document("p1")]


def test_reads_may_prefer_the_zone() -> None:
    found = ReplicaSet.of(MEMBERS, lag_us=5 * SECOND, concern="1")
    found.write([document("p1")], now_us=SECOND)
    assert found.read(["p1"], now_us=2 * SECOND, prefer="nearest", zone="east") == [document("p1")]
    assert found.read(["p1"], now_us=2 * SECOND, prefer="nearest", zone="west") == [None]


def test_a_lost_primary_is_replaced_and_until_then_nothing_is_written() -> None:
    found = ReplicaSet.of(MEMBERS)
    found.write([document("p1")], now_us=SECOND)
    found.fail("a", now_us=10 * SECOND)
    with pytest.raises(ServiceUnavailable, match="no primary"):
        found.write([document("p2")], now_us=12 * SECOND)
    found.advance(30 * SECOND)
    assert found.primary in ("b", "c")
    assert found.write([document("p2")], now_us=30 * SECOND)
    assert found.read(["p1", "p2"], now_us=31 * SECOND) == [document("p1"), document("p2")]


def test_elections_take_the_published_time() -> None:
    taken = []
    for seed in range(200):
        found = ReplicaSet.of(MEMBERS, seed=seed)
        found.fail("a", now_us=0)
        found.advance(60 * SECOND)
        lost_us, elected_us, _ = found.elections[0]
        taken.append((elected_us - lost_us) / SECOND)
    assert min(taken) >= 8
    assert median(taken) < 12


def test_without_a_majority_there_is_no_primary_until_one_is_back() -> None:
    found = ReplicaSet.of(MEMBERS)
    found.write([document("p1")], now_us=0)
    found.fail("b", now_us=SECOND)
    found.fail("c", now_us=SECOND)
    found.advance(100 * SECOND)
    with pytest.raises(ServiceUnavailable, match="no primary"):
        found.write([document("p2")], now_us=100 * SECOND)
    found.recover("b", now_us=101 * SECOND)
    found.advance(120 * SECOND)
    assert found.read(["p1"], now_us=120 * SECOND) == [document("p1")]


def test_a_write_acknowledged_by_one_member_is_rolled_back_when_that_member_is_lost_too_soon() -> None:
    found = ReplicaSet.of(MEMBERS, lag_us=SECOND, concern="1")
    found.write([document("p1", 1)], now_us=0)
    found.write([document("p1", 2), document("p2")], now_us=10 * SECOND)
    found.fail("a", now_us=10 * SECOND + 1)
    found.advance(40 * SECOND)
    assert found.read(["p1", "p2"], now_us=40 * SECOND) == [document("p1", 1), None]
    found.recover("a", now_us=50 * SECOND)
    found.advance(60 * SECOND)
    assert [entry.at_us for entry in found.rolled_back] == [10 * SECOND]
    assert found.members["a"].store.get_many(["p1", "p2"]) == [document("p1", 1), None]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("wfr"), st.integers(0, 2), st.integers(1, 20)), max_size=30), st.integers(0, 5)
)
def test_no_write_acknowledged_by_a_majority_is_ever_lost(steps: list[tuple[str, int, int]], seed: int) -> None:
    found = ReplicaSet.of(MEMBERS, lag_us=SECOND // 2, seed=seed)
    now_us, acknowledged = 0, {}
    for number, (what, member, wait) in enumerate(steps):
        now_us += wait * SECOND
        name = MEMBERS[member][0]
        if what == "f":
            found.fail(name, now_us=now_us)
        elif what == "r":
            found.recover(name, now_us=now_us)
        else:
            try:
                now_us = max(now_us, found.write([document("p", number)], now_us=now_us))
                acknowledged = {"p": number}
            except ServiceUnavailable:
                acknowledged = {}
    for name, _ in MEMBERS:
        found.recover(name, now_us=now_us)
    found.advance(now_us + 100 * SECOND)
    if acknowledged:
        assert found.read(["p"], now_us=now_us + 100 * SECOND) == [document("p", acknowledged["p"])]


def test_an_even_number_of_members_or_an_unknown_one_is_refused() -> None:
    with pytest.raises(BadInput, match="odd number"):
        ReplicaSet.of(MEMBERS[:2])
    with pytest.raises(BadInput, match='no member "x"'):
        ReplicaSet.of(MEMBERS).fail("x", now_us=0)
