"""The edge cache: never over its capacity, hits what it holds, and what a cold start costs the origin."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.components.base import CallLog, Trace
from recsim.components.edge_cache import POLICIES, EdgeCache, Policy


def popular(requests: int, objects: int, seed: int, *, once_share: float = 0.0) -> list[str]:
    """Names drawn by 1/rank, some of them asked for a single time in the whole log."""
    draw = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(objects)]
    names = draw.choices([f"p{n}" for n in range(objects)], weights, k=requests)
    return [f"once{n}" if draw.random() < once_share else name for n, name in enumerate(names)]


@pytest.mark.parametrize("policy", POLICIES)
@given(asked=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 30)), max_size=200), capacity=st.integers(1, 60))
def test_it_never_holds_more_than_it_may_and_counts_every_request(
    policy: Policy, asked: list[tuple[int, int]], capacity: int
) -> None:
    cache = EdgeCache(capacity, policy)
    sizes = dict(reversed(asked))
    for name, _ in asked:
        cache.request(str(name), sizes[name], 0)
        assert cache.used_bytes <= capacity
    assert cache.total.requests == len(asked)
    assert cache.total.hit_bytes + cache.total.origin_bytes == sum(sizes[name] for name, _ in asked)


@pytest.mark.parametrize("policy", POLICIES)
def test_with_room_for_all_each_object_is_fetched_once(policy: Policy) -> None:
    cache = EdgeCache(100, policy)
    asked = [f"p{n % 10}" for n in range(200)]
    hits = [cache.request(name, 10, 0) for name in asked]
    assert hits == [False] * 10 + [True] * 190


def test_lru_forgets_the_least_recently_used() -> None:
    cache = EdgeCache(2, "lru")
    hits = [cache.request(name, 1, 0) for name in ("a", "b", "a", "c", "a", "b")]
    assert hits == [False, False, True, False, True, False]


def test_objects_asked_for_once_do_not_push_popular_ones_out_of_s3_fifo() -> None:
    asked = popular(40_000, 2_000, 1, once_share=0.5)
    shares = {}
    for policy in POLICIES:
        cache = EdgeCache(200, policy)
        for name in asked:
            cache.request(name, 1, 0)
        shares[policy] = cache.total.hit_share
    assert shares["s3-fifo"] > shares["lru"] + 0.03


@pytest.mark.parametrize("policy", POLICIES)
def test_more_room_never_hits_less(policy: Policy) -> None:
    shares = []
    for capacity in (20, 100, 500, 2_000):
        cache = EdgeCache(capacity, policy)
        for name in popular(20_000, 2_000, 2):
            cache.request(name, 1, 0)
        shares.append(cache.total.hit_share)
    assert all(more >= less for less, more in pairwise(shares))


def test_a_cold_start_shows_in_its_window_and_passes() -> None:
    cache = EdgeCache(500, "s3-fifo", window_s=1)
    for number, name in enumerate(popular(50_000, 2_000, 3)):
        if number == 30_000:
            cache.clear()
        cache.request(name, 1, number * 100)
    share = [cache.windows[second].hit_share for second in range(5)]
    assert share[0] < share[1]
    assert share[3] < share[2] - 0.02
    assert share[4] == pytest.approx(share[2], abs=0.02)


def test_each_object_of_a_page_is_a_hop() -> None:
    calls = CallLog()
    cache = EdgeCache(100)
    trace = Trace(calls, 1, 0)
    assert [cache.fetch("a", 1, trace), cache.fetch("a", 1, trace)] == [False, True]
    assert calls.table()["outcome"].to_pylist() == ["miss", "hit"]
