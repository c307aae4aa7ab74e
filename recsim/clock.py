"""Simulated time. Instants are int64 microseconds since 1970-01-01 UTC; days are counted from a world's first day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from recsim.units import US_PER_DAY, US_PER_SECOND


def day_start_us(first_day: date, day: int) -> int:
    """The first microsecond of day number `day` (0 is `first_day`)."""
    midnight = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC) + timedelta(days=day)
    return int(midnight.timestamp()) * US_PER_SECOND


def day_label(first_day: date, day: int) -> str:
    """`2025-01-02`: the name of a day partition."""
    return (first_day + timedelta(days=day)).isoformat()


def date_of(instant_us: int) -> date:
    """The UTC date of an instant."""
    return date(1970, 1, 1) + timedelta(days=instant_us // US_PER_DAY)


def instant_us(moment: datetime) -> int:
    """The instant of a date and time with a zone, as Arrow gives a timestamp."""
    return round(moment.timestamp() * US_PER_SECOND)


def iso(instant_us: int) -> str:
    """ISO-8601 as in the wire records: `2025-01-02T12:02:00Z`, with milliseconds only where there are any."""
    stamp = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)
    text = stamp.isoformat(timespec="milliseconds" if stamp.microsecond else "seconds")
    return text.replace("+00:00", "Z")
