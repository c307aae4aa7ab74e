"""What search learns from its own log: synonyms at midnight, and suggestions from what was typed."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from recsim.components.product_index import ProductIndex
from recsim.components.search_listing import DEFAULT_TENANT
from recsim.components.suggestions import Suggestions
from recsim.components.synonyms import Synonyms, learn_synonyms
from recsim.errors import BadInput
from recsim.scenario import Scenario
from recsim.scenario.system import Search
from recsim.wiring import connect

CLICKS_AFTER = 3
"""Product views after a search, in its session and before the next one, that count as clicks on its results."""


def index_of(scenario: Scenario) -> ProductIndex:
    """The index that a scenario names, still empty: one, or a cluster of shards."""
    settings = scenario.search
    if settings.shards == 1:
        index: ProductIndex = connect("index", scenario.stores.index)
        return index
    if scenario.stores.index != "embedded:":
        raise BadInput(
            f"search.shards = {settings.shards} is of the embedded index; {scenario.stores.index} has shards of its "
            "own: set search.shards to 1."
        )
    from recsim.components.search_cluster import Layout, SearchCluster

    return SearchCluster(Layout(settings.shards, settings.replicas, settings.nodes, settings.zones))


class SearchLog:
    """Queries and the views that followed them, of the days so far."""

    def __init__(self, index: ProductIndex, settings: Search) -> None:
        self.suggestions = Suggestions()
        self.learned: dict[str, list[tuple[str, str, float]]] = {}
        self._index = index
        self._settings = settings
        self._given = Synonyms(settings.synonyms)
        self._clicks: dict[str, list[tuple[str, int]]] = {}
        index.learn(self._given)

    def name(self, products: pa.Table) -> None:
        """Suggest the categories and brands of the catalogue, weighted by their products."""
        phrases: dict[str, Counter[str]] = {}
        columns = (products[column].to_pylist() for column in ("tenant", "brand", "category"))
        for tenant, brand, path in zip(*columns, strict=True):
            of_tenant = phrases.setdefault(tenant, Counter())
            of_tenant.update(name for name in (brand, *(path or ())) if name)
        for tenant, counted in phrases.items():
            self.suggestions.add(((name, n / products.num_rows) for name, n in sorted(counted.items())), tenant=tenant)

    def midnight(self, as_of: pa.Table, queries: dict[int, str]) -> None:
        """Learn from a day of the sampled users: `as_of` in order of time, `queries` by number."""
        typed = self._read(as_of, queries)
        for tenant, counted in typed.items():
            self.suggestions.add(((text, float(n)) for text, n in sorted(counted.items())), tenant=tenant)
        if self._settings.learn_synonyms and self._clicks:
            self.learned = {tenant: self._learned(tenant) for tenant in sorted(self._clicks)}
            self._index.learn(self._given.for_tenants(self.learned))

    def _learned(self, tenant: str) -> list[tuple[str, str, float]]:
        """What a tenant's shoppers mean by words that its products lack. Nothing is learned across tenants."""
        counts = self._index.vocabulary(tenant).counts
        return learn_synonyms(self._clicks[tenant], lambda word: counts.get(word, 0))

    def _read(self, as_of: pa.Table, queries: dict[int, str]) -> dict[str, Counter[str]]:
        """Note clicks; returns by tenant the queries that led to one (what nobody clicked after is no suggestion)."""
        names = ("event_type", "session", "tenant", "reference_id", "product_id")
        columns = (as_of[name].to_pylist() for name in names)
        asked: dict[int, tuple[str, int]] = {}
        led: dict[str, Counter[str]] = {}
        for kind, session, tenant, reference, product in zip(*columns, strict=True):
            if kind == "search_query" and reference in queries:
                asked[session] = (queries[reference], 0)
            elif kind == "view_product" and session in asked:
                text, seen = asked[session]
                if seen == 0:
                    led.setdefault(tenant or DEFAULT_TENANT, Counter())[text] += 1
                if seen < CLICKS_AFTER:
                    self._clicks.setdefault(tenant or DEFAULT_TENANT, []).append((text, product))
                    asked[session] = (text, seen + 1)
        return led
