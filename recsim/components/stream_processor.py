"""The stream processor: from deliveries of one partition to sessions, enriched events and user features.

Keyed state lives in one `PartitionState` a partition: a row of fixed size a user seen, in files mapped into memory, so
the users of one partition at a time are resident however many there are in all.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.components import arrival_kernels as arrival
from recsim.components import stream_kernels as kernels
from recsim.components.event_log import Deliveries
from recsim.scenario.system import Stream
from recsim.schema.tables import EVENT_TYPES
from recsim.units import US_PER_SECOND

SIGNAL_WEIGHTS = {"view_product": 1.0, "add_to_cart": 3.0, "purchase": 5.0}
"""What an event of a type adds to the user's score of the product's category."""

_WEIGHTS = np.array([SIGNAL_WEIGHTS.get(kind, 0.0) for kind in EVENT_TYPES], np.float32)
_US_PER_MINUTE = 60 * US_PER_SECOND


def state_dtype(recently_viewed: int) -> np.dtype[np.void]:
    """One user's state. All zero is a user never seen."""
    return np.dtype(
        [
            ("last_us", "i8"), ("session", "i8"), ("started_us", "i8"), ("scored_us", "i8"),
            ("events", "i4"), ("views", "i4"), ("carts", "i4"), ("purchases", "i4"), ("searches", "i4"),
            ("sessions", "i4"), ("session_events", "i4"), ("session_clicks", "i4"),
            ("category", "i4", (kernels.CATEGORY_SLOTS,)), ("score", "f4", (kernels.CATEGORY_SLOTS,)),
            ("recents", "i4"), ("recent", "i4", (recently_viewed,)),
        ],
        align=True,
    )  # fmt: skip


