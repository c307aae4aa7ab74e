"""A plan in the query language of OpenSearch and Elasticsearch.

Texts are sent as the stems that recsim's own analysis makes of them (the fields are analysed at white space), so both
servers and the embedded index look for the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim.components.product_index import SearchWeights, order_column
from recsim.components.search_compile import LEVELS
from recsim.components.search_listing import Listing
from recsim.components.search_plan import Alternative, Clause, Plan
from recsim.components.search_request import Filters, SearchQuery
from recsim.components.search_text import stems, words

Body = dict[str, Any]

MOST_VALUES = 65_535
"""Buckets of one aggregation: the servers' own limit."""

_TEXT = ("name", "brand", "category", "description", "reviews")
_KEYWORD = ("words", "tenant", "path", "brand_name", *(f"level{depth}" for depth in range(LEVELS)))
_LONG = ("product", "stock", "price_bin", "star_bin", "by_price", "by_price_desc", "by_rating", "by_newest")
_DOUBLE = ("price", "stars")

MAPPING: Body = {
    "mappings": {
        "dynamic": "strict",
        "_source": {"includes": ["product", "paths"]},
        "properties": {
            **{name: {"type": "text", "analyzer": "whitespace"} for name in _TEXT},
            **{name: {"type": "keyword"} for name in _KEYWORD},
            **{name: {"type": "long"} for name in _LONG},
            **{name: {"type": "double"} for name in _DOUBLE},
            "paths": {"type": "keyword", "index": False, "doc_values": False},
        },
    }
}
"""The index as it is created."""


def document_of(listing: Listing) -> Body:
    """A product as it is sent."""
    texts = listing.texts()
    body: Body = {name: " ".join(stems(text)) for name, text in texts.items() if text}
    body |= listing.numbers()
    body["words"] = sorted({word for name, text in texts.items() if name != "reviews" for word in words(text)})
    body["tenant"] = listing.tenant
    body["path"] = listing.places()
    body["paths"] = list(listing.category)
    body |= {f"level{depth}": path for depth, path in enumerate(listing.levels()[:LEVELS])}
    if listing.brand:
        body["brand_name"] = listing.brand
    return body


def request_of(
    found: Plan,
    query: SearchQuery,
    weights: SearchWeights,
    *,
    constant: float,
    size: int,
    skip: int,
    columns: Mapping[str, Filters],
) -> Body:
    """The search request. `constant` scales the weights that stand beside BM25 scores: servers whose BM25 lacks the
    factor k1 + 1 = 2.2 need them smaller.

    Filters that facets set are a `post_filter`, so that each facet can count under the others' filters alone.
    """
    always = filters_of(Filters(in_stock=query.filters.in_stock), query.tenant)
    own = filters_of(query.filters, None)
    order = order_column(query.sort)
    by: list[Body] = [{"_score": "desc"}, {"product": "asc"}]
    if order is not None:
        column, falling = order
        by = [{column: {"order": "desc" if falling else "asc", "missing": "_last"}}, {"product": "asc"}]
    body: Body = {
        "query": {"bool": {"must": [Compiler(weights, constant).words(found)], "filter": always}},
        "from": skip,
        "size": size,
        "sort": by,
        "track_total_hits": True,
        "aggs": {column: _counting(column, filters) for column, filters in columns.items()},
    }
    if own:
        body["post_filter"] = {"bool": {"filter": own}}
    return body


def _counting(column: str, filters: Filters) -> Body:
    field = "brand_name" if column == "brand" else column
    inside = filters_of(filters, None) or [{"match_all": {}}]
    return {
        "filter": {"bool": {"filter": inside}},
        "aggs": {"values": {"terms": {"field": field, "size": MOST_VALUES}}},
    }


def filters_of(filters: Filters, tenant: str | None) -> list[Body]:
    """Filters, in filter context."""
    found: list[Body] = []
    if tenant is not None:
        found.append({"term": {"tenant": tenant}})
    if filters.categories:
        found.append({"terms": {"path": list(filters.categories)}})
    if filters.brands:
        found.append({"terms": {"brand_name": list(filters.brands)}})
    price = {"gte": filters.price_from_usd, "lte": filters.price_to_usd}
    if any(bound is not None for bound in price.values()):
        found.append({"range": {"price": {name: bound for name, bound in price.items() if bound is not None}}})
    if filters.stars_from is not None:
        found.append({"range": {"stars": {"gte": filters.stars_from}}})
    if filters.in_stock:
        found.append({"range": {"stock": {"gte": 1}}})
    return found


class Compiler:
    """The scored part of a plan."""

    def __init__(self, weights: SearchWeights, constant: float) -> None:
        self._weights = weights
        self._constant = constant
        self._fields = list(weights.fields().items())

    def words(self, found: Plan) -> Body:
        """What the plan looks for; everything, for a plan of no words."""
        if not found.clauses:
            return {"match_all": {}}
        clauses = [self._clause(clause) for clause in found.clauses]
        extra = [self._clause(clause) for clause in found.light]
        extra += [_phrase(pair, self._weights.pair) for pair in found.pairs]
        extra += [_term("name", stem, self._weights.joined) for stem in found.joined]
        if found.needed < len(clauses):
            extra.append(self._const({"bool": {"must": clauses}}, self._weights.all_words))
        needed = {"bool": {"should": clauses, "minimum_should_match": found.needed}}
        return self._excluding({"bool": {"must": [needed], "should": extra}}, found.excluded)

    def _clause(self, clause: Clause) -> Body:
        parts = [part for way in clause.alternatives for part in self._way(way)]
        return {"dis_max": {"tie_breaker": self._weights.tie_breaker, "queries": parts}}

    def _way(self, way: Alternative) -> list[Body]:
        if len(way.stems) > 1:
            return [_phrase(way.stems, self._weights.name * way.weight)]
        return [_term(field, way.stems[0], weight * way.weight) for field, weight in self._fields]

    def _excluding(self, wanted: Body, excluded: tuple[str, ...]) -> Body:
        if not excluded:
            return wanted
        clean = {"bool": {"must_not": [{"term": {"name": stem}} for stem in excluded]}}
        says = _phrase(("without", excluded[0]), 1.0, slop=1)
        extra = [self._const(clean, self._weights.clean), self._const(says, self._weights.says_without)]
        return {"bool": {"must": [wanted], "should": extra}}

    def _const(self, inside: Body, weight: float) -> Body:
        return {"constant_score": {"filter": inside, "boost": weight * self._constant}}


def _term(field: str, stem: str, boost: float) -> Body:
    return {"term": {field: {"value": stem, "boost": boost}}}


def _phrase(phrase: tuple[str, ...], boost: float, *, slop: int = 0) -> Body:
    return {"match_phrase": {"name": {"query": " ".join(phrase), "slop": slop, "boost": boost}}}


def path_of(source: Mapping[str, Any]) -> tuple[str, ...]:
    """The category path a hit carries."""
    return tuple(source.get("paths") or ())
