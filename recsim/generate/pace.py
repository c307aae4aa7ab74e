"""How far a world is: what was written, how fast, and how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from recsim.progress import Progress, silent
from recsim.units import human_bytes, human_count, human_seconds


class Job(NamedTuple):
    """`products` (number of the product file), `users` (partition) or `events` (partition and day)."""

    what: str
    number: int
    day: int


class Made(NamedTuple):
    """What a job wrote: deliveries of events, and bytes of all its files."""

    events: int
    bytes: int


class Pace:
    """Counts the jobs of a world as they are done and tells a listener.

    `left` are the jobs this run has to do, `before` how many an earlier attempt did. `cost_s` guesses the CPU seconds
    of each kind of job: the time left is the guess for the jobs that remain, scaled by how this run compares with its
    own guess so far. Rates and bytes are of this run.
    """

    def __init__(
        self,
        left: Sequence[Job],
        *,
        before: int = 0,
        cost_s: dict[str, float] | None = None,
        stop_after_s: float | None = None,
        progress: Progress = silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cost_s = cost_s or {}
        self._work_s = sum(self._cost(job) for job in left)
        self._worked_s = 0.0
        self._progress = progress
        self._clock = clock
        self._began_s = self._started_s = clock()
        self._stop_after_s = stop_after_s
        self.done, self.total = before, before + len(left)
        self.events = self.bytes = 0

    def note(self, remark: str) -> None:
        """Tell what is being waited for."""
        self._progress(remark, 0, 0, "")

    def start(self) -> None:
        """The workers are ready: rates count from here."""
        self._started_s = self._clock()
        self._tell("")

    def finished(self, job: Job, made: Made) -> None:
        """One more job is done."""
        self.done += 1
        self.events += made.events
        self.bytes += made.bytes
        self._worked_s += self._cost(job)
        self._tell(self._rates())

    @property
    def time_is_up(self) -> bool:
        """Whether the time this run was given is over."""
        return self._stop_after_s is not None and self._clock() - self._began_s >= self._stop_after_s

    def _rates(self) -> str:
        spent_s = max(self._clock() - self._started_s, 1e-9)
        left_s = spent_s * (self._work_s - self._worked_s) / max(self._worked_s, 1e-9)
        phrases = [f"{human_bytes(self.bytes)} written"]
        if self.events:
            phrases = [f"{human_count(self.events)} events", f"{human_count(self.events / spent_s)}/s", *phrases]
        return ", ".join([*phrases, *([f"{human_seconds(left_s)} left"] if self.done < self.total else [])])

    def _tell(self, detail: str) -> None:
        self._progress("generate", self.done, self.total, "chunks", detail)

    def _cost(self, job: Job) -> float:
        return self._cost_s.get(job.what, 1.0)