@dataclass(frozen=True)
class FeatureRows:
    """Features of n users at an instant, as columns. Unknown users have `known` false, empty lists and prior shares."""

    users: NDArray[np.int64]
    known: NDArray[np.bool_]
    recently_viewed: NDArray[np.int64]
    """(n, k), newest first, -1 behind the last"""
    preferred_categories: NDArray[np.int32]
    """(n, k), strongest first, -1 behind the last"""
    recency_score: NDArray[np.float64]
    click_through_rate: NDArray[np.float64]
    session: NDArray[np.int64]
    """the session that is open at the instant, -1 where there is none"""
    session_clicks: NDArray[np.int32]
    session_duration_s: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> FeatureRows:
        """The rows of a mask, or of positions in their order."""
        return FeatureRows(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def put(self, rows: NDArray[np.int64], other: FeatureRows) -> None:
        """Overwrite these rows."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(other, column.name)


@dataclass(frozen=True)
class AsOf:
    """State just before each of m events, as columns; `event` are the positions of the events in `Processed`."""

    event: NDArray[np.int64]
    recently_viewed: NDArray[np.int64]
    recently_viewed_count: NDArray[np.int32]
    preferred_categories: NDArray[np.int32]
    preferred_categories_count: NDArray[np.int32]
    recency_score: NDArray[np.float64]
    click_through_rate: NDArray[np.float64]
    session_clicks: NDArray[np.int32]
    session_duration_s: NDArray[np.int32]

    @classmethod
    def room(cls, events: NDArray[np.int64], recently_viewed: int, categories: int) -> AsOf:
        """Unwritten columns for these events."""
        m = len(events)
        return cls(
            events,
            np.full((m, recently_viewed), -1, np.int64), np.zeros(m, np.int32),
            np.full((m, categories), -1, np.int32), np.zeros(m, np.int32),
            np.zeros(m), np.zeros(m), np.zeros(m, np.int32), np.zeros(m, np.int32),
        )  # fmt: skip

    def columns(self) -> tuple[NDArray[Any], ...]:
        """All but `event`, in the order the kernel takes them."""
        return (
            self.recently_viewed, self.recently_viewed_count, self.preferred_categories,
            self.preferred_categories_count, self.recency_score, self.click_through_rate, self.session_clicks,
            self.session_duration_s,
        )  # fmt: skip


@dataclass(frozen=True)
class Processed:
    """One day of one partition, in event-time order: n events with their sessions, and what happened to the rest."""

    events: Deliveries
    session: NDArray[np.int64]
    """found by gaps; -1 for an event that came too late"""
    session_seconds: NDArray[np.int32]
    """from the session's first event to this one"""
    session_clicks: NDArray[np.int32]
    """product views in the session, this event included"""
    as_of: AsOf
    counts: dict[str, int]
    begun_events: NDArray[np.int32]
    """events of each session begun in this call"""
    begun_us: NDArray[np.int64]
    """length of each session begun in this call"""


class PartitionState:
    """The keyed state of one partition: users in order of first sight, one fixed row each, in two mapped files."""

    def __init__(self, directory: Path, partition: int, recently_viewed: int) -> None:
        self.dtype = state_dtype(recently_viewed)
        self.partition = partition
        self.owned = 0
        self.begun = 0
        self.known_ids = np.empty(0, np.int64)
        self.carried = Deliveries.empty()
        self._owners = directory / f".part-{partition:04d}.owners"
        self._rows = directory / f".part-{partition:04d}.rows"

    def open(self, extra: int) -> tuple[NDArray[np.int64], NDArray[np.void], NDArray[np.int32]]:
        """Owners and state with room for `extra` more users, and the hash table that finds a user's row."""
        room = max(self.owned + extra, 2)  # one row would be another memory layout, hence another compilation
        owners = np.asarray(_mapped(self._owners, np.dtype(np.int64), room))
        state = np.asarray(_mapped(self._rows, self.dtype, room))
        table = np.empty(_table_size(room), np.int32)
        kernels.fill_table(table, owners, self.owned)
        return owners, state, table

    @property
    def size_bytes(self) -> int:
        """State and owner of all users seen."""
        return self.owned * (self.dtype.itemsize + 8)


def _mapped(path: Path, dtype: np.dtype[Any], rows: int) -> NDArray[Any]:
    with path.open("ab") as file:
        if file.tell() < rows * dtype.itemsize:
            file.truncate(rows * dtype.itemsize)
    return np.memmap(path, dtype, mode="r+", shape=(rows,))


def _table_size(keys: int) -> int:
    """The power of two that holds `keys` at most half full, 16 at least."""
    return max(1 << (2 * max(keys, 1) - 1).bit_length(), 16)


class StreamProcessor:
    """Dedupe, event-time order, sessions, features. `category_of[product]` is a category code, -1 for none.

    Session numbers are unique over `partitions` partitions and depend on the events of their own partition only.
    """

    def __init__(self, settings: Stream, *, users: int, category_of: NDArray[np.int32], stride: int) -> None:
        self.settings = settings
        self.users = users
        self.category_of = category_of
        self.stride = stride
        self.gap_us = settings.session_gap_minutes * _US_PER_MINUTE
        self.lateness_us = settings.allowed_lateness_minutes * _US_PER_MINUTE

    def settle(self, deliveries: Deliveries) -> tuple[Deliveries, int]:
        """Deliveries without dates from the future, and how many had one.

        An event dated later than it arrived comes from a client whose clock is ahead. Beyond the tolerance its date is
        not believed: it happened when it arrived. Otherwise it would move the watermark on and everything behind it
        would count as late, and it would fall into a session, and perhaps a day, of its own.
        """
        ahead = deliveries.delay_ms < -1000 * self.settings.future_tolerance_s
        count = int(np.count_nonzero(ahead))
        if not count:
            return deliveries, 0
        arrival_us = deliveries.event_us + deliveries.delay_ms.astype(np.int64) * 1000
        event_us = np.where(ahead, arrival_us, deliveries.event_us)
        delay_ms = np.where(ahead, 0, deliveries.delay_ms).astype(np.int32)
        return replace(deliveries, event_us=event_us, delay_ms=delay_ms), count

    def process(
        self,
        deliveries: Deliveries,
        state: PartitionState,
        *,
        remember_from_us: int,
        sampled: NDArray[np.bool_] | None,
    ) -> Processed:
        """Take deliveries, in arrival order, into a partition's state.

        Ids of events from `remember_from_us` on are known to the next call. Every event of a user in the mask `sampled`
        gets an as-of row.
        """
        verdict = self._admit(deliveries, state.known_ids)
        keep = np.flatnonzero(verdict <= arrival.TOO_LATE)
        order = keep[arrival.event_order(deliveries.event_us[keep], deliveries.event_id[keep])]
        events = deliveries.take(order)
        in_time = verdict[order] != arrival.TOO_LATE
        state.known_ids = events.event_id[events.event_us >= remember_from_us]
        sample = np.empty(0, np.int64) if sampled is None else np.flatnonzero(sampled[events.user_id] & in_time)
        counts = np.bincount(verdict, minlength=5)
        return self._advance(events, in_time, sample, state, _counted(counts))

    def _admit(self, deliveries: Deliveries, known: NDArray[np.int64]) -> NDArray[np.uint8]:
        verdict = np.empty(len(deliveries), np.uint8)
        seen = np.empty(_table_size(len(deliveries) + len(known)), np.int64)
        columns = (
            deliveries.event_id, deliveries.event_type, deliveries.event_us, deliveries.user_id,
            deliveries.product_id, deliveries.delay_ms,
        )  # fmt: skip
        arrival.admit(columns, known, self.users, len(self.category_of), self.lateness_us // 1000, seen, verdict)
        return verdict

    def _advance(
        self, events: Deliveries, in_time: NDArray[np.bool_], sample: NDArray[np.int64], state: PartitionState,
        counts: dict[str, int],
    ) -> Processed:  # fmt: skip
        n = len(events)
        owners, states, table = state.open(n)
        rows = np.empty(n, np.int32)
        state.owned = int(kernels.user_rows(table, owners, state.owned, events.user_id, rows))
        session, seconds, clicks = np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n, np.int32)
        begun_events, begun_us = np.zeros(n, np.int32), np.zeros(n, np.int64)
        slot = np.full(n, -1, np.int64)
        slot[sample] = np.arange(len(sample))
        as_of = AsOf.room(sample, self.settings.recently_viewed, self.settings.preferred_categories)
        first = state.begun
        columns = (events.event_us, events.event_type, events.product_id, in_time)
        rules = (self.category_of, _WEIGHTS, self.gap_us, self.stride, state.partition)
        out = (session, seconds, clicks, begun_events, begun_us)
        state.begun = int(kernels.advance(rows, columns, rules, first, states, slot, as_of.columns(), out))
        begun = state.begun - first
        return Processed(events, session, seconds, clicks, as_of, counts, begun_events[:begun], begun_us[:begun])

    def features(self, state: PartitionState, users: NDArray[np.int64], now_us: int) -> FeatureRows:
        """The features of users at an instant after the last event taken in."""
        owners, states, table = state.open(0)
        rows = np.empty(len(users), np.int32)
        kernels.find_rows(table, owners, users, rows)
        found = self.unknown(users)
        found.known[:] = rows >= 0
        out = (
            found.recently_viewed, found.preferred_categories, found.recency_score, found.click_through_rate,
            found.session, found.session_clicks, found.session_duration_s,
        )  # fmt: skip
        kernels.snapshot(rows, now_us, (self.gap_us, self.stride, state.partition), states, out)
        return found

    def unknown(self, users: NDArray[np.int64]) -> FeatureRows:
        """The features of users of whom there are no events."""
        n = len(users)
        return FeatureRows(
            users,
            np.zeros(n, np.bool_),
            np.full((n, self.settings.recently_viewed), -1, np.int64),
            np.full((n, self.settings.preferred_categories), -1, np.int32),
            np.zeros(n),
            np.full(n, kernels.click_rate(0, 0, 0)),
            np.full(n, -1, np.int64),
            np.zeros(n, np.int32),
            np.zeros(n, np.int32),
        )

    def warm_up(self, directory: Path) -> None:
        """Compile, or load from the cache, every kernel, so that the first day is not timed with it."""
        with TemporaryDirectory(dir=directory) as scratch:
            state = PartitionState(Path(scratch), 0, self.settings.recently_viewed)
            self.process(Deliveries.empty(), state, remember_from_us=0, sampled=None)
            self.features(state, np.zeros(1, np.int64), 0)


def _counted(verdicts: NDArray[np.int64]) -> dict[str, int]:
    kept = int(verdicts[arrival.KEPT] + verdicts[arrival.LATE] + verdicts[arrival.TOO_LATE])
    return {
        "read": int(verdicts.sum()),
        "kept": kept,
        "duplicates": int(verdicts[arrival.DUPLICATE]),
        "refused": int(verdicts[arrival.REFUSED]),
        "late": int(verdicts[arrival.LATE]),
        "too_late": int(verdicts[arrival.TOO_LATE]),
    }
