"""A client clock that is two hours ahead spoils nothing behind it."""

from pathlib import Path

import numpy as np

from recsim.components.event_log import Deliveries
from recsim.components.stream_processor import PartitionState, StreamProcessor
from recsim.scenario.system import Stream

HOUR_MS = 3_600_000
FIELDS = ("event_id", "event_type", "event_us", "user_id", "product_id", "device", "tenant", "reference_id", "delay_ms")


def deliveries(ahead_ms: int) -> Deliveries:
    """Ten views of one user, a minute apart, each 100 ms under way; the third is dated `ahead_ms` too late."""
    n = 10
    at_ms = np.arange(n, dtype=np.int64) * 60_000 + 8 * HOUR_MS
    delay = np.full(n, 100, np.int32)
    at_ms[2] += ahead_ms
    delay[2] -= ahead_ms
    ids, zero = np.arange(n, dtype=np.int64), np.zeros(n, np.int64)
    code = zero.astype(np.int16)
    return Deliveries(ids, zero.astype(np.int8), at_ms * 1000, zero, zero, code, code, zero - 1, delay)


def process(ahead_ms: int, tmp_path: Path) -> tuple[int, dict[str, int], int]:
    settings = Stream()
    processor = StreamProcessor(settings, users=1, category_of=np.zeros(1, np.int32), stride=1)
    settled, future = processor.settle(deliveries(ahead_ms))
    state = PartitionState(tmp_path, 0, settings.recently_viewed)
    done = processor.process(settled, state, remember_from_us=0, sampled=None)
    return future, done.counts, len(done.begun_events)


def test_nothing_behind_a_future_date_is_late_or_in_another_session(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    future, counts, sessions = process(2 * HOUR_MS, tmp_path / "a")
    assert future == 1
    assert (counts["kept"], counts["late"], counts["too_late"], sessions) == (10, 0, 0, 1)
    assert process(0, tmp_path / "b") == (0, counts, 1)


def test_a_clock_ahead_by_less_than_the_tolerance_is_believed() -> None:
    processor = StreamProcessor(Stream(), users=1, category_of=np.zeros(1, np.int32), stride=1)
    given = deliveries(30_000)
    settled, future = processor.settle(given)
    assert future == 0
    assert all((getattr(settled, name) == getattr(given, name)).all() for name in FIELDS)
