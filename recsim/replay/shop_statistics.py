"""What everybody in the shop did, for the engine: pairs bought and viewed together, what trends, what the hour wants.

The stream brings baskets and trends up to date every simulated hour while the requests of a day are made; midnight
counts the day's sessions and publishes all tables. A basket is what a user bought in one session of one day, under the
id of its first event; it reaches the counts when the session can hold no more of it, so nothing comes from the future.
Counting is idempotent, so midnight may offer again what the stream has had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.components.boards import Board
from recsim.components.bought_together import BoughtTogether
from recsim.components.candidate_sources import Shelves
from recsim.components.catalogue import Catalogue
from recsim.components.context import ContextTable, hour_of
from recsim.components.pair_counts import PairCounts
from recsim.components.trending import Trending
from recsim.replay.lake import read_lake
from recsim.scenario import Scenario
from recsim.units import US_PER_HOUR, US_PER_SECOND

_COLUMNS = ["event_id", "event_type", "event_timestamp", "product_id", "session", "device", "region"]
_VIEWED_PAIRS = 8_000_000
"""Distinct pairs of views kept a tenant: 320 MB. Views are many; the rarest pairs of them say nothing."""


@dataclass(frozen=True)
class Lines:
    """Lines of baskets: id, product, and when the basket is complete."""

    baskets: NDArray[np.int64]
    products: NDArray[np.int64]
    ready_us: NDArray[np.int64]

    def between(self, after_us: int, until_us: int) -> Lines:
        """Baskets that are complete after one instant and no later than another."""
        due = (self.ready_us > after_us) & (self.ready_us <= until_us)
        return Lines(self.baskets[due], self.products[due], self.ready_us[due])


@dataclass(frozen=True)
class DayEvents:
    """The product events of a day in order of time, and the day's baskets."""

    at_us: NDArray[np.int64]
    products: NDArray[np.int64]
    weights: NDArray[np.float64]
    bought: Lines
    viewed: Lines


