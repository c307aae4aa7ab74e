"""The product index as a cluster: shards with copies on nodes in zones, a search that asks every shard, and a second
cluster elsewhere that follows with a lag.

A shard is the slice of products whose number, modulo the shards, is the shard's. Each is searched on its own, through
one of its copies, and the parts are merged. Word statistics are those of all shards (`dfs_query_then_fetch` of the real
thing), and copies of a shard share their segment files in memory: so with every shard answering, a cluster's answer is
that of one index, product for product. Which copies exist, serve and are being made is `search_allocation.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from recsim.components.product_index import SHIPPED, Collected, SearchWeights, answer
from recsim.components.search_allocation import Allocation, Copy, Layout
from recsim.components.search_engine import TantivyProductIndex
from recsim.components.search_plan import Plan
from recsim.components.search_request import Filters, Hits, SearchQuery
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms
from recsim.errors import ServiceUnavailable
from recsim.units import US_PER_SECOND

__all__ = ["Layout", "Replication", "SearchCluster"]

BYTES_A_PRODUCT = 141
"""Index bytes of a product, for the time a recovery takes: measured at a million products (docs/search.md)."""

_Documents = Iterable[tuple[int, Mapping[str, Any]]]


class SearchCluster:
    """A `ProductIndex` over shards. Which copy of a shard answers goes round by query."""

    def __init__(self, layout: Layout, weights: SearchWeights = SHIPPED) -> None:
        self.layout = layout
        self.allocation = Allocation(layout)
        self.weights = weights
        self._index = TantivyProductIndex(weights, slices=layout.shards)
        self._synonyms = Synonyms()
        self._asked = 0
        self.asked_of: dict[int, int] = dict.fromkeys(range(layout.nodes), 0)
        """Shard searches by node."""

    def build(self, documents: _Documents) -> None:
        """Index documents in place of all there were."""
        self._index.build(documents)
        self.allocation.shard_bytes = BYTES_A_PRODUCT * self._index.count() // self.layout.shards

    def update(self, documents: _Documents) -> None:
        """Index documents in place of earlier ones; raises `ServiceUnavailable`, with nothing written, where the shard
        of one has no primary."""
        given = list(documents)
        for shard in sorted({self.shard_of(product) for product, _ in given}):
            if not self.allocation.serving(shard):
                raise ServiceUnavailable(
                    f"search shard {shard} of {self.layout.shards} has no copy that serves; "
                    "write again when its node is back."
                )
        self._index.update(given)

    def shard_of(self, product: int) -> int:
        """The shard a product is routed to."""
        return product % self.layout.shards

    def search(self, query: SearchQuery) -> Hits:
        """The merged answer; `partial` where a shard has no copy that serves."""
        self._asked += 1
        return answer(self, query, self.vocabulary(query.tenant), self._synonyms)

    def collect(
        self, found: Plan, query: SearchQuery, *, size: int, skip: int, columns: Mapping[str, Filters]
    ) -> Collected:
        """Ask every shard for its first `skip + size` hits and its counts, and merge."""
        parts = []
        for shard in range(self.layout.shards):
            copy = self._copy(shard)
            if copy is not None:
                self.asked_of[copy.node] += 1
                parts.append(self._index.collect(found, query, size=skip + size, skip=0, columns=columns, slice_=shard))
        return merged(parts, size=size, skip=skip, partial=len(parts) < self.layout.shards)

    def _copy(self, shard: int) -> Copy | None:
        serving = self.allocation.serving(shard)
        return serving[(self._asked + shard) % len(serving)] if serving else None

    def has_phrase(self, pair: tuple[str, str], tenant: str | None) -> bool:
        """Whether any product of a tenant (None: of any) has the two stems side by side in its name."""
        return self._index.has_phrase(pair, tenant)

    def vocabulary(self, tenant: str | None) -> Vocabulary:
        """The words of a tenant's products."""
        return self._index.vocabulary(tenant)

    def learn(self, synonyms: Synonyms) -> None:
        """Use these synonyms from now on."""
        self._synonyms = synonyms

    def count(self) -> int:
        """How many products there are, on shards that answer or not."""
        return self._index.count()

    def health(self) -> str:
        """green, yellow or red."""
        return self.allocation.health()


def merged(parts: list[Collected], *, size: int, skip: int, partial: bool) -> Collected:
    """The first `size` hits after `skip` of all parts, exact where each part holds its own first `skip + size`."""
    if not parts:
        nothing = np.empty(0, np.int64)
        return Collected(nothing, np.empty(0, np.float32), nothing, [], 0, {}, partial)
    scores = np.concatenate([part.scores for part in parts])
    ties = np.concatenate([part.ties for part in parts])
    order = np.lexsort((ties, -scores))[skip : skip + size]
    paths = [path for part in parts for path in part.paths]
    counts: dict[str, dict[str | int, int]] = {}
    for part in parts:
        for column, values in part.counts.items():
            of_column = counts.setdefault(column, {})
            for value, count in values.items():
                of_column[value] = of_column.get(value, 0) + count
    return Collected(
        np.concatenate([part.products for part in parts])[order],
        scores[order],
        ties[order],
        [paths[place] for place in order.tolist()],
        sum(part.total for part in parts),
        counts,
        partial,
    )


class Replication:
    """Cross-cluster replication: writes go to the leader, and reach the follower `lag_s` later, in order.

    The follower serves reads meanwhile, as of then. When the leader is lost, `promote` makes the follower the one that
    is written to; what had not reached it is lost, and counted.
    """

    def __init__(self, leader: SearchCluster, follower: SearchCluster, *, lag_s: float) -> None:
        self.leader = leader
        self.follower = follower
        self._lag_us = round(lag_s * US_PER_SECOND)
        self._underway: deque[tuple[int, list[tuple[int, Mapping[str, Any]]]]] = deque()
        self.promoted = False

    def update(self, documents: _Documents, *, now_us: int) -> None:
        """Write; to the follower itself once it is promoted."""
        given = list(documents)
        if self.promoted:
            self.follower.update(given)
            return
        self.leader.update(given)
        self._underway.append((now_us, given))

    def tick(self, now_us: int) -> int:
        """Let what is due by now reach the follower; returns the writes that did."""
        arrived = 0
        while self._underway and self._underway[0][0] + self._lag_us <= now_us:
            self.follower.update(self._underway.popleft()[1])
            arrived += 1
        return arrived

    def behind(self, now_us: int) -> tuple[int, float]:
        """Writes that have not reached the follower, and the age of the oldest in seconds."""
        oldest = self._underway[0][0] if self._underway else now_us
        return len(self._underway), (now_us - oldest) / US_PER_SECOND

    def promote(self) -> int:
        """The leader is gone: write to the follower from now on. Returns the writes that are lost."""
        lost = len(self._underway)
        self._underway.clear()
        self.promoted = True
        return lost
