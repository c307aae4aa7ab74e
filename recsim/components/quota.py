"""Quotas: the generic cell rate algorithm over a store that all gateways share.

GCRA (ITU-T I.371, Annex A) keeps one number a key, the theoretical arrival time: when the next request would arrive
if the user kept exactly to the rate. A request is let through unless it comes more than `burst` intervals before its
turn; one that is let through moves the turn on by one interval. All numbers are integer microseconds of simulated
time, so the embedded store and Redis decide alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from recsim.errors import BadInput

_SWEEP = 100_000
"""Counters held before the first look for those that no longer matter."""


@dataclass(frozen=True)
class Rate:
    """One request each `interval_us`, and `burst` of them at once."""

    interval_us: int
    burst: int

    @classmethod
    def per_minute(cls, requests: float, burst: int) -> Rate:
        return cls(max(1, round(60e6 / requests)), burst)


@dataclass(frozen=True)
class Verdict:
    """Whether one request may pass; if not, after how long it may be tried again."""

    admitted: bool
    retry_after_us: int
    remaining: int
    """How many more would pass at once."""


def decide(arrival_us: int, rate: Rate, now_us: int) -> tuple[int, Verdict]:
    """The new theoretical arrival time and the verdict, given the stored one (any past time for a new key)."""
    turn_us = max(arrival_us, now_us)
    excess_us = turn_us + rate.interval_us - now_us - rate.burst * rate.interval_us
    if excess_us > 0:
        return arrival_us, Verdict(admitted=False, retry_after_us=excess_us, remaining=0)
    remaining = -excess_us // rate.interval_us
    return turn_us + rate.interval_us, Verdict(admitted=True, retry_after_us=0, remaining=remaining)


class QuotaStore(Protocol):
    """One counter a key, shared by every gateway."""

    def take(self, keys: Sequence[str], rate: Rate, now_us: int) -> list[Verdict]:
        """Ask for one request of each key, in order (a key may repeat)."""
        ...

    def forget(self) -> None:
        """Drop every counter: they hold simulated time, and a new replay's time starts anew."""
        ...


class EmbeddedQuotaStore:
    """A dictionary. Counters that no longer matter are dropped now and then."""

    def __init__(self) -> None:
        self._arrival_us: dict[str, int] = {}
        self._sweep_at = _SWEEP

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`embedded:`; raises `BadInput` where anything follows, because there is nothing to configure."""
        if url.rstrip("/") != "embedded:":
            raise BadInput(f'the embedded quota store takes no address, so "{url}" must be "embedded:".')
        return cls()

    def take(self, keys: Sequence[str], rate: Rate, now_us: int) -> list[Verdict]:
        verdicts = []
        for key in keys:
            self._arrival_us[key], verdict = decide(self._arrival_us.get(key, 0), rate, now_us)
            verdicts.append(verdict)
        if len(self._arrival_us) > self._sweep_at:
            self._arrival_us = {key: turn for key, turn in self._arrival_us.items() if turn > now_us}
            self._sweep_at = max(_SWEEP, 2 * len(self._arrival_us))
        return verdicts

    def forget(self) -> None:
        self._arrival_us.clear()
