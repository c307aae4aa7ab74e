"""The stream plane of a replay: every event of the log, day by day, into sessions, features and the lake.

A day is closed at its midnight plus the allowed lateness, as a daily batch does that waits for the watermark:
stragglers filed under the next day are fetched, and events of the next day that were filed under this one are carried
over. So a delivery that is not too late counts in the day, the session and the features it belongs to, wherever it was
filed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.clock import day_start_us
from recsim.components.event_log import Deliveries, EventLog
from recsim.components.stream_processor import FeatureRows, PartitionState, Processed, StreamProcessor
from recsim.dataset import Dataset
from recsim.progress import Progress
from recsim.replay.as_of import AS_OF, as_of_table
from recsim.replay.enrichment import load_enrichment
from recsim.replay.lake import lake_file, write_lake
from recsim.scenario.system import Stream
from recsim.units import US_PER_SECOND

_END_OF_TIME_US = 2**62


@dataclass(frozen=True)
class StreamDay:
    """What happened to the events of one day."""

    day: str
    counts: dict[str, int]
    """read = kept + duplicates + refused; late and too_late are among the kept"""
    sessions: int
    """sessions begun"""
    session_events_mean: float
    """events of a session begun this day, until midnight"""
    session_duration_p50_s: float
    """median length of a session begun this day, until midnight"""
    watermark_lag_s: dict[str, float]
    """p50, p95, p99 and max of the time from an event to its arrival, of the deliveries read"""
    cpu_s: float
    cpu_split_s: dict[str, float]
    """cpu_s by stage: read, process, lake, as_of"""
    as_of: pa.Table
    """events of the sampled users in event-time order with the features just before each (schema `AS_OF`)"""


class StreamPlane:
    """The log of a world, taken in a day at a time, in order.

    `lake` is written to; keyed state lives in a directory beside it that `close` (or the end of the process) removes.
    `sampled` is a mask over users whose events come back with as-of features; None is nobody. `partitions` limits the
    plane to some partitions. Raises `BadInput` where the world has no event log.
    """

    def __init__(
        self,
        world: Dataset,
        settings: Stream,
        lake: Path,
        *,
        sampled: NDArray[np.bool_] | None,
        partitions: Sequence[int] | None = None,
    ) -> None:
        self.log = EventLog.open(world)
        self.settings = settings
        self.lake = lake
        self.sampled = sampled
        self.enrichment = load_enrichment(world)
        self.partitions = list(self.log.partitions if partitions is None else partitions)
        self._processor = StreamProcessor(
            settings,
            users=world.users,
            category_of=self.enrichment.category_of,
            stride=max(self.log.partitions) + 1,
        )
        lake.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = TemporaryDirectory(prefix=".stream-", suffix=".tmp", dir=lake.parent)
        directory = Path(self._scratch.name)
        self._states = {part: PartitionState(directory, part, settings.recently_viewed) for part in self.partitions}
        self._next = 0
        self._processor.warm_up(directory)

    @property
    def days(self) -> list[str]:
        """The days of the log, in order."""
        return self.log.days

    @property
    def categories(self) -> list[str]:
        """Names of the category codes."""
        return self.enrichment.categories

    @property
    def state_bytes(self) -> int:
        """Keyed state of all users seen so far."""
        return sum(state.size_bytes for state in self._states.values())

    def run_day(self, day: str, *, progress: Progress) -> StreamDay:
        """Take in the next day of the log; days must come in the log's order."""
        assert [day] == self.days[self._next : self._next + 1], f"{day} is not the next day of the log"
        tally = _Tally()
        for done, partition in enumerate(self.partitions):
            progress("stream", done, len(self.partitions), "partitions")
            self._run_partition(self._next, partition, tally)
        progress("stream", len(self.partitions), len(self.partitions), "partitions")
        self._next += 1
        return tally.day(day)

    def _run_partition(self, position: int, partition: int, tally: _Tally) -> None:
        state = self._states[partition]
        deliveries, future = tally.timed("read", lambda: self._deliveries(position, partition, state))
        processed = tally.timed(
            "process",
            lambda: self._processor.process(
                deliveries,
                state,
                remember_from_us=self._end_us(position) - self._processor.lateness_us,
                sampled=self.sampled,
            ),
        )
        path = lake_file(self.lake, self.days[position], partition)
        names = {"devices": self.log.devices, "tenants": self.log.tenants}
        tally.timed("lake", lambda: write_lake(path, processed, self.enrichment, **names))
        tally.timed("as_of", lambda: tally.add(deliveries, processed, as_of_table(processed, **names)))
        if future:
            tally.counts["future_dated"] = tally.counts.get("future_dated", 0) + future

    def _deliveries(self, position: int, partition: int, state: PartitionState) -> tuple[Deliveries, int]:
        """The deliveries of a day, and how many had a date from the future: carried over, filed under the day and not
        fetched before, filed under the next one."""
        lateness_ms = self._processor.lateness_us // 1000
        filed, future = self._processor.settle(self.log.read(self.days[position], partition))
        if position > 0 and len(filed):
            fetched = (filed.event_us < self._end_us(position - 1)) & (filed.delay_ms <= lateness_ms)
            filed = filed.take(~fetched) if fetched.any() else filed
        found = Deliveries.concat([state.carried, filed]) if len(state.carried) else filed
        end_us = self._end_us(position)
        ahead = found.event_us >= end_us
        state.carried = found.take(ahead) if ahead.any() else Deliveries.empty()
        found = found.take(~ahead) if ahead.any() else found
        if position + 1 == len(self.days):
            return found, future
        stragglers = self.log.stragglers(self.days[position + 1], partition, before_us=end_us, within_ms=lateness_ms)
        return Deliveries.concat([found, stragglers]) if len(stragglers) else found, future

    def _end_us(self, position: int) -> int:
        """The midnight that ends a day; the last day of the log takes whatever is left."""
        if position + 1 == len(self.days):
            return _END_OF_TIME_US
        return day_start_us(date.fromisoformat(self.days[position]), 1)

    def feature_rows(self, users: NDArray[np.int64], at_us: int) -> FeatureRows:
        """Features of users (n,) at an instant at or after the end of the days run; columns in the order asked."""
        users = np.ascontiguousarray(users, np.int64)
        rows = self._processor.unknown(users)
        left = np.arange(len(users))
        for state in self._states.values():
            found = self._processor.features(state, users[left], at_us)
            rows.put(left[found.known], found.take(found.known))
            left = left[~found.known]
        return rows

    def close(self) -> None:
        """Remove the keyed state."""
        self._states.clear()
        self._scratch.cleanup()


