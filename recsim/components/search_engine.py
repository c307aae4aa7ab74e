"""The product index in process: tantivy (Lucene's design, in Rust) under the plan of a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import tantivy

from recsim.components.product_index import SHIPPED, Collected, SearchWeights, answer, order_column
from recsim.components.search_compile import LEVELS, Compiler
from recsim.components.search_listing import Listing
from recsim.components.search_plan import Plan
from recsim.components.search_request import Filters, Hits, SearchQuery
from recsim.components.search_rescore import WINDOW
from recsim.components.search_text import analyzer
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms

_HEAP_BYTES = 256_000_000
_MOST_VALUES = 65_535
"""Values of one column that are counted: beyond any catalogue's brands."""


class TantivyProductIndex:
    """`embedded:`, an index in memory, or in a directory that holds nothing yet.

    One writer thread and one commit a build: the same index every time.
    """

    def __init__(self, weights: SearchWeights = SHIPPED, *, slices: int = 1, directory: Path | None = None) -> None:
        self._schema = _schema()
        self.weigh(weights)
        self._slices = slices
        self._directory = directory
        self._synonyms = Synonyms()
        self._paths: dict[int, tuple[str, ...]] = {}
        self._known_paths: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._open()

    @classmethod
    def from_url(cls, url: str) -> Self:  # noqa: ARG003 - the port's constructor
        """An empty index."""
        return cls()

    def _open(self) -> None:
        path = None if self._directory is None else str(self._directory)
        self._index = tantivy.Index(self._schema, path, reuse=False)
        self._index.register_tokenizer("plain", analyzer(stem=False))
        self._index.register_tokenizer("stemmed", analyzer(stem=True))
        self._refresh()

    def _refresh(self) -> None:
        self._searcher = self._index.searcher()
        self._vocabularies: dict[str | None, Vocabulary] = {}

    def build(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Index documents in place of all there were."""
        self._paths.clear()
        self._open()
        self._write(documents, replacing=False)

    def update(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Index documents in place of earlier ones: one commit, so give many at once."""
        self._write(documents, replacing=True)

    def _write(self, documents: Iterable[tuple[int, Mapping[str, Any]]], *, replacing: bool) -> None:
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for number, document in documents:
            listing = Listing.of(number, document)
            if replacing:
                writer.delete_documents_by_term("product", number)
            writer.add_document(tantivy.Document(**self._fields(listing)))
            self._paths[number] = self._known_paths.setdefault(listing.category, listing.category)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._refresh()

    def _fields(self, listing: Listing) -> dict[str, Any]:
        texts = listing.texts()
        fields: dict[str, Any] = {name: [text] for name, text in texts.items() if text}
        fields |= listing.numbers()
        fields["words"] = [text for name, text in texts.items() if text and name != "reviews"]
        fields["tenant"] = [listing.tenant]
        fields["slice"] = listing.product % self._slices
        if listing.category:
            fields["path"] = listing.places()
            fields |= {f"level{depth}": [path] for depth, path in enumerate(listing.levels()[:LEVELS])}
        if listing.brand:
            fields["brand_name"] = [listing.brand]
        return fields

    def search(self, query: SearchQuery) -> Hits:
        """The answer to a query."""
        return answer(self, query, self.vocabulary(query.tenant), self._synonyms)

    def collect(
        self,
        found: Plan,
        query: SearchQuery,
        *,
        size: int,
        skip: int,
        columns: Mapping[str, Filters],
        slice_: int | None = None,
    ) -> Collected:
        """Hits and counts; of one slice of the products where asked (`slice_` of product number modulo `slices`)."""
        compiled = self._compiler.query(found, query.tenant, query.filters, slice_)
        order = order_column(query.sort)
        if order is None:
            result = self._searcher.search(compiled, size, offset=skip)
        else:
            column, falling = order
            direction = tantivy.Order.Desc if falling else tantivy.Order.Asc
            result = self._searcher.search(compiled, size, offset=skip, order_by_field=column, order=direction)
        addresses = [address for _, address in result.hits]
        numbers = self._searcher.fast_field_values("product", addresses)
        keys = [key for key, _ in result.hits]
        merging = slice_ is not None
        return Collected(
            np.array(numbers, np.int64),
            np.array(keys, np.float32) if order is None else np.zeros(len(keys), np.float32),
            self._ties(keys, addresses, order) if merging else np.empty(0, np.int64),
            [self._paths[number] for number in (numbers if merging else numbers[:WINDOW])],
            result.count,
            self._counts(found, query, columns, compiled, slice_),
        )

    @staticmethod
    def _ties(keys: list[Any], addresses: list[Any], order: tuple[str, bool] | None) -> np.ndarray:
        """What orders hits of equal score: the place in the index, or the sort key (the least first)."""
        if order is None:
            return np.array([address.segment_ord << 32 | address.doc for address in addresses], np.int64)
        last = np.iinfo(np.int64).max
        return np.array([last if key is None else -key if order[1] else key for key in keys], np.int64)

    def _counts(
        self,
        found: Plan,
        query: SearchQuery,
        columns: Mapping[str, Filters],
        compiled: tantivy.Query,
        slice_: int | None,
    ) -> dict[str, dict[str | int, int]]:
        """Values of each column and how many matches have them: one pass over the index for equal filters."""
        together: dict[Filters, list[str]] = {}
        for column, filters in columns.items():
            together.setdefault(filters, []).append(column)
        counts: dict[str, dict[str | int, int]] = {}
        for filters, names in together.items():
            asked = {name: _counting(name) for name in names if name in _COUNTED}
            counts |= {name: {} for name in names if name not in _COUNTED}
            same = filters == query.filters
            inside = compiled if same else self._compiler.query(found, query.tenant, filters, slice_)
            buckets = self._searcher.aggregate(inside, asked)
            for name in asked:
                counts[name] = {one["key"]: one["doc_count"] for one in buckets[name]["buckets"]}
        return counts

    def has_phrase(self, pair: tuple[str, str], tenant: str | None) -> bool:
        """Whether any product of a tenant (None: of any) has the two stems side by side in its name."""
        phrase = tantivy.Query.phrase_query(self._schema, "name", list(pair))
        if tenant is not None:
            own = tantivy.Query.term_query(self._schema, "tenant", tenant)
            phrase = tantivy.Query.boolean_query([(tantivy.Occur.Must, phrase), (tantivy.Occur.Must, own)])
        return bool(self._searcher.search(phrase, 1, count=False).hits)

    def vocabulary(self, tenant: str | None) -> Vocabulary:
        """Words of a tenant's products, read off the index when first asked for."""
        if tenant not in self._vocabularies:
            only = None if tenant is None else tantivy.Query.term_query(self._schema, "tenant", tenant)
            if tenant is not None and self._searcher.doc_freq("tenant", tenant) == self._searcher.num_docs:
                only = None
            self._vocabularies[tenant] = Vocabulary(self._searcher.terms_with_prefix("words", "", only))
        return self._vocabularies[tenant]

    def weigh(self, weights: SearchWeights) -> None:
        """Use these weights from now on."""
        self.weights = weights
        self._compiler = Compiler(self._schema, weights)

    def learn(self, synonyms: Synonyms) -> None:
        """Use these synonyms from now on."""
        self._synonyms = synonyms

    def count(self) -> int:
        """How many products there are."""
        return int(self._searcher.num_docs)


_COUNTED = {
    **{f"level{depth}": _MOST_VALUES for depth in range(LEVELS)},
    "brand": _MOST_VALUES,
    "price_bin": 512,
    "star_bin": 16,
}
"""Columns that can be counted and the most values each has."""


def _counting(column: str) -> dict[str, Any]:
    return {"terms": {"field": "brand_name" if column == "brand" else column, "size": _COUNTED[column]}}


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for column in ("product", "slice"):
        builder.add_integer_field(column, fast=True, indexed=True)
    for column in ("stock", "price_bin", "star_bin", "by_price", "by_price_desc", "by_rating", "by_newest"):
        builder.add_integer_field(column, fast=True)
    for column in ("price", "stars"):
        builder.add_float_field(column, fast=True)
    for column in ("tenant", "path"):
        builder.add_text_field(column, tokenizer_name="raw", index_option="basic")
    for column in ("brand_name", *(f"level{depth}" for depth in range(LEVELS))):
        builder.add_text_field(column, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("name", tokenizer_name="stemmed", index_option="position")
    for name in ("brand", "category", "description", "reviews"):
        builder.add_text_field(name, tokenizer_name="stemmed", index_option="freq")
    builder.add_text_field("words", tokenizer_name="plain", index_option="basic")
    return builder.build()
