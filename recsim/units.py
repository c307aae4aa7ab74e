"""Figures with their unit, their uncertainty and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Provenance = Literal["measured", "modelled", "vendor", "assumed"]
"""measured: counted or timed in a run. modelled: computed by a formula from other figures. vendor: published by the
maker of the thing. assumed: somebody's judgement, to be replaced by a measurement."""

KB = 1_000
MB = 1_000_000
GB = 1_000_000_000
TB = 1_000_000_000_000
SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400
HOURS_PER_YEAR = 8_760
DAYS_PER_YEAR = 365
US_PER_MS = 1_000
US_PER_SECOND = 1_000_000
US_PER_HOUR = 3_600 * US_PER_SECOND
US_PER_DAY = SECONDS_PER_DAY * US_PER_SECOND


@dataclass(frozen=True)
class Estimate:
    """A figure: `low` and `high` are its 5 % and 95 % quantiles; `source` says in a phrase where it was found."""

    value: float
    low: float
    high: float
    unit: str
    provenance: Provenance
    source: str

    def __post_init__(self) -> None:
        assert self.low <= self.value <= self.high, f"an estimate must have low <= value <= high: {self}"


_BYTES = (("PB", 1e15), ("TB", TB), ("GB", GB), ("MB", MB), ("KB", KB))
_COUNTS = (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3))


def human_bytes(size_bytes: float) -> str:
    """`1.5e9` → `1.5 GB` (decimal units, three significant digits)."""
    return _scaled(size_bytes, _BYTES, " ") or f"{size_bytes:.0f} B"


def human_count(count: float) -> str:
    """`23_400_000` → `23.4M` (three significant digits)."""
    return _scaled(count, _COUNTS, "") or f"{count:.3g}"


def _scaled(value: float, units: Sequence[tuple[str, float]], gap: str) -> str:
    """The value in the largest unit it reaches once rounded; nothing below the smallest."""
    rounded = float(f"{value:.3g}")
    for unit, scale in units:
        if abs(rounded) >= scale:
            return f"{rounded / scale:.3g}{gap}{unit}"
    return ""


def human_seconds(seconds: float) -> str:
    """`75` → `1 min 15 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
