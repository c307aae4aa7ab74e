"""What reaches the index after a build: reviews. A review's text and stars become searchable with the next batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from recsim.components.product_index import ProductIndex

if TYPE_CHECKING:
    import pyarrow as pa

MOST_REVIEW_CHARACTERS = 2_000
"""Review text of a product that is searched: the newest."""


class SearchFeed:
    """Review text and ratings by product, and the index they belong in."""

    def __init__(self, index: ProductIndex) -> None:
        self._index = index
        self._text: dict[int, str] = {}
        self._stars: dict[int, tuple[float, int]] = {}
        self._waiting: set[int] = set()

    def take(self, reviews: pa.Table) -> None:
        """Note the reviews of a `reviews` table, oldest first."""
        columns = (reviews[name].to_pylist() for name in ("product_id", "title", "text", "stars"))
        for product, title, text, stars in zip(*columns, strict=True):
            self.add(product, " ".join(part for part in (title, text) if part), stars)

    def add(self, product: int, text: str, stars: float) -> None:
        """Note one review."""
        kept = f"{text}\n{self._text.get(product, '')}"
        self._text[product] = kept[:MOST_REVIEW_CHARACTERS]
        total, count = self._stars.get(product, (0.0, 0))
        self._stars[product] = (total + stars, count + 1)
        self._waiting.add(product)

    def waiting(self) -> list[int]:
        """Products whose reviews are not in the index yet, in order."""
        return sorted(self._waiting)

    def dressed(self, product: int, document: Mapping[str, Any]) -> dict[str, Any]:
        """A document with what reviews add to it."""
        total, count = self._stars.get(product, (0.0, 0))
        stars = total / count if count else None
        return {**document, "review_text": self._text.get(product, ""), "stars": stars}

    def flush(self, documents: Iterable[tuple[int, Mapping[str, Any]]]) -> int:
        """Index those of the waiting products whose documents are given, in one batch; returns how many."""
        chosen = [
            (product, self.dressed(product, document)) for product, document in documents if product in self._waiting
        ]
        if chosen:
            self._index.update(chosen)
            self._waiting.difference_update(product for product, _ in chosen)
        return len(chosen)
