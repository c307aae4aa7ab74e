"""A world's log drawn in memory, for what is measured and thrown away: no files, no texts, no duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np

from recsim.behaviour import draft
from recsim.behaviour.world import World, build
from recsim.dataset import Dataset
from recsim.fidelity.base import Context
from recsim.fidelity.log import PURCHASE, Piece
from recsim.generate import chunk
from recsim.scenario import Scenario

if TYPE_CHECKING:
    from recsim.behaviour.calibration import Funnel


@dataclass(frozen=True)
class Drawn:
    """A world that is never written: views, carts and purchases of it, as `recsim.fidelity` reads them."""

    world: World

    @classmethod
    def of(cls, scenario: Scenario, funnel: Funnel | None = None) -> Drawn:
        """The world of a scenario; with the `funnel` of another one, nothing is solved (about a second less)."""
        return cls(build(scenario, funnel))

    @property
    def products(self) -> int:
        return self.world.scenario.products.count

    def context(self, *, users_are_sessions: bool) -> Context:
        """What statistics of the log may know; those of tables that are not drawn can't be asked."""
        world = self.world
        labels = [world.label(day) for day in range(world.rules.days)]
        manifest = SimpleNamespace(facts={"events": 1})
        described = SimpleNamespace(
            users=world.users, products=self.products, manifest=manifest, days=lambda: labels, has="events".__eq__
        )
        return Context(
            world=cast("Dataset", described),
            users_are_sessions=users_are_sessions,
            timed=True,
            price_usd=None,
            category=world.traits.category,
            zone_minutes=None,
        )

    def pieces(self) -> Iterator[Piece]:
        """Views, carts and purchases of every chunk, in order of session and time."""
        bench = chunk.Workbench(self.world)
        for day in range(self.world.rules.days):
            for partition in range(self.world.rules.partitions):
                yield self._piece(bench, day, partition)

    def _piece(self, bench: chunk.Workbench, day: int, partition: int) -> Piece:
        rows = chunk.draft_chunk(self.world, bench, day, partition)
        events = rows.events[: rows.counters[draft.UNIQUE]]
        kind = ((events[:, 0] >> np.uint64(draft.DELAY_BITS)) & np.uint64(15)).astype(np.int8)
        events, kind = events[kind <= PURCHASE], kind[kind <= PURCHASE]
        session = (events[:, 1] >> np.uint64(32)).astype(np.int64)
        product = (events[:, 1] & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1
        ms = (events[:, 0] >> np.uint64(32)) - (events[:, 0] & np.uint64(draft.DELAY_MASK))
        time_us = self.world.day_us(day) + ms.astype(np.int64) * 1000
        return Piece(rows.session[session, 0], session, product, kind, time_us, None)
