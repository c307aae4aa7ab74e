"""Reading the times of a log: the unit of a number by its size, the format of a text by trying the known ones."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recsim.units import US_PER_SECOND

UNITS_PER_SECOND = ((1e11, 1), (1e14, 1_000), (1e17, US_PER_SECOND), (float("inf"), 1_000_000_000))
"""Below 10¹¹ a time counts seconds (to the year 5138), below 10¹⁴ ms, below 10¹⁷ µs, else ns: since 1970 UTC."""

FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
)
"""Text forms, tried in this order; a time without a zone is UTC, and a slashed date has its month first."""

LATEST_US = 4_102_444_800 * US_PER_SECOND
"""2100-01-01: a later time is taken for a wrong one."""


@dataclass(frozen=True)
class TimeReader:
    """How the times of one file are written: `per_second` units of a number, or the `text_format` of a text.

    `fractional` numbers come from a float column, where a cast to an integer would lose the fraction.
    """

    per_second: int | None = None
    text_format: str | None = None
    fractional: bool = False

    def to_us(self, column: pl.Expr) -> pl.Expr:
        """Int64 µs since 1970 UTC; null where the value is no such time."""
        if self.text_format is not None:
            return _text_us(column, self.text_format)
        if self.per_second is None:
            return column.cast(pl.Datetime("us")).cast(pl.Int64)
        if self.per_second <= US_PER_SECOND:
            scale = US_PER_SECOND // self.per_second
            fraction = (column.cast(pl.Float64, strict=False) * scale).round().cast(pl.Int64, strict=False)
            return fraction if self.fractional else pl.coalesce(column.cast(pl.Int64, strict=False) * scale, fraction)
        return column.cast(pl.Int64, strict=False) // (self.per_second // US_PER_SECOND)


def _text_us(column: pl.Expr, text_format: str) -> pl.Expr:
    text = column.str.strip_chars()
    if text_format.endswith("%:z"):
        zoned = text.str.to_datetime(text_format, time_unit="us", strict=False, time_zone="UTC")
        return zoned.dt.epoch("us")
    return text.str.to_datetime(text_format, time_unit="us", strict=False).dt.epoch("us")


def reader_for(sample: pl.Series) -> TimeReader:
    """How a sample of times is written. Numbers go by their median, texts by the format that fits most of them."""
    if sample.dtype in (pl.Date, pl.Datetime):
        return TimeReader()
    values = sample.drop_nulls()
    numbers = values.cast(pl.Float64, strict=False).drop_nulls()
    if sample.dtype.is_numeric() or len(numbers) * 2 > len(values) or values.is_empty():
        middle = numbers.abs().median() if len(numbers) else 0.0
        size = float(middle) if isinstance(middle, int | float) else 0.0
        per_second = next(units for bound, units in UNITS_PER_SECOND if size < bound)
        return TimeReader(per_second=per_second, fractional=sample.dtype.is_float())
    fits = {form: _fit(values, form) for form in FORMATS}
    return TimeReader(text_format=max(FORMATS, key=lambda form: fits[form]))


def _fit(values: pl.Series, text_format: str) -> int:
    return int(values.to_frame("t").select(_text_us(pl.col("t"), text_format).is_not_null().sum()).item())
