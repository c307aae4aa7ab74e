"""A client of the shop after a replay: it asks through load balancer and gateway, and sees the hops of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow.compute as pc

from recsim.components.base import CallLog, Trace
from recsim.replay.days import Days

MORNING = datetime(2025, 1, 5, 9, 0, tzinfo=UTC)
MORNING_US = int(MORNING.timestamp()) * 1_000_000


def NullProgress(*_: object) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back, and (component, operation, outcome) of every box it passed."""

    status: int
    outcome: str
    body: Any
    hops: list[tuple[str, str, str]]
    retry_after_s: float | None

    @property
    def boxes(self) -> set[str]:
        return {component for component, _, _ in self.hops}


class Client:
    """Users of the shop by number, on the morning after the last day."""

    def __init__(self, days: Days) -> None:
        self.days, self.plane, self.shop = days, days.plane, days.plane.shop

    def ask(self, user: int, route: str, **arguments: Any) -> Answer:
        row = {"user_id": user, "tenant": "default", "event_timestamp": MORNING, "device": "web"}
        before = len(self.plane.calls)
        response = self.plane.ask(row, route, arguments)
        body = orjson.loads(response.body) if response.body else None
        return Answer(response.status, response.outcome, body, self.hops(before), response.retry_after_s)

    def hops(self, since: int) -> list[tuple[str, str, str]]:
        """(component, operation, outcome) of the hops after the first `since`."""
        names = ("component", "operation", "outcome")
        table = self.plane.calls.table().slice(since)
        return list(zip(*(pc.cast(table[name], "string").to_pylist() for name in names), strict=True))

    def trace(self) -> Trace:
        """Of a background worker, in the log of the replay."""
        return Trace(self.plane.calls, 0, MORNING_US)

    def events(self) -> list[dict[str, Any]]:
        """Everything in the event topic."""
        return [orjson.loads(value) for value in self.shop.logged()]


def own_trace() -> Trace:
    """A trace in a log of its own, for threads."""
    return Trace(CallLog(), 1, MORNING_US)
