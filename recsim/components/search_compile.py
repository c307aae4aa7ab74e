"""A plan as a tantivy query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import tantivy

from recsim.components.search_plan import Alternative, Clause, Plan
from recsim.components.search_request import Filters

if TYPE_CHECKING:
    from recsim.components.product_index import SearchWeights

LEVELS = 6
"""Levels of a category path that can be counted."""

_Query = tantivy.Query
_Must, _Should, _MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


class Compiler:
    """Queries over the fields of the embedded index."""

    def __init__(self, schema: tantivy.Schema, weights: SearchWeights) -> None:
        self._schema = schema
        self._weights = weights
        self._fields = list(weights.fields().items())

    def query(self, found: Plan, tenant: str | None, filters: Filters, slice_: int | None = None) -> tantivy.Query:
        """What the plan looks for, inside the filters. Filters add nothing to a score."""
        must = list(self._filters(tenant, filters, slice_))
        if not found.clauses:
            return _Query.boolean_query([(_Must, _Query.const_score_query(one, 1.0)) for one in must])
        words = self._excluding(self._words(found), found.excluded)
        if not must:
            return words
        return _Query.boolean_query([(_Must, words), *((_Must, _Query.const_score_query(one, 0.0)) for one in must)])

    def _words(self, found: Plan) -> tantivy.Query:
        weights = self._weights
        clauses = [self._clause(clause) for clause in found.clauses]
        extra = [self._clause(clause) for clause in found.light]
        for left, right in found.pairs:
            phrase = _Query.phrase_query(self._schema, "name", [left, right])
            extra.append(_Query.boost_query(phrase, weights.pair))
        extra += [_Query.boost_query(self._term("name", stem), weights.joined) for stem in found.joined]
        if len(clauses) == 1 and not extra:
            return clauses[0]
        optional = [(_Should, one) for one in extra]
        everything = _Query.boolean_query([(_Must, clause) for clause in clauses])
        if found.needed == len(clauses):
            return _Query.boolean_query([*((_Must, clause) for clause in clauses), *optional])
        needed = _Query.boolean_query([(_Should, one) for one in clauses], minimum_number_should_match=found.needed)
        every = _Query.const_score_query(everything, weights.all_words)
        return _Query.boolean_query([(_Must, needed), (_Should, every), *optional])

    def _clause(self, clause: Clause) -> tantivy.Query:
        parts = [part for way in clause.alternatives for part in self._way(way)]
        return _Query.disjunction_max_query(parts, tie_breaker=self._weights.tie_breaker)

    def _way(self, way: Alternative) -> Iterable[tantivy.Query]:
        if len(way.stems) > 1:
            phrase = _Query.phrase_query(self._schema, "name", list(way.stems))
            yield _Query.boost_query(phrase, self._weights.name * way.weight)
        else:
            for field, weight in self._fields:
                yield _Query.boost_query(self._term(field, way.stems[0]), weight * way.weight)

    def _excluding(self, words: tantivy.Query, excluded: tuple[str, ...]) -> tantivy.Query:
        """More for a name that has none of the excluded words, or says that it is without them."""
        if not excluded:
            return words
        unwanted = [(_MustNot, self._term("name", stem)) for stem in excluded]
        clean = _Query.boolean_query([(_Must, _Query.const_score_query(words, self._weights.clean)), *unwanted])
        says = _Query.phrase_query(self._schema, "name", ["without", excluded[0]], slop=1)
        extra = [clean, _Query.const_score_query(says, self._weights.says_without)]
        return _Query.boolean_query([(_Must, words), *((_Should, one) for one in extra)])

    def _term(self, field: str, stem: str) -> tantivy.Query:
        return _Query.term_query(self._schema, field, stem)

    def _filters(self, tenant: str | None, filters: Filters, slice_: int | None) -> Iterable[tantivy.Query]:
        schema = self._schema
        if tenant is not None:
            yield _Query.term_query(schema, "tenant", tenant)
        if slice_ is not None:
            yield _Query.term_query(schema, "slice", slice_)
        if filters.categories:
            yield _any_of([_Query.term_query(schema, "path", name) for name in filters.categories])
        if filters.brands:
            yield _any_of([_Query.term_query(schema, "brand_name", name) for name in filters.brands])
        if filters.price_from_usd is not None or filters.price_to_usd is not None:
            bounds = (filters.price_from_usd, filters.price_to_usd)
            yield _Query.range_query(schema, "price", tantivy.FieldType.Float, *bounds)
        if filters.stars_from is not None:
            yield _Query.range_query(schema, "stars", tantivy.FieldType.Float, filters.stars_from, None)
        if filters.in_stock:
            yield _Query.range_query(schema, "stock", tantivy.FieldType.Integer, 1, None)


def _any_of(queries: list[tantivy.Query]) -> tantivy.Query:
    return queries[0] if len(queries) == 1 else _Query.boolean_query([(_Should, one) for one in queries])
