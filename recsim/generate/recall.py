"""Looking up one event or query of a world by its number: its chunk is drawn again, in memory, and asked.

An id says day, partition and number (see `arrival`), so no other chunk is needed and no file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import draft, wanted
from recsim.behaviour.adversaries import KINDS, Accounts
from recsim.behaviour.text import path_of
from recsim.behaviour.world import World
from recsim.errors import BadInput
from recsim.generate import arrival, chunk, sink
from recsim.generate.arrival import NUMBER_BITS, PARTITION_BITS, Log
from recsim.generate.searches import tables
from recsim.schema.tables import EVENT_TYPES


@dataclass(frozen=True)
class Chunk:
    """One chunk of a world, drawn again and numbered."""

    world: World
    bench: chunk.Workbench
    log: Log
    bases: tuple[int, int, int]
    rows: list[dict[str, Any]]


def place_of(world: World, number: int, what: str) -> tuple[int, int]:
    """Day and partition of an id; raises `BadInput` where the world has none such."""
    partition = number >> NUMBER_BITS & (1 << PARTITION_BITS) - 1
    day = number >> NUMBER_BITS + PARTITION_BITS
    days, partitions = world.scenario.calendar.days, world.scenario.layout.partitions
    if number < 0 or day >= days or partition >= partitions:
        raise BadInput(
            f"there is no {what} {number}: it would be of day {day} and partition {partition}, and the world has "
            f"{days} days and {partitions} partitions, counted from 0; name an id of the {what}s' table."
        )
    return day, partition


def event(world: World, number: int) -> dict[str, Any]:
    """What is known of an event: as it happened, whose it was, its fate, and when each of its deliveries arrived."""
    day, partition = place_of(world, number, "event")
    bench, log, bases = _draw(world, day, partition)
    deliveries = _emit(bench, log, bases, number)
    if not deliveries:
        raise BadInput(f"there is no event {number}: its chunk has {int(log.written[0])} events; name a lower one.")
    first = deliveries[0]
    lost = first["lost"]
    fate = (
        "lost" if lost else "future-dated" if first["skew_ms"] else "repeated" if len(deliveries) > 1 else "delivered"
    )
    return {
        "event_id": number,
        "event_type": EVENT_TYPES[first["kind"]],
        "event_timestamp": _iso(first["time_us"]),
        "user_id": first["user"],
        "product_id": first["product"] if first["product"] >= 0 else None,
        "session": first["session"],
        "fate": fate,
        "logged_timestamp": None if lost else _iso(first["time_us"] + first["skew_ms"] * 1000),
        "arrivals": [] if lost else [_iso(one["time_us"] + one["delay_ms"] * 1000) for one in deliveries],
        "adversary": kind_of(world, first["user"]),
    }


def kind_of(world: World, user: int) -> str | None:
    """The kind of adversary a user is; None for a customer."""
    row = world.adversaries.find(user)
    return None if row is None else KINDS[row[Accounts.KIND]]


def _iso(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat().replace("+00:00", "Z")


def query(world: World, number: int) -> dict[str, Any]:
    """What was meant by a query: the row of `truth/queries` with the text and the products it asks for."""
    day, partition = place_of(world, number, "query")
    bench, log, bases = _draw(world, day, partition)
    _emit(bench, log, bases, -1)
    made = tables(world, bench.draft, log, bases)
    place = number - bases[0]
    if place >= made["queries"].num_rows:
        raise BadInput(
            f"there is no query {number}: its chunk has {made['queries'].num_rows} queries; name a lower one."
        )
    row: dict[str, Any] = made["truth/queries"].slice(place, 1).to_pylist()[0]
    asked: dict[str, Any] = made["queries"].slice(place, 1).to_pylist()[0]
    person_tenant = int(bench.draft.session[_session_of(bench, log, place), 1] >> 1)
    starts = world.catalogue.tenant_start
    shelf = wanted.shelf_of(world.traits.category, world.traits.words)
    rule = world.queries.rules_of(row)
    found = wanted.targets(shelf, rule, 0, (int(starts[person_tenant]), int(starts[person_tenant + 1])))
    return {
        "text": asked["text"],
        "user_id": asked["user_id"],
        **row,
        "path": None if row["category_id"] is None else list(path_of(row["category_id"])),
        "targets": len(found),
        "target_ids": found.tolist(),
    }


def _session_of(bench: chunk.Workbench, log: Log, place: int) -> int:
    return int(bench.draft.query[int(np.flatnonzero(log.query == place)[0]), 0])


def _draw(world: World, day: int, partition: int) -> tuple[chunk.Workbench, Log, tuple[int, int, int]]:
    bench = chunk.Workbench(world)
    rows = chunk.draft_chunk(world, bench, day, partition)
    return bench, arrival.by_arrival(rows), chunk.bases_of(world, day, partition)


def _emit(bench: chunk.Workbench, log: Log, bases: tuple[int, int, int], number: int) -> list[dict[str, int]]:
    """Number the whole chunk; returns the deliveries of one event, as they truly happened."""
    found = []
    for low in range(0, len(log.order), sink.ROW_GROUP):
        some = log.order[low : low + sink.ROW_GROUP]
        out = bench.rows_for(len(log.order))
        arrival.emit(bench.draft, log, some, out, bases, False)  # noqa: FBT003 - numba takes no keywords
        found += [_delivery(bench, some, out, int(j)) for j in np.flatnonzero(out.event_id[: len(some)] == number)]
    return found


def _delivery(bench: chunk.Workbench, chosen: NDArray[np.uint64], out: arrival.Rows, j: int) -> dict[str, int]:
    mark = int(bench.draft.events[int(chosen[j] & np.uint64(0xFFFFFFFF)), 2] & np.uint64(0xFFFFFFFF))
    has_product = bool(out.has_product[j >> 3] >> (j & 7) & 1)
    return {
        "kind": int(out.kind[j]),
        "time_us": int(out.time_us[j]),
        "user": int(out.user[j]),
        "product": int(out.product[j]) if has_product else -1,
        "session": int(out.session[j]),
        "delay_ms": int(out.delay_ms[j]),
        "lost": mark & 1,
        "skew_ms": int(bench.draft.skew[mark >> draft.ODD_SHIFT]) if mark >> draft.ODD_SHIFT else 0,
    }
