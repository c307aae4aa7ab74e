"""Hops: what each took for itself, and how each ended."""

from __future__ import annotations

import time

import pytest

from recsim.components import COMPONENTS
from recsim.components.base import CallLog, Refused, Trace


def spin(cpu_ns: int) -> None:
    end = time.thread_time_ns() + cpu_ns
    while time.thread_time_ns() < end:
        pass


def test_a_hop_does_not_count_what_the_boxes_it_called_took() -> None:
    log = CallLog()
    trace = Trace(log, 7, 123)
    whole = time.thread_time_ns()
    with trace.hop("outer", "ask"):
        with trace.hop("inner", "work"):
            spin(5_000_000)
        with trace.hop("inner", "work"):
            spin(5_000_000)
    whole = time.thread_time_ns() - whole
    rows = log.table().to_pylist()
    assert [row["component"] for row in rows] == ["inner", "inner", "outer"]
    assert min(rows[0]["service_us"], rows[1]["service_us"]) >= 5_000 > rows[2]["service_us"]
    assert sum(row["service_us"] for row in rows) <= whole / 1e3 + 0.01


def test_time_spent_asleep_is_not_busy_time() -> None:
    log = CallLog()
    with Trace(log, 1, 0).hop("box", "wait"):
        time.sleep(0.05)
    assert log.table().to_pylist()[0]["service_us"] < 50_000


def test_a_refusal_and_a_bug_are_outcomes_and_pass_on() -> None:
    log = CallLog()
    trace = Trace(log, 1, 0)
    for error in (Refused(404, "no-product"), ValueError("bug")):
        with pytest.raises(type(error)), trace.hop("box", "ask"):
            raise error
    with trace.hop("box", "ask"):
        pass
    assert [row["outcome"] for row in log.table().to_pylist()] == ["no-product", "error", "ok"]
    assert trace.current is None


def test_every_component_of_the_table_can_be_loaded() -> None:
    for component in COMPONENTS.values():
        assert component.load(component.port) is not None
        assert component.load(component.factory) is not None
