"""What the index holds of a product: the searched texts, and the columns of filters, facets and orders."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recsim.components.search_facets import price_bin
from recsim.components.search_request import PATH_SEPARATOR

DEFAULT_TENANT = "default"
_NUMBER_BITS = 32
_LAST_NUMBER = (1 << _NUMBER_BITS) - 1


@dataclass(frozen=True)
class Listing:
    """A product as the index knows it. `stars` is the mean rating, None without reviews; `review_text` what reviewers
    wrote, one after the other."""

    product: int
    tenant: str
    name: str
    brand: str | None
    category: tuple[str, ...]
    description: str
    review_text: str
    price_usd: float | None
    stars: float | None
    in_stock: bool
    created_s: int

    @classmethod
    def of(cls, product: int, document: Mapping[str, Any]) -> Listing:
        """From a document of the product store; what it lacks (`tenant`, `stars`, `review_text`, `created_at`) is the
        default tenant, read off the reviews it shows, or empty."""
        shown = document.get("reviews") or []
        stars = document.get("stars")
        if stars is None and shown:
            stars = sum(float(review["rating"].partition("/")[0]) for review in shown) / len(shown)
        text = document.get("review_text")
        created = document.get("created_at")
        return cls(
            product,
            document.get("tenant") or DEFAULT_TENANT,
            document["product_name"],
            document["brand"] or None,
            tuple(document["category"] or ()),
            document["product_details"] or "",
            " ".join(review["review"] for review in shown) if text is None else text,
            None if document["price_usd"] is None else float(document["price_usd"]),
            None if stars is None else float(stars),
            int(document.get("quantity", 1)) > 0,
            int(created.timestamp()) if isinstance(created, datetime) else int(created or 0),
        )

    def texts(self) -> dict[str, str]:
        """The searched fields."""
        return {
            "name": self.name,
            "brand": self.brand or "",
            "category": " ".join(self.category),
            "description": self.description,
            "reviews": self.review_text,
        }

    def places(self) -> list[str]:
        """What a category filter may say: each name of the path, and the path down to each of them."""
        return list(dict.fromkeys([*self.category, *self.levels()]))

    def levels(self) -> list[str]:
        """The path down to each level, widest first."""
        return [PATH_SEPARATOR.join(self.category[: depth + 1]) for depth in range(len(self.category))]

    def numbers(self) -> dict[str, int | float]:
        """Columns for filters, facets and orders; a product lacks what it lacks, and comes last in that order.

        A `by_` column holds an order's value and, below it, the product number: so no two products tie.
        """
        found: dict[str, int | float] = {
            "product": self.product,
            "stock": int(self.in_stock),
            "by_newest": (max(self.created_s, 0) << _NUMBER_BITS) | (_LAST_NUMBER - self.product),
        }
        if self.price_usd is not None and math.isfinite(self.price_usd):
            cents = round(self.price_usd * 100)
            found["price"] = self.price_usd
            found["price_bin"] = price_bin(self.price_usd)
            found["by_price"] = (cents << _NUMBER_BITS) | self.product
            found["by_price_desc"] = (cents << _NUMBER_BITS) | (_LAST_NUMBER - self.product)
        if self.stars is not None:
            found["stars"] = self.stars
            found["star_bin"] = math.floor(self.stars)
            found["by_rating"] = (round(self.stars * 1000) << _NUMBER_BITS) | (_LAST_NUMBER - self.product)
        return found


ORDER_COLUMN = {
    "price": ("by_price", False),
    "price-desc": ("by_price_desc", True),
    "rating": ("by_rating", True),
    "newest": ("by_newest", True),
}
"""Sort → the column it goes by and whether the greatest comes first."""
