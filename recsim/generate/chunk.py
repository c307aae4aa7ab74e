"""One chunk: the events, sessions, queries, reviews and votes of the users of one partition on one day.

`draft_chunk` and everything it calls are pure in (scenario, seed, day, partition). `write_chunk` puts a chunk on disk;
the file of its counts is written last and says that the chunk is complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import choice, draft, hostile, plan, sessions, transport, votes
from recsim.behaviour.draft import Draft
from recsim.behaviour.world import World
from recsim.generate import arrival, orders, reviews, searches, sink
from recsim.generate.arrival import Log, Rows
from recsim.runs import write_json
from recsim.schema.tables import DEVICES, EVENT_TYPES, TABLES, Event, Order, Session, Vote
from recsim.schema.truth import TransportTruth

_EVENTS_A_USER = 24


class Workbench:
    """The memory of one worker, used again for every chunk. Nothing in it carries from one chunk to the next."""

    def __init__(self, world: World) -> None:
        rules = world.rules
        self.room = choice.scratch(
            world.catalogue.mean.shape[1], len(rules.interest_under), rules.sessions_max, rules.length_max
        )
        self.most_events = (rules.sessions_max + 1) * (rules.length_max * 8 + 16)
        self.draft = draft.empty(self.most_events, rules.sessions_max + 1)
        self.rows = arrival.rows(0)
        self.quality = world.traits.quality.astype(np.float32)

    def rows_for(self, events: int) -> Rows:
        """Columns for one row group of a chunk of so many events."""
        wanted = min(sink.ROW_GROUP, events)
        if len(self.rows.kind) < wanted:
            self.rows = arrival.rows(wanted)
        return self.rows


def done_mark(out: Path, world: World, day: int, partition: int) -> Path:
    """The file that says a chunk is complete; it holds the chunk's counts."""
    return out / ".done" / f".{world.label(day)}-{partition:04d}.json"


def draft_chunk(world: World, bench: Workbench, day: int, partition: int) -> Draft:
    """The rows of a chunk in the order they are drawn; valid until the bench is used again."""
    rules, catalogue = world.rules, world.on(day)
    bench.draft.counters[:] = 0
    users = plan.everybody(rules, catalogue, partition, day)
    done = 0
    while True:
        done = sessions.expand(rules, catalogue, bench.draft, bench.room, day, users, done)
        if done == len(users.user):
            break
        rest = (len(users.user) - done) * _EVENTS_A_USER + bench.most_events
        bench.draft = _more_room(bench.draft, int(users.sessions[users.order[done:]].sum()), rest)
    while not votes.first_day(rules, bench.quality, bench.draft, day):
        bench.draft = _more_room(bench.draft, 0, int(bench.draft.counters[draft.REVIEWS]) * 2 * votes.MOST_FIRST_DAY)
    _draft_adversaries(world, bench, day, partition)
    bench.draft = transport.deliver(bench.draft, rules, day)
    return bench.draft


def _draft_adversaries(world: World, bench: Workbench, day: int, partition: int) -> None:
    """The day of the accounts of a partition that are no customers."""
    accounts = world.adversaries.of(partition).rows
    knobs = (world.scenario.adversaries.crawler_views, world.adversaries.burst_ms)
    done = 0
    while True:
        done = hostile.act(world.rules, world.catalogue, bench.draft, accounts, knobs, day, done)
        if done == len(accounts):
            return
        bench.draft = _more_room(bench.draft, len(accounts) - done, hostile.most_events(knobs[0]))


