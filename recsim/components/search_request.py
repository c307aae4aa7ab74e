"""What can be asked of the product index, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

SORTS = ("relevance", "price", "price-desc", "rating", "newest")
"""Orders of a result; all but `relevance` end with the product number, so each is a total order."""

FACETS = ("category", "brand", "price", "stars")
PATH_SEPARATOR = " > "


@dataclass(frozen=True)
class Filters:
    """What results must satisfy beside the words. Several categories or brands are alternatives.

    A category is a name anywhere in the path ("shoes") or a path from the widest on ("clothing > shoes").
    """

    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    price_from_usd: float | None = None
    price_to_usd: float | None = None
    stars_from: float | None = None
    in_stock: bool = False

    def without(self, facet: str) -> Filters:
        """These filters less the one that a facet itself sets: its counts show the alternatives to it."""
        own = _SET_BY[facet]
        if all(getattr(self, name) == getattr(_NONE, name) for name in own):
            return self
        return replace(self, **{name: getattr(_NONE, name) for name in own})


_NONE = Filters()
_SET_BY = {
    "category": ("categories",),
    "brand": ("brands",),
    "price": ("price_from_usd", "price_to_usd"),
    "stars": ("stars_from",),
}
"""Facet → the filters it sets."""


@dataclass(frozen=True)
class SearchQuery:
    """One question: `n` results from `offset` on, of one tenant (None only where a shop has no tenants)."""

    text: str
    n: int = 20
    offset: int = 0
    filters: Filters = Filters()
    tenant: str | None = None
    sort: str = "relevance"
    facets: tuple[str, ...] = ()


@dataclass(frozen=True)
class FacetValue:
    """One line of a facet: what to show, how many results have it, and whether the question already asks for it."""

    value: str
    count: int
    selected: bool = False
    low: float | None = None
    high: float | None = None

    def shown(self) -> dict[str, object]:
        """As a response carries it."""
        bounds = {} if self.low is None and self.high is None else {"from": self.low, "to": self.high}
        return {"value": self.value, "count": self.count, "selected": self.selected} | bounds


@dataclass(frozen=True)
class Hits:
    """`products[n]` in order with `scores[n]` (BM25-like, greater is better; the sort key's rank where it is another
    order); `total` matches. `corrections`: typed word → words used for it. `suggestion`: what may have been meant.
    `stems`: what counts as a match when a snippet is marked. `partial`: a shard did not answer."""

    products: NDArray[np.int64]
    scores: NDArray[np.float32]
    total: int
    corrections: Mapping[str, list[str]] = field(default_factory=dict)
    suggestion: str | None = None
    facets: Mapping[str, list[FacetValue]] = field(default_factory=dict)
    stems: frozenset[str] = frozenset()
    partial: bool = False


NO_HITS = Hits(np.empty(0, np.int64), np.empty(0, np.float32), 0)
