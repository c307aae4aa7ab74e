"""Where the copies of shards stand: over nodes and zones, through losses and recoveries, in virtual time.

The rules and their defaults are Elasticsearch's and OpenSearch's: no two copies of a shard on one node; copies spread
over zones first and then to the emptiest node; a lost primary is replaced at once by a copy that is in step; a lost
replica is made again only after `delayed_timeout` (60 s, in case the node comes back), from the primary, at
`indices.recovery.max_bytes_per_sec` (40 MB/s) a node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from recsim.errors import BadInput
from recsim.units import US_PER_SECOND

DELAYED_TIMEOUT_S = 60
RECOVERY_BYTES_PER_S = 40_000_000

GREEN, YELLOW, RED = "green", "yellow", "red"


@dataclass(frozen=True)
class Layout:
    """A cluster as it is asked for; nodes are in zones round robin."""

    shards: int = 1
    replicas: int = 1
    nodes: int = 3
    zones: int = 3
    delayed_timeout_s: float = DELAYED_TIMEOUT_S
    recovery_bytes_per_s: float = RECOVERY_BYTES_PER_S

    def zone(self, node: int) -> int:
        """The zone a node is in."""
        return node % self.zones


@dataclass(frozen=True)
class Copy:
    """One copy of a shard. It serves from `ready_us` on; before that it is being made. `lost` copies stand on a node
    that is down and serve again when it returns, unless another was made in their place."""

    shard: int
    node: int
    primary: bool
    ready_us: int
    lost: bool = False


class Allocation:
    """The copies of every shard, as of the last moment it was told of."""

    def __init__(self, layout: Layout, *, shard_bytes: int = 0) -> None:
        if layout.nodes < 1 or layout.shards < 1:
            raise BadInput("a search cluster has at least one node and one shard; set search.nodes and search.shards.")
        self.layout = layout
        self.shard_bytes = shard_bytes
        self.alive = set(range(layout.nodes))
        self.copies: list[Copy] = []
        self._left_us: dict[int, int] = {}
        self.now_us = 0
        for shard in range(layout.shards):
            for number in range(1 + layout.replicas):
                node = self._place(shard)
                if node is not None:
                    self.copies.append(Copy(shard, node, number == 0, 0))

    def _place(self, shard: int) -> int | None:
        """The node for one more copy: none that has one, in the zone with fewest, then the emptiest, then the first."""
        here = [copy.node for copy in self.copies if copy.shard == shard and not copy.lost]
        zones = Counter(self.layout.zone(node) for node in here)
        load = Counter(copy.node for copy in self.copies if not copy.lost)
        free = [node for node in self.alive if node not in here]
        return min(free, key=lambda node: (zones[self.layout.zone(node)], load[node], node), default=None)

    def serving(self, shard: int) -> list[Copy]:
        """The copies of a shard that answer now, the primary first."""
        here = [copy for copy in self.copies if copy.shard == shard and not copy.lost and copy.ready_us <= self.now_us]
        return sorted(here, key=lambda copy: (not copy.primary, copy.node))

    def health(self) -> str:
        """Red where a shard has no primary that serves, yellow where a replica is missing, else green."""
        serving = [self.serving(shard) for shard in range(self.layout.shards)]
        if not all(copies and copies[0].primary for copies in serving):
            return RED
        return GREEN if all(len(copies) == 1 + self.layout.replicas for copies in serving) else YELLOW

    def lose(self, node: int, now_us: int) -> None:
        """A node goes down; primaries on it are replaced by copies that serve."""
        self.tick(now_us)
        if node not in self.alive:
            raise BadInput(f"search node {node} is not up; up are {sorted(self.alive)}.")
        self.alive.discard(node)
        self._left_us[node] = now_us
        standing = []
        for copy in self.copies:
            if copy.node != node:
                standing.append(copy)
            elif copy.ready_us <= now_us:
                standing.append(replace(copy, lost=True))
        self.copies = standing
        self._promote(range(self.layout.shards))

    def restore(self, node: int, now_us: int) -> None:
        """A node comes back with what is on its disk: copies that were not made again elsewhere serve at once."""
        self.tick(now_us)
        self.alive.add(node)
        self._left_us.pop(node, None)
        for place, copy in enumerate(self.copies):
            if copy.node == node and copy.lost:
                self.copies[place] = replace(copy, lost=False, ready_us=now_us)
        self._promote(range(self.layout.shards))
        self._drop_surplus()
        self._make_missing()

    def tick(self, now_us: int) -> None:
        """Go on to a later moment: replicas are made for nodes that stayed away, and finish."""
        if now_us < self.now_us:
            raise BadInput(f"the cluster is at {self.now_us} µs already; it can't go back to {now_us}.")
        due = sorted(left + round(self.layout.delayed_timeout_s * US_PER_SECOND) for left in self._left_us.values())
        for moment in (moment for moment in due if self.now_us < moment <= now_us):
            self.now_us = moment
            self._make_missing()
        self.now_us = now_us

    def _promote(self, shards: Iterable[int]) -> None:
        """Where the primary of a shard is lost, the first copy that serves takes its place."""
        for shard in shards:
            serving = self.serving(shard)
            if serving and not any(copy.primary for copy in serving):
                for place, copy in enumerate(self.copies):
                    if copy.shard == shard:
                        self.copies[place] = replace(copy, primary=copy.node == serving[0].node)

    def _make_missing(self) -> None:
        """Start replicas of shards that have a primary and too few copies; a node that left a moment ago is waited
        for."""
        patience = round(self.layout.delayed_timeout_s * US_PER_SECOND)
        waited = {node for node, left in self._left_us.items() if self.now_us < left + patience}
        busy_until = {
            node: max((copy.ready_us for copy in self.copies if copy.node == node), default=0) for node in self.alive
        }
        took_us = round(self.shard_bytes / self.layout.recovery_bytes_per_s * US_PER_SECOND)
        for shard in range(self.layout.shards):
            serving = self.serving(shard)
            if not serving:
                continue
            have = [copy for copy in self.copies if copy.shard == shard and (not copy.lost or copy.node in waited)]
            for _ in range(1 + self.layout.replicas - len(have)):
                node = self._place(shard)
                if node is None:
                    break
                ready_us = max(self.now_us, busy_until[node]) + took_us
                busy_until[node] = ready_us
                self.copies.append(Copy(shard, node, primary=False, ready_us=ready_us))

    def _drop_surplus(self) -> None:
        """A copy made while a node was away gives way to the one that came back, if there are more than asked for."""
        for shard in range(self.layout.shards):
            here = [copy for copy in self.copies if copy.shard == shard and not copy.lost]
            surplus = len(here) - (1 + self.layout.replicas)
            for copy in sorted(here, key=lambda one: (one.primary, -one.ready_us, -one.node))[: max(surplus, 0)]:
                self.copies.remove(copy)
