"""How figures are written: few digits, one style, the unit beside them."""

from __future__ import annotations

from collections.abc import Callable

from recsim.report.runfiles import Row, figure, word
from recsim.units import human_bytes, human_count

NOTHING = "–"
"""Stands where a figure is missing."""


def score(value: float | None) -> str:
    """`0.1765` → `.1765`, four decimals, as tables of the field print metrics."""
    if value is None:
        return NOTHING
    text = f"{value:.4f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "-.", 1)


def score_interval(low: float | None, high: float | None) -> str:
    """`[.1740, .1790]`, or nothing where an end is missing."""
    return NOTHING if low is None or high is None else f"[{score(low)}, {score(high)}]"


def with_interval(row: Row) -> str:
    """`.1765 [.1740, .1790]` of a row with `value`, `low` and `high`; the value alone where an end is missing."""
    interval = score_interval(figure(row, "low"), figure(row, "high"))
    return score(figure(row, "value")) + ("" if interval == NOTHING else f" {interval}")


def percent(share: float | None) -> str:
    """`0.123` → `12.3 %`."""
    if share is None:
        return NOTHING
    scaled = share * 100
    return f"{scaled:.2g} %" if 0 < abs(scaled) < 1 else f"{scaled:.1f} %"


def decimal(value: float | None) -> str:
    """Three significant digits without an exponent: `0.0123`, `7.20`, `1,250`."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if value >= 1000:
        return f"{value:,.0f}"
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{decimals}f}"


def count(value: float | None) -> str:
    """An exact count with thousands separated."""
    return NOTHING if value is None else f"{value:,.0f}"


def quantity(value: float | None, unit: str = "") -> str:
    """Three significant digits in the scale a reader expects: bytes as GB, large counts as K, M, B."""
    if value is None:
        return NOTHING
    rounded = float(f"{value:.3g}")
    if unit in ("bytes", "byte", "B"):
        return human_bytes(rounded)
    if abs(rounded) >= 10_000:
        return human_count(rounded)
    if abs(rounded) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"


def measure(value: float | None, unit: str) -> str:
    """A figure in the scale of its unit: dollars with a sign, bytes as GB (`B/s` as GB/s), the rest as a quantity."""
    if value is None:
        return NOTHING
    if unit.upper().startswith("USD"):
        return usd(value)
    return quantity(value, "B" if unit.startswith(("B/", "B ")) else unit)


def unit(name: str) -> str:
    """What remains to say of a unit that `measure` has begun to say: `B/s` leaves `per s`, `USD/year` `per year`."""
    for head in ("USD", "B"):
        if name == head or name.startswith((f"{head}/", f"{head} ")):
            return name.removeprefix(head).strip().replace("/", "per ", 1)
    return name


def change(share: float | None) -> str:
    """`0.38` → `+38 %`."""
    return NOTHING if share is None else f"{share * 100:+.0f} %".replace("-", "−")


def usd(value: float | None) -> str:
    """`981_234` → `$981K`."""
    return NOTHING if value is None else f"${quantity(value)}"


def times(ratio: float | None) -> str:
    """`1000.0` → `1,000×`; well below one as `1/25`."""
    if ratio is None:
        return NOTHING
    if 0 < ratio < 0.8:
        return f"1/{quantity(1 / ratio)}"
    return f"{quantity(ratio)}×"


def range_of(row: Row, write: Callable[[float | None], str]) -> str:
    """` [$660K, $1.9M]` of a row with `low` and `high`, or nothing."""
    low, high = figure(row, "low"), figure(row, "high")
    return "" if low is None or high is None else f" [{write(low)}, {write(high)}]"


def spread(row: Row) -> str:
    """`3 KB – 15 KB` of a row with `low`, `high` and `unit`; the one figure where both are the same."""
    low, high = (measure(figure(row, key), word(row, "unit")) for key in ("low", "high"))
    return low if low == high else f"{low} – {high}"


def spoken(name: str) -> str:
    """`load_balancer` → `load balancer`."""
    return name.replace("_", " ")


def plural(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
