"""The product index: the port, and what every implementation of it does the same way.

An engine (`search_engine.py` in tantivy, an adapter, or a cluster of shards) collects hits and counts for a plan; this
file plans the query, asks for the counts that the facets need, rescores the first hits and cuts the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsim.components.search_facets import Counts, facet, level_column
from recsim.components.search_listing import ORDER_COLUMN
from recsim.components.search_plan import Plan, plan
from recsim.components.search_request import (
    FACETS,
    NO_HITS,
    PATH_SEPARATOR,
    SORTS,
    FacetValue,
    Filters,
    Hits,
    SearchQuery,
)
from recsim.components.search_rescore import COHERENCE, WINDOW, rescored
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms
from recsim.errors import BadInput
from recsim.registry import did_you_mean

__all__ = [
    "SHIPPED",
    "Collected",
    "Collector",
    "Filters",
    "Hits",
    "ProductIndex",
    "SearchQuery",
    "SearchWeights",
    "answer",
]


@dataclass(frozen=True)
class SearchWeights:
    """What a match is worth. Tuned by cross-validation on human judgements: docs/search.md.

    A word scores its best field plus `tie_breaker` of the others; BM25 inside a field. `pair`: two neighbours side by
    side in the name. `all_words`: the product has every word. `clean`: the name has no excluded word; `says_without`:
    the name itself says "without" it. `joined`: neighbours written as one word.
    `coherence`: `search_rescore.py`.
    """

    name: float = 3.0
    brand: float = 1.5
    category: float = 1.5
    description: float = 1.0
    reviews: float = 0.5
    tie_breaker: float = 0.2
    pair: float = 0.5
    all_words: float = 8.0
    clean: float = 4.0
    says_without: float = 8.0
    joined: float = 3.0
    coherence: float = COHERENCE

    def fields(self) -> dict[str, float]:
        """Weight of each searched field."""
        return {
            "name": self.name, "brand": self.brand, "category": self.category, "description": self.description,
            "reviews": self.reviews,
        }  # fmt: skip


SHIPPED = SearchWeights()


class ProductIndex(Protocol):
    """Products by words, filters and orders."""

    def build(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Index (product number, document) pairs in place of all there were. A document is one of the product store;
        `tenant`, `stars`, `review_text` and `created_at` may be added to it (`Listing.of`)."""
        ...

    def update(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Index documents in place of the earlier ones of those products; searchable when it returns."""
        ...

    def search(self, query: SearchQuery) -> Hits:
        """The answer to a query. Equal relevance ranks in index order, which is by product number after a build."""
        ...

    def learn(self, synonyms: Synonyms) -> None:
        """Use these synonyms from now on."""
        ...

    def vocabulary(self, tenant: str | None) -> Vocabulary:
        """The words of names, brands, categories and descriptions of a tenant's products (None: of all)."""
        ...

    def count(self) -> int:
        """How many products there are."""
        ...


@dataclass(frozen=True)
class Collected:
    """What an engine finds for a plan: the first hits in the order asked, their place in that order among equals
    (`ties`, where parts are to be merged), the category `paths` of those that may be rescored, the number of all
    matches, and the counts of columns. `partial`: not all of the index answered."""

    products: NDArray[np.int64]
    scores: NDArray[np.float32]
    ties: NDArray[np.int64]
    paths: list[tuple[str, ...]]
    total: int
    counts: dict[str, dict[str | int, int]] = field(default_factory=dict)
    partial: bool = False


class Collector(Protocol):
    """An engine under the index."""

    weights: SearchWeights

    def collect(
        self, found: Plan, query: SearchQuery, *, size: int, skip: int, columns: Mapping[str, Filters]
    ) -> Collected:
        """`size` hits after `skip`, and of each column the counts under that column's filters."""
        ...

    def has_phrase(self, pair: tuple[str, str], tenant: str | None) -> bool:
        """Whether any product of a tenant (None: of any) has the two stems side by side in its name."""
        ...


def answer(engine: Collector, query: SearchQuery, vocabulary: Vocabulary, synonyms: Synonyms) -> Hits:
    """The answer of an engine to a query. A query of no words finds nothing where it has no filter either, and all that
    passes its filters where it has one."""
    check(query)
    found = plan(
        query.text, vocabulary, synonyms.of_tenant(query.tenant),
        has_phrase=lambda pair: engine.has_phrase(pair, query.tenant),
    )  # fmt: skip
    if not found.clauses and query.filters == Filters():
        return NO_HITS
    by_relevance = query.sort == "relevance"
    rescore = by_relevance and query.offset < WINDOW
    skip = 0 if rescore else query.offset
    size = max(query.offset + query.n, WINDOW) if rescore else query.n
    columns = columns_of(query)
    hits = engine.collect(found, query, size=size, skip=skip, columns=columns)
    if not hits.total and found.needed > 1:
        found = replace(found, needed=1)
        hits = engine.collect(found, query, size=size, skip=skip, columns=columns)
    products, scores = hits.products, hits.scores
    if rescore:
        order, scores = rescored(scores, hits.paths, engine.weights.coherence)
        page = slice(query.offset, query.offset + query.n)
        products, scores = products[order][page], scores[page]
    return Hits(
        products, scores, hits.total, found.corrections, found.suggestion, _facets(query, hits.counts), found.stems,
        hits.partial,
    )  # fmt: skip


def columns_of(query: SearchQuery) -> dict[str, Filters]:
    """The columns that a query's facets count, each under the filters of the other facets.

    The levels below a selected category are counted with that category.
    """
    columns: dict[str, Filters] = {}
    for name in query.facets:
        filters = query.filters.without(name)
        if name == "category":
            columns[level_column(0)] = filters
            for path in query.filters.categories:
                for depth in range(1, path.count(PATH_SEPARATOR) + 2):
                    columns[level_column(depth)] = filters
        else:
            columns[{"brand": "brand", "price": "price_bin", "stars": "star_bin"}[name]] = filters
    return columns


def _facets(query: SearchQuery, counts: Counts) -> dict[str, list[FacetValue]]:
    return {name: facet(name, counts, query.filters) for name in query.facets}


def check(query: SearchQuery) -> None:
    """Raises `BadInput` for an order or a facet that there is not, or a page that is none."""
    if query.sort not in SORTS:
        raise BadInput(f'unknown order "{query.sort}".{did_you_mean(query.sort, SORTS)}')
    for name in query.facets:
        if name not in FACETS:
            raise BadInput(f'unknown facet "{name}".{did_you_mean(name, FACETS)}')
    if query.n < 1 or query.offset < 0:
        raise BadInput("a page of results has at least one and begins at 0 or later.")


def order_column(sort: str) -> tuple[str, bool] | None:
    """The column a sort goes by and whether the greatest comes first; None by relevance."""
    return ORDER_COLUMN.get(sort)