class ShopStatistics:
    """The tables behind `Shelves`, by tenant where they are pairs."""

    def __init__(
        self, scenario: Scenario, catalogue: Catalogue, lake: Path, *, devices: Sequence[str], regions: Sequence[str]
    ) -> None:
        products = len(catalogue)
        self._catalogue = catalogue
        self._lake = lake
        self._signals = scenario.evaluation.signals
        self._gap_us = scenario.stream.session_gap_minutes * 60 * US_PER_SECOND
        self._devices, self._regions = pa.array(devices, pa.string()), pa.array(regions, pa.string())
        self.bought = {tenant: BoughtTogether(products) for tenant in catalogue.tenants}
        self.viewed = {tenant: BoughtTogether(products, fdr=1.0) for tenant in catalogue.tenants}
        for shop in self.viewed.values():
            shop.counts = PairCounts(products, most_pairs=_VIEWED_PAIRS)
        self.trending = Trending(products, scenario.ranking.trend_half_life_hours)
        self.contexts = ContextTable(devices, regions, len(catalogue.categories))
        self._day: DayEvents | None = None
        self._done_us = -1

    def open(self, day: str) -> None:
        """Begin a day of the lake: what happened in it is known hour by hour from here on."""
        events = read_lake(self._lake, [day], _COLUMNS)
        events = events.filter(pc.is_valid(events["product_id"]))
        self._day = self._read(events)
        self._context(events)
        self._done_us = int(self._day.at_us[0]) - 1 if len(self._day.at_us) else -1

    def advance(self, now_us: int, shelves: Shelves) -> None:
        """Bring the shelves up to the last full hour; nothing is done twice within one."""
        hour_us = now_us // US_PER_HOUR * US_PER_HOUR
        if self._day is None or hour_us <= self._done_us:
            return
        self._feed(hour_us)
        shelves.bought = {tenant: shop.refresh() for tenant, shop in self.bought.items()}
        shelves.trending = Board.of_scores(self.trending.scores(hour_us), self._catalogue)

    def close(self, now_us: int, shelves: Shelves, customers: Mapping[str, PairCounts]) -> None:
        """The end of the day: all of it is counted, and every table is published. `customers` are the pairs that each
        tenant's customers bought in the window of the batch."""
        assert self._day is not None
        self._feed(max(now_us, int(self._day.at_us.max(initial=0)) + self._gap_us))
        for tenant, lines in self._split(self._day.viewed):
            self.viewed[tenant].take(lines.baskets, lines.products)
        self.contexts.publish()
        shelves.bought = {tenant: shop.publish(customers.get(tenant)) for tenant, shop in self.bought.items()}
        shelves.viewed = {tenant: shop.publish() for tenant, shop in self.viewed.items()}
        shelves.trending = Board.of_scores(self.trending.scores(now_us), self._catalogue)
        self._day = None

    def _feed(self, until_us: int) -> None:
        assert self._day is not None
        day = self._day
        first, last = np.searchsorted(day.at_us, [self._done_us, until_us], side="right")
        self.trending.take(day.products[first:last], day.at_us[first:last], day.weights[first:last])
        for tenant, lines in self._split(day.bought.between(self._done_us, until_us)):
            self.bought[tenant].take(lines.baskets, lines.products)
        self._done_us = until_us

    def _split(self, lines: Lines) -> list[tuple[str, Lines]]:
        """The lines of each tenant's products."""
        parts = []
        for code, tenant in enumerate(self._catalogue.tenants):
            own = self._catalogue.tenant[lines.products] == code
            if own.any():
                parts.append((tenant, Lines(lines.baskets[own], lines.products[own], lines.ready_us[own])))
        return parts

    def _read(self, events: pa.Table) -> DayEvents:
        kinds = pc.cast(events["event_type"], pa.string())
        at_us = pc.cast(events["event_timestamp"], pa.int64()).to_numpy()
        products = events["product_id"].to_numpy().astype(np.int64)
        weights = np.zeros(len(products), np.float64)
        for kind, weight in self._signals.items():
            weights[pc.equal(kinds, kind).to_numpy(zero_copy_only=False)] = weight
        order = np.lexsort((events["event_id"].to_numpy(), at_us))
        return DayEvents(
            at_us[order], products[order], weights[order],
            self._lines(events, kinds, "purchase"), self._lines(events, kinds, "view_product"),
        )  # fmt: skip

    def _lines(self, events: pa.Table, kinds: pa.ChunkedArray, kind: str) -> Lines:
        """The events of a kind as lines of one basket a session; events without a session are in none."""
        chosen = events.filter(pc.and_(pc.equal(kinds, kind), pc.is_valid(events["session"])))
        sessions = chosen["session"].to_numpy().astype(np.int64)
        numbers = chosen["event_id"].to_numpy() & np.int64(2**63 - 1)
        at_us = pc.cast(chosen["event_timestamp"], pa.int64()).to_numpy()
        order = np.lexsort((numbers, sessions))
        sessions, numbers, at_us = sessions[order], numbers[order], at_us[order]
        _, starts, sizes = np.unique(sessions, return_index=True, return_counts=True)
        ready_us = np.maximum.reduceat(at_us, starts) + self._gap_us if len(starts) else at_us
        products = chosen["product_id"].to_numpy().astype(np.int64)[order]
        return Lines(np.repeat(numbers[starts], sizes), products, np.repeat(ready_us, sizes))

    def _context(self, events: pa.Table) -> None:
        at_us = pc.cast(events["event_timestamp"], pa.int64()).to_numpy()
        self.contexts.take(
            self._catalogue.category[events["product_id"].to_numpy()].astype(np.int64),
            _codes(events["device"], self._devices),
            np.asarray(hour_of(at_us)),
            _codes(events["region"], self._regions),
        )


def _codes(values: pa.ChunkedArray, names: pa.Array) -> NDArray[np.int64]:
    found = pc.index_in(pc.cast(values, pa.string()), names)
    return np.asarray(pc.fill_null(found, -1).to_numpy().astype(np.int64))
