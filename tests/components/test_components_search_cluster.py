"""Shards and copies: the merged answer, health through losses and recoveries, and the cluster that follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import document, found

from recsim.components.product_index import Filters, SearchQuery
from recsim.components.search_allocation import GREEN, RED, YELLOW, Allocation
from recsim.components.search_cluster import Layout, Replication, SearchCluster
from recsim.components.search_engine import TantivyProductIndex
from recsim.errors import BadInput, ServiceUnavailable

SECOND = 1_000_000
NAMES = ("lamp", "red lamp", "desk lamp brass", "lamp shade red", "brass desk")
GOODS = [
    document(
        f"{NAMES[n % 5]} {'x ' * (n % 3)}", f"brand{n % 4}", f"home > kind{n % 3}", 5.0 + n * 7 % 90, stars=1 + n % 5
    )
    for n in range(200)
]


def cluster(**layout: Any) -> SearchCluster:
    made = SearchCluster(Layout(**{"shards": 4, "replicas": 1, "nodes": 3, "zones": 3, **layout}))
    made.build(enumerate(GOODS))
    return made


ONE = TantivyProductIndex()
ONE.build(enumerate(GOODS))
MANY = cluster(shards=5)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["lamp", "red lamp", "brass desk lamp", "lmap", "desk without brass"]),
    st.integers(0, 80),
    st.sampled_from(["relevance", "price", "price-desc", "rating", "newest"]),
    st.sampled_from([Filters(), Filters(brands=("brand1", "brand2")), Filters(price_to_usd=40.0, stars_from=2.0)]),
)
def test_a_cluster_answers_as_one_index_does(text: str, offset: int, sort: str, filters: Filters) -> None:
    query = SearchQuery(text, 20, offset, filters, None, sort, ("category", "brand", "price", "stars"))
    one, many = ONE.search(query), MANY.search(query)
    assert many.products.tolist() == one.products.tolist()
    assert np.array_equal(many.scores, one.scores)
    assert (many.total, many.facets, many.corrections, many.partial) == (one.total, one.facets, one.corrections, False)


def test_copies_of_a_shard_stand_on_different_nodes_and_zones() -> None:
    allocation = Allocation(Layout(shards=6, replicas=1, nodes=6, zones=2))
    for shard in range(6):
        nodes = [copy.node for copy in allocation.serving(shard)]
        assert len({node % 2 for node in nodes}) == 2
    held = np.bincount([copy.node for copy in allocation.copies], minlength=6)
    assert held.max() - held.min() <= 1
    assert allocation.health() == GREEN


def test_a_lost_node_makes_yellow_then_replicas_are_made_elsewhere_at_the_rate_of_recovery() -> None:
    allocation = Allocation(Layout(shards=2, replicas=1, nodes=3, zones=3), shard_bytes=400_000_000)
    allocation.lose(0, 0)
    assert allocation.health() == YELLOW
    assert all(allocation.serving(shard)[0].primary for shard in range(2))
    allocation.tick(60 * SECOND - 1)
    assert [copy.ready_us for copy in allocation.copies if copy.ready_us] == []
    allocation.tick(69 * SECOND)
    assert allocation.health() == YELLOW
    allocation.tick(80 * SECOND)
    assert allocation.health() == GREEN


def test_a_node_that_comes_back_in_time_brings_its_copies_along() -> None:
    allocation = Allocation(Layout(shards=2, replicas=1, nodes=3, zones=3), shard_bytes=10**12)
    before = {(copy.shard, copy.node) for copy in allocation.copies}
    allocation.lose(0, 0)
    allocation.restore(0, 30 * SECOND)
    assert allocation.health() == GREEN
    assert {(copy.shard, copy.node) for copy in allocation.copies} == before


def test_without_a_copy_a_shard_is_red_answers_are_partial_and_writes_refused() -> None:
    down = cluster(replicas=0)
    lost = {shard for shard in range(4) if down.allocation.serving(shard)[0].node == 0}
    down.allocation.lose(0, 0)
    assert down.health() == RED
    hits = down.search(SearchQuery("lamp", 200))
    assert hits.partial
    assert {product % 4 for product in hits.products.tolist()} == set(range(4)) - lost
    victim = min(lost)
    with pytest.raises(ServiceUnavailable, match=f"search shard {victim} of 4"):
        down.update([(victim, GOODS[victim])])
    down.allocation.restore(0, SECOND)
    assert down.health() == GREEN
    assert not down.search(SearchQuery("lamp", 200)).partial


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 200)), max_size=12), st.integers(0, 2))
def test_whatever_happens_rules_hold_and_when_all_are_back_it_is_green(
    steps: list[tuple[int, int]], replicas: int
) -> None:
    allocation = Allocation(Layout(shards=4, replicas=replicas, nodes=5, zones=3), shard_bytes=10**9)
    now = 0
    for node, seconds in steps:
        now += seconds * SECOND
        (allocation.lose if node in allocation.alive else allocation.restore)(node, now)
        for shard in range(4):
            standing = [copy for copy in allocation.copies if copy.shard == shard]
            assert len({copy.node for copy in standing}) == len(standing)
            assert sum(copy.primary for copy in allocation.serving(shard)) <= 1
            assert all(copy.node in allocation.alive for copy in allocation.serving(shard))
    for node in set(range(5)) - allocation.alive:
        allocation.restore(node, now)
    allocation.tick(now + 10**6 * SECOND)
    assert allocation.health() == GREEN


def test_searches_are_dealt_over_the_copies() -> None:
    busy = cluster(replicas=2)
    for _ in range(30):
        busy.search(SearchQuery("lamp"))
    assert min(busy.asked_of.values()) > 0.5 * max(busy.asked_of.values())


def test_the_follower_lags_serves_and_takes_over() -> None:
    replication = Replication(cluster(), cluster(), lag_s=30)
    replication.update([(0, document("umbrella"))], now_us=0)
    replication.update([(1, document("parasol"))], now_us=20 * SECOND)
    assert found(replication.leader, "umbrella") == [0]
    assert found(replication.follower, "umbrella") == []
    assert replication.tick(30 * SECOND) == 1
    assert found(replication.follower, "umbrella") == [0]
    assert replication.behind(45 * SECOND) == (1, 25.0)
    assert replication.promote() == 1
    replication.update([(2, document("awning"))], now_us=46 * SECOND)
    assert (found(replication.follower, "awning"), found(replication.follower, "parasol")) == ([2], [])


def test_time_does_not_go_back_and_a_node_is_lost_once() -> None:
    allocation = Allocation(Layout())
    allocation.lose(1, SECOND)
    with pytest.raises(BadInput, match="it can't go back"):
        allocation.tick(0)
    with pytest.raises(BadInput, match="search node 1 is not up"):
        allocation.lose(1, SECOND)
