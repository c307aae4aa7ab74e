"""Facets: counts of what the results have in common, ready to be clicked.

An engine counts four columns: the path at a level, the brand, the price bin and whole stars. Counts of shards add up,
so a facet of a cluster is that of one index.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from recsim.components.search_request import PATH_SEPARATOR, FacetValue, Filters

SHOWN = 12
"""Values of a facet that are shown, besides those selected."""

PRICE_RANGES = 5
"""Most price ranges shown."""

_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Round prices inside a power of ten."""

Counts = Mapping[str, Mapping[str | int, int]]
"""Column → value → results that have it."""


def price_bin(price_usd: float) -> int:
    """The number of the bin between round prices that a price falls into; 0 is everything below ten cents."""
    if price_usd < 0.1:
        return 0
    decade = math.floor(math.log10(price_usd) + 1e-12)
    inside = price_usd / 10.0**decade
    step = max((place for place, low in enumerate(_STEPS) if inside >= low - 1e-9), default=0)
    return 1 + (decade + 1) * len(_STEPS) + step


def lowest_price(number: int) -> float:
    """The round price a bin begins at."""
    if number <= 0:
        return 0.0
    decade, step = divmod(number - 1, len(_STEPS))
    return round(_STEPS[step] * 10.0 ** (decade - 1), 4)


def facet(name: str, counts: Counts, filters: Filters) -> list[FacetValue]:
    """The lines of one facet from the counts of its columns."""
    if name == "category":
        return _categories(counts, filters)
    if name == "brand":
        return _ranked(counts.get("brand", {}), set(filters.brands))
    if name == "price":
        return _prices(counts.get("price_bin", {}), filters)
    return _stars(counts.get("star_bin", {}), filters)


def _ranked(counts: Mapping[str | int, int], selected: set[str]) -> list[FacetValue]:
    order = sorted(((str(value), count) for value, count in counts.items()), key=lambda one: (-one[1], one[0]))
    shown = order[:SHOWN] + [one for one in order[SHOWN:] if one[0] in selected]
    missing = [(value, 0) for value in sorted(selected - {value for value, _ in order})]
    return [FacetValue(value, count, value in selected) for value, count in shown + missing]


def _categories(counts: Counts, filters: Filters) -> list[FacetValue]:
    """The widest level, then along each selected path what else there is beside each step, and what is below it."""
    selected = set(filters.categories)
    lines = _ranked(counts.get(level_column(0), {}), {name for name in selected if PATH_SEPARATOR not in name})
    for path in sorted(selected):
        steps = path.split(PATH_SEPARATOR)
        for depth in range(1, len(steps) + 1):
            above = PATH_SEPARATOR.join(steps[:depth]) + PATH_SEPARATOR
            column = counts.get(level_column(depth), {})
            inside = {value: count for value, count in column.items() if str(value).startswith(above)}
            lines += _ranked(inside, {other for other in selected if other.startswith(above)} & {*map(str, inside)})
    return list({line.value: line for line in lines}.values())


def level_column(depth: int) -> str:
    """The column that holds the path down to a level, 0 the widest."""
    return f"level{depth}"


def _prices(bins: Mapping[str | int, int], filters: Filters) -> list[FacetValue]:
    """Up to five ranges between round prices, each as near an equal share of the results as the bins allow. Both
    bounds belong to a range, so a filter of them finds what was counted."""
    order = sorted((int(number), count) for number, count in bins.items() if count)
    total = sum(count for _, count in order)
    ranges: list[tuple[int, int]] = []
    taken = 0
    for number, count in order:
        if not ranges or taken >= total * len(ranges) / PRICE_RANGES:
            ranges.append((number, 0))
        ranges[-1] = (ranges[-1][0], ranges[-1][1] + count)
        taken += count
    lines = []
    for place, (number, count) in enumerate(ranges):
        low = lowest_price(number)
        following = ranges[place + 1][0] if place + 1 < len(ranges) else order[-1][0] + 1
        high = round(lowest_price(following) - 0.01, 2)
        chosen = filters.price_from_usd == low and filters.price_to_usd == high
        lines.append(FacetValue(f"{low:g}-{high:g}", count, chosen, low, high))
    return lines


def _stars(bins: Mapping[str | int, int], filters: Filters) -> list[FacetValue]:
    """Four stars and up, three and up, two and up, one and up."""
    return [
        FacetValue(
            f"{least}+", sum(count for stars, count in bins.items() if int(stars) >= least),
            filters.stars_from == least, float(least), None,
        )
        for least in (4, 3, 2, 1)
    ]  # fmt: skip
