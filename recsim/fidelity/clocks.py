"""When things happen, and from which client."""

from __future__ import annotations

import numpy as np

from recsim.fidelity.base import About, Context, Limits, Measured, told, untold
from recsim.fidelity.log import Ints, Piece
from recsim.schema.tables import DEVICES

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
THURSDAY, SATURDAY = 3, 5
"""1970-01-01 was a Thursday; Monday is 0."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_TIMES = "the log has no times"
ENOUGH = 1_000
"""Events that hours of weekdays or of weekends are told of."""


def local_us(piece: Piece, context: Context) -> Ints | None:
    """The times of views, carts and purchases on the users' own clocks (UTC where nobody says otherwise)."""
    signals = piece.signals
    if signals.time_us is None:
        return None
    if context.zone_minutes is None:
        return signals.time_us
    return signals.time_us + context.zone_minutes[signals.user].astype(np.int64) * MINUTE_US


class HourOfDay:
    """Shares of the hours of the day; `extra` holds those of weekdays and of weekends alone."""

    about = About("hour_of_day", "shares", "marginal", "share of events")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = np.zeros((2, 24), np.int64)

    def add(self, piece: Piece) -> None:
        times = local_us(piece, self._context)
        if times is not None:
            hour, weekend = times % DAY_US // HOUR_US, (times // DAY_US + THURSDAY) % 7 >= SATURDAY
            self._counts += np.bincount(hour + 24 * weekend, minlength=48).reshape(2, 24)

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        total = int(self._counts.sum())
        if not total:
            return untold(self.about, NO_TIMES)
        extra: dict[str, float] = {}
        for kind, counts in zip(("weekday", "weekend"), self._counts, strict=True):
            if counts.sum() >= ENOUGH:
                extra |= {f"{kind}_h{hour:02d}": float(n / counts.sum()) for hour, n in enumerate(counts)}
        values = {f"h{hour:02d}": float(n / total) for hour, n in enumerate(self._counts.sum(axis=0))}
        return told(self.about, values, total, extra=extra)


class DayOfWeek:
    """Shares of the days of the week; of logs of at least two weeks."""

    about = About("day_of_week", "shares", "marginal", "share of events")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = np.zeros(7, np.int64)
        self._days: set[int] = set()

    def add(self, piece: Piece) -> None:
        times = local_us(piece, self._context)
        if times is not None:
            days = times // DAY_US
            self._counts += np.bincount((days + THURSDAY) % 7, minlength=7)
            self._days |= set(np.unique(days).tolist())

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        total = int(self._counts.sum())
        if len(self._days) < 14:
            return untold(self.about, "the log has fewer than 14 days" if total else NO_TIMES)
        return told(self.about, {name: float(n / total) for name, n in zip(DAYS, self._counts, strict=True)}, total)


class Device:
    """Sessions on the mobile client."""

    about = About("device", "rates", "marginal", "share of sessions")

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._counts = np.zeros(len(DEVICES), np.int64)

    def add(self, piece: Piece) -> None:
        if piece.device is not None:
            self._counts += np.bincount(piece.device[piece.starts], minlength=len(DEVICES))

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        if np.count_nonzero(self._counts) < 2:
            return untold(self.about, "the log does not tell clients apart")
        total = int(self._counts.sum())
        return told(self.about, {"mobile_share": float(self._counts[DEVICES.index("mobile")] / total)}, total)