def _more_room(rows: Draft, sessions_planned: int, events: int) -> Draft:
    """Room for the rest of a batch of users, and at least half as much again as there was."""
    return draft.grown(
        rows,
        max(int(rows.counters[draft.EVENTS]) + events, len(rows.events) * 3 // 2),
        max(int(rows.counters[draft.SESSIONS]) + 2 * sessions_planned + 64, len(rows.session) * 3 // 2),
    )


def write_chunk(world: World, bench: Workbench, out: Path, day: int, partition: int) -> dict[str, int]:
    """Make a chunk and write its files; returns its counts."""
    rows = draft_chunk(world, bench, day, partition)
    log = arrival.by_arrival(rows)
    folder, name = f"day={world.label(day)}", f"part-{partition:04d}.parquet"
    bases = bases_of(world, day, partition)
    base, _, day_us = bases
    _write_events(world, bench, out / "events" / folder / name, log, bases)
    _write_transport(world, bench, out / "truth/transport" / folder / name, log, bases)
    sink.write(out / "sessions" / folder / name, Session, _sessions(rows, log, base, day_us))
    for batches in (searches.tables(world, rows, log, bases), reviews.new_tables(world, rows, log, bases)):
        for table, batch in batches.items():
            sink.write(out / table / folder / name, TABLES[table], batch)
    sink.write(out / "orders" / folder / name, Order, orders.lines(world, rows, log, day, base))
    sink.write(out / "votes" / folder / name, Vote, _votes(log, day_us))
    counts = _counts(rows, log)
    write_json(done_mark(out, world, day, partition), counts)
    return counts


def bases_of(world: World, day: int, partition: int) -> tuple[int, int, int]:
    """The first id of a chunk, its first review id, and the µs of its midnight."""
    return arrival.first_id(day, partition), arrival.first_id(day + 1, partition), world.day_us(day)


def _delivered(rows: Draft, log: Log) -> int:
    """How many deliveries of the log's order arrive; the others are lost events."""
    return len(log.order) - int(rows.counters[draft.LOST])


def _write_events(world: World, bench: Workbench, path: Path, log: Log, bases: tuple[int, int, int]) -> None:
    """The deliveries of a chunk, row group by row group."""
    arrived = log.order[: _delivered(bench.draft, log)]
    with sink.part(path, Event) as writer:
        for some, out in _groups(bench, arrived):
            arrival.emit(bench.draft, log, some, out, bases, True)  # noqa: FBT003 - numba takes no keywords
            columns = {**_event_columns(world, out, len(some)), "arrival_delay_ms": out.delay_ms[: len(some)]}
            writer.write_batch(sink.table(Event, columns, len(some)))


def _write_transport(world: World, bench: Workbench, path: Path, log: Log, bases: tuple[int, int, int]) -> None:
    """The events that never arrived, which get their numbers here, and those that a client dated wrongly."""
    end = _delivered(bench.draft, log)
    future = log.future[: log.written[5]]
    with sink.part(path, TransportTruth) as writer:
        for fate, chosen in (("lost", log.order[end:]), ("future", future)):
            for some, out in _groups(bench, chosen):
                arrival.emit(bench.draft, log, some, out, bases, False)  # noqa: FBT003
                columns = {"fate": sink.category(np.zeros(len(some), np.int8), [fate])}
                columns |= _event_columns(world, out, len(some))
                writer.write_batch(sink.table(TransportTruth, columns, len(some)))


def _groups(bench: Workbench, chosen: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.uint64], Rows]]:
    """Row groups of the log's order, and room to write each."""
    for low in range(0, len(chosen), sink.ROW_GROUP):
        yield chosen[low : low + sink.ROW_GROUP], bench.rows_for(len(chosen))


def _event_columns(world: World, out: Rows, count: int) -> dict[str, Any]:
    return {
        "event_id": out.event_id[:count],
        "event_type": sink.category(out.kind[:count], EVENT_TYPES),
        "event_timestamp": out.time_us[:count],
        "user_id": out.user[:count],
        "product_id": sink.nullable(out.product[:count], out.has_product),
        "session": out.session[:count],
        "device": sink.category(out.device[:count], DEVICES),
        "tenant": sink.category(out.tenant[:count], world.tenants),
        "reference_id": sink.nullable(out.reference[:count], out.has_reference),
    }


def _sessions(rows: Draft, log: Log, base: int, day_us: int) -> pa.RecordBatch:
    user, client, number, start, end, events = arrival.in_order(rows.session, log.sessions[:-1])
    columns = {
        "session": base + number,
        "user_id": user,
        "started_at": day_us + start * 1000,
        "ended_at": day_us + end * 1000,
        "device": sink.category((client & 1).astype(np.int8), DEVICES),
        "events": events.astype(np.int32),
    }
    return sink.table(Session, columns, len(user))


def _votes(log: Log, day_us: int) -> pa.RecordBatch:
    votes = log.votes[: log.written[4]]
    columns = {
        "review_id": votes[:, 0],
        "user_id": votes[:, 1],
        "event_timestamp": day_us + votes[:, 2] * 1000,
        "direction": votes[:, 3].astype(np.int8),
    }
    return sink.table(Vote, columns, len(votes))


def _counts(rows: Draft, log: Log) -> dict[str, int]:
    sessions_made = rows.session[: rows.counters[draft.SESSIONS], 0]
    return {
        "delivered": _delivered(rows, log),
        "unique": int(log.written[0] - rows.counters[draft.LOST]),
        "lost": int(rows.counters[draft.LOST]),
        "sessions": len(sessions_made),
        "active": int(np.count_nonzero(np.diff(sessions_made, prepend=-1))),
        **{kind: int(count) for kind, count in zip(EVENT_TYPES, log.kinds, strict=True)},
    }
