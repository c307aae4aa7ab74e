"""A small shelf of products for the tests of search."""

from __future__ import annotations

from typing import Any

from recsim.components.product_index import Filters, ProductIndex, SearchQuery

Document = dict[str, Any]


def document(
    name: str, brand: str | None = None, category: str = "", price: float | None = None, text: str = "", **more: Any
) -> Document:
    path = category.split(" > ") if category else []
    return {
        "product_name": name, "brand": brand, "category": path, "price_usd": price, "product_details": text, **more,
    }  # fmt: skip


SHELF: list[Document] = [
    document("Red running shoes", "Acme", "shoes > sport", 50.0, "light and fast", stars=4.5, created_at=30),
    document("Blue shoe", "Zenit", "shoes > city", 80.0, "for running errands", stars=3.0, created_at=10, quantity=0),
    document("Green hat", "Acme", "accessories > hats", None, "keeps the sun off your shoes", stars=4.0),
    document("prod4711"),
    document("Fire stick", "Acme", "garden > grill", 20.0, stars=2.0, created_at=20),
    document("Wall lamp with cord", "Lux", "home > lamps", 35.0, tenant="other"),
    document("Wall lamp", "Lux", "home > lamps", 30.0, "a lamp that needs no cord"),
]
"""By product number."""


def found(
    index: ProductIndex, text: str, n: int = 10, tenant: str | None = None, sort: str = "relevance", **filters: Any
) -> list[int]:
    """The product numbers a search finds, in order."""
    query = SearchQuery(text, n, filters=Filters(**filters), tenant=tenant, sort=sort)
    return index.search(query).products.tolist()
