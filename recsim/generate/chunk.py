"""One chunk: the events, sessions, queries, reviews and votes of the users of one partition on one day.

`draft_chunk` and everything it calls are pure in (scenario, seed, day, partition). `write_chunk` puts a chunk on disk;
the file of its counts is written last and says that the chunk is complete.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import choice, draft, people, sessions, transport
from recsim.behaviour.draft import Draft
from recsim.behaviour.world import World
from recsim.generate import arrival, sink
from recsim.generate.arrival import Log, Rows
from recsim.generate.products import media
from recsim.rng import words
from recsim.runs import write_json
from recsim.schema.tables import DEVICES, EVENT_TYPES, Event, Query, QueryIntent, Review, Session, Vote

_PLANNED = 1 << 16
_EVENTS_A_USER = 24


class Workbench:
    """The memory of one worker, used again for every chunk. Nothing in it carries from one chunk to the next."""

    def __init__(self, world: World) -> None:
        rules = world.rules
        self.room = choice.scratch(
            world.catalogue.mean.shape[1], len(rules.interest_under), rules.sessions_max, rules.length_max
        )
        self.blocks, self.counts = np.empty(_PLANNED, np.int64), np.empty(_PLANNED, np.int64)
        self.most_events = (rules.sessions_max + 1) * (rules.length_max * 8 + 16)
        self.draft = draft.empty(self.most_events, rules.sessions_max + 1)
        self.rows = arrival.rows(0)

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
    block, end = 0, -(-rules.users // rules.partitions)
    while block < end:
        active, block = people.plan_day(rules, partition, day, block, bench.blocks, bench.counts)
        blocks, counts = bench.blocks[:active], bench.counts[:active]
        done = 0
        while True:
            done = sessions.expand(rules, catalogue, bench.draft, bench.room, partition, day, blocks, counts, done)
            if done == active:
                break
            rest = (active - done) * _EVENTS_A_USER + bench.most_events
            bench.draft = _more_room(bench.draft, int(counts.sum()), rest)
    bench.draft = transport.deliver(bench.draft, rules, day)
    return bench.draft


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
    _write_events(world, bench, out / "events" / folder / name, log, day, partition)
    base, review_base = arrival.first_id(day, partition), arrival.first_id(day + 1, partition)
    day_us = world.day_us(day)
    sink.write(out / "sessions" / folder / name, Session, _sessions(rows, base, day_us))
    queries, intents = _queries(world, rows, log, base, day_us)
    sink.write(out / "queries" / folder / name, Query, queries)
    sink.write(out / "truth/queries" / folder / name, QueryIntent, intents)
    sink.write(out / "reviews" / folder / name, Review, _reviews(world, rows, log, review_base, day_us))
    sink.write(out / "votes" / folder / name, Vote, _votes(log, day_us))
    counts = _counts(rows, log)
    write_json(done_mark(out, world, day, partition), counts)
    return counts


def _write_events(world: World, bench: Workbench, path: Path, log: Log, day: int, partition: int) -> None:
    base, review_base = arrival.first_id(day, partition), arrival.first_id(day + 1, partition)
    total = len(log.order)
    out = bench.rows_for(total)
    with sink.part(path, Event) as writer:
        for low in range(0, total, sink.ROW_GROUP):
            high = min(low + sink.ROW_GROUP, total)
            arrival.emit(bench.draft, log, low, high, out, base, review_base, world.day_us(day))
            writer.write_batch(_event_batch(world, out, high - low))


def _event_batch(world: World, out: Rows, count: int) -> pa.RecordBatch:
    columns = {
        "event_id": out.event_id[:count],
        "event_type": sink.category(out.kind[:count], EVENT_TYPES),
        "event_timestamp": out.time_us[:count],
        "user_id": out.user[:count],
        "product_id": sink.nullable(out.product[:count], out.has_product),
        "session": out.session[:count],
        "device": sink.category(out.device[:count], DEVICES),
        "tenant": sink.category(out.tenant[:count], world.tenants),
        "reference_id": sink.nullable(out.reference[:count], out.has_reference),
        "arrival_delay_ms": out.delay_ms[:count],
    }
    return sink.table(Event, columns, count)


def _in_order(drafted: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Drafted rows sorted by the number the log gave them."""
    ordered = np.empty((len(numbers), drafted.shape[1]), np.int64)
    ordered[numbers] = drafted[: len(numbers)]
    return ordered


def _sessions(rows: Draft, base: int, day_us: int) -> pa.RecordBatch:
    made = rows.session[: rows.counters[draft.SESSIONS]]
    found = _in_order(made, made[:, 2])
    columns = {
        "session": base + np.arange(len(found)),
        "user_id": found[:, 0],
        "started_at": day_us + found[:, 3] * 1000,
        "ended_at": day_us + found[:, 4] * 1000,
        "device": sink.category((found[:, 1] & 1).astype(np.int8), DEVICES),
        "events": found[:, 5].astype(np.int32),
    }
    return sink.table(Session, columns, len(found))


def _queries(world: World, rows: Draft, log: Log, base: int, day_us: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    found = _in_order(rows.query, log.query)
    ids = base + np.arange(len(found))
    text, typo = world.queries.texts(found[:, 1], found[:, 3])
    columns = {
        "query_id": ids,
        "user_id": rows.session[found[:, 0], 0],
        "session": base + rows.session[found[:, 0], 2],
        "event_timestamp": day_us + found[:, 2] * 1000,
        "text": text,
    }
    intents = {"query_id": ids, "category_id": found[:, 1].astype(np.int32), "typo": typo}
    return sink.table(Query, columns, len(found)), sink.table(QueryIntent, intents, len(found))


def _reviews(world: World, rows: Draft, log: Log, base: int, day_us: int) -> pa.RecordBatch:
    found = _in_order(rows.review, log.review)
    title, text = world.reviews.texts(world.traits.category[found[:, 1]], found[:, 3], found[:, 4])
    columns = {
        "review_id": base + np.arange(len(found)),
        "product_id": found[:, 1],
        "user_id": rows.session[found[:, 0], 0],
        "event_timestamp": day_us + found[:, 2] * 1000,
        "stars": found[:, 3].astype(np.float32),
        "title": title,
        "text": text,
        "verified": np.ones(len(found), bool),
        **media(words(world.scenario.seed, "review/media", found[:, 4].astype(np.uint64))[:, 0]),
    }
    return sink.table(Review, columns, len(found))


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
        "delivered": len(log.order),
        "unique": int(log.written[0]),
        "sessions": len(sessions_made),
        "active": int(np.count_nonzero(np.diff(sessions_made, prepend=-1))),
        **{kind: int(count) for kind, count in zip(EVENT_TYPES, log.kinds, strict=True)},
    }