@dataclass
class _Tally:
    """Sums of one day over its partitions."""

    counts: dict[str, int] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    events: list[NDArray[np.int32]] = field(default_factory=list)
    lengths_us: list[NDArray[np.int64]] = field(default_factory=list)
    delays_ms: list[NDArray[np.int32]] = field(default_factory=list)
    as_of: list[pa.Table] = field(default_factory=list)

    def timed(self, stage: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
        started = time.process_time()
        answer = work()
        self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + time.process_time() - started
        return answer

    def add(self, deliveries: Deliveries, processed: Processed, as_of: pa.Table) -> None:
        for name, count in processed.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.events.append(processed.begun_events)
        self.lengths_us.append(processed.begun_us)
        self.delays_ms.append(deliveries.delay_ms)
        self.as_of.append(as_of)

    def day(self, day: str) -> StreamDay:
        events, lengths_us = np.concatenate(self.events), np.concatenate(self.lengths_us)
        table = self.timed("as_of", lambda: _in_event_order(self.as_of))
        lag_s = self.timed("read", lambda: _quantiles_s(np.concatenate(self.delays_ms)))
        return StreamDay(
            day=day,
            counts=self.counts,
            sessions=len(events),
            session_events_mean=float(events.mean()) if len(events) else 0.0,
            session_duration_p50_s=float(np.median(lengths_us)) / US_PER_SECOND if len(events) else 0.0,
            watermark_lag_s=lag_s,
            cpu_s=sum(self.cpu_s.values()),
            cpu_split_s=dict(self.cpu_s),
            as_of=table,
        )


def _in_event_order(parts: list[pa.Table]) -> pa.Table:
    table = pa.concat_tables(parts) if parts else AS_OF.empty_table()
    order = [("event_timestamp", "ascending"), ("event_id", "ascending")]
    return table.sort_by(order) if len(table) else table


def _quantiles_s(delays_ms: NDArray[np.int32]) -> dict[str, float]:
    names = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    if not len(delays_ms):
        return dict.fromkeys(names, 0.0)
    values = np.quantile(delays_ms, list(names.values()), method="inverted_cdf")
    return {name: float(value) / 1000.0 for name, value in zip(names, values, strict=True)}
