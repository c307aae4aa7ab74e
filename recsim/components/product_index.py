"""The keyword index: BM25 over name, brand, category and description, in tantivy (Lucene's design, in process)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

FIELDS = {"name": 3.0, "brand": 2.0, "category": 2.0, "description": 1.0}
"""Searched fields and the weight of a match in each. A word scores its best field plus a tenth of the others."""

_EXACT_WORDS = "words"
"""All fields as typed, without stemming: what a misspelt word is held against."""
_TIE_BREAKER = 0.1
_MOST_WORDS = 16
_HEAP_BYTES = 256_000_000
_SPARE = 2


@dataclass(frozen=True)
class Filters:
    """What results must satisfy beside the words: a category name anywhere in the path, and a price range."""

    category: str | None = None
    price_from_usd: float | None = None
    price_to_usd: float | None = None


@dataclass(frozen=True)
class Hits:
    """`products[n]` best first with BM25 `scores[n]`; `total` matches; `fuzzy` words were matched by similar ones."""

    products: NDArray[np.int64]
    scores: NDArray[np.float32]
    total: int
    fuzzy: list[str]


class ProductIndex:
    """An index in memory over the documents of the product store, by product number."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("product", fast=True)
        builder.add_float_field("price", fast=True, indexed=True)
        builder.add_text_field("path", tokenizer_name="raw", index_option="basic")
        for field in FIELDS:
            builder.add_text_field(field, tokenizer_name="stemmed", index_option="freq")
        builder.add_text_field(_EXACT_WORDS, tokenizer_name="plain", index_option="basic")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._plain = _analyzer(stem=False)
        self._stemmed = _analyzer(stem=True)
        self._index.register_tokenizer("plain", self._plain)
        self._index.register_tokenizer("stemmed", self._stemmed)
        self._searcher = self._index.searcher()

    def build(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Index (product number, document) pairs. One writer thread and one commit: the same index every time."""
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for number, document in documents:
            texts = {
                "name": document["product_name"],
                "brand": document["brand"] or "",
                "category": " ".join(document["category"]),
                "description": document["product_details"],
            }
            fields: dict[str, Any] = {name: [text] for name, text in texts.items()}
            fields |= {"product": number, "path": list(document["category"]), _EXACT_WORDS: list(texts.values())}
            if document["price_usd"] is not None:
                fields["price"] = float(document["price_usd"])
            writer.add_document(tantivy.Document(**fields))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, text: str, n: int, *, filters: Filters | None = None) -> Hits:
        """The n best products for what was typed. A word no product has is replaced by similar ones: one edit away,
        two for words of eight letters and more; transposing neighbours is one edit. Equal scores rank by number."""
        wanted = filters or Filters()
        fuzzy: list[str] = []
        clauses = []
        for word in self._plain.analyze(text)[:_MOST_WORDS]:
            query, known = self._word(word)
            clauses.append((tantivy.Occur.Should, query))
            if not known:
                fuzzy.append(word)
        if not clauses:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32), 0, [])
        must = [(tantivy.Occur.Must, clause) for clause in self._filters(wanted)]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.boolean_query(clauses)), *must])
        found = self._searcher.search(query, n * _SPARE)
        products = np.array(
            self._searcher.fast_field_values("product", [address for _, address in found.hits]), np.int64
        )
        scores = np.array([score for score, _ in found.hits], np.float32)
        order = np.lexsort((products, -scores))[:n]
        return Hits(products[order], scores[order], found.count, fuzzy)

    def _word(self, word: str) -> tuple[tantivy.Query, bool]:
        """The query for one typed word, and whether any product has it."""
        stems = self._stemmed.analyze(word)
        stem = stems[0] if stems else word
        if any(self._searcher.doc_freq(field, stem) for field in FIELDS):
            parts = [
                tantivy.Query.boost_query(tantivy.Query.term_query(self._schema, field, stem), weight)
                for field, weight in FIELDS.items()
            ]
            return tantivy.Query.disjunction_max_query(parts, tie_breaker=_TIE_BREAKER), True
        distance = 2 if len(word) >= 8 else 1
        return tantivy.Query.fuzzy_term_query(self._schema, _EXACT_WORDS, word, distance=distance), False

    def _filters(self, filters: Filters) -> list[tantivy.Query]:
        queries = []
        if filters.category is not None:
            queries.append(tantivy.Query.term_query(self._schema, "path", filters.category))
        if filters.price_from_usd is not None or filters.price_to_usd is not None:
            bounds = (filters.price_from_usd, filters.price_to_usd)
            queries.append(tantivy.Query.range_query(self._schema, "price", tantivy.FieldType.Float, *bounds))
        return [tantivy.Query.const_score_query(query, 0.0) for query in queries]


def _analyzer(*, stem: bool) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    return (builder.filter(tantivy.Filter.stemmer("english")) if stem else builder).build()
