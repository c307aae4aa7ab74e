"""What a client asks of search, checked: text, filters, order and page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsim.components.base import Refused
from recsim.components.search_request import FACETS, SORTS, Filters

LONGEST_QUERY = 256
"""Characters; a longer query is refused."""

LARGEST_PAGE = 100
LAST_RESULT = 10_000
"""No page goes beyond it, as in the servers this stands for."""

_MOST_VALUES = 32
"""Categories or brands of one question."""


@dataclass(frozen=True)
class Question:
    """A search as it was understood; `page` counts from 1."""

    text: str
    filters: Filters
    sort: str
    page: int
    size: int
    facets: tuple[str, ...]

    @property
    def offset(self) -> int:
        """Results before the page."""
        return (self.page - 1) * self.size


def question(arguments: Mapping[str, Any], *, size: int, facets: tuple[str, ...] = FACETS) -> Question:
    """The question that arguments ask; raises `Refused` with 400 for anything else.

    `q`; `category`, `brand` (one or a list); `price_from`, `price_to` (USD); `stars_from`; `in_stock`; `sort`; `page`;
    `size`; `facets` (a list, or false for none;
    `facets` where it is not said).
    """
    given = dict(arguments)
    text = given.pop("q", None)
    if not isinstance(text, str) or len(text) > LONGEST_QUERY:
        raise Refused(400, "bad-query")
    stock = given.pop("in_stock", False)
    low, high, stars = (_number(given.pop(name, None)) for name in ("price_from", "price_to", "stars_from"))
    categories, brands = _names(given.pop("category", None)), _names(given.pop("brand", None))
    sort, page, n = given.pop("sort", "relevance"), _count(given.pop("page", 1)), _count(given.pop("size", size))
    counted = given.pop("facets", facets)
    counted = () if counted is False else _names(counted)
    if given or sort not in SORTS or not isinstance(stock, bool) or not set(counted) <= set(FACETS):
        raise Refused(400, "bad-query")
    filters = Filters(categories, brands, low, high, stars, in_stock=stock)
    if n > max(LARGEST_PAGE, size) or page * n > LAST_RESULT:
        raise Refused(400, "bad-page")
    return Question(text, filters, sort, page, n, counted)


def _names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or len(values) > _MOST_VALUES:
        raise Refused(400, "bad-query")
    if not all(isinstance(one, str) and len(one) <= LONGEST_QUERY for one in values):
        raise Refused(400, "bad-query")
    return tuple(dict.fromkeys(values))


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise Refused(400, "bad-query")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Refused(400, "bad-page")
    return value
