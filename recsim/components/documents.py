"""Product documents: from the catalogue, and from the reviews and votes that have come in so far."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from recsim.components.product_store import Document
from recsim.schema.wire import wire_id

if TYPE_CHECKING:
    import pyarrow as pa

REVIEWS_SHOWN = 3
MEDIA_HOST = "https://media.example"


def documents(products: pa.Table) -> Iterator[Document]:
    """One document a product of a `products` table, without reviews."""
    for row in products.to_pylist():
        key = wire_id("prod", row["product_id"], row["key"])
        yield {
            "product_key": key,
            "product_name": row["name"] or key,
            "quantity": row["quantity"],
            "product_details": row["description"] or "",
            "pics": [picture_url(key, number, row["tenant"]) for number in range(row["image_count"])],
            "reviews": [],
            "brand": row["brand"],
            "category": row["category"],
            "price_usd": row["price_usd"],
            "tenant": row["tenant"],
        }


def picture_url(key: str, number: int, tenant: str = "default") -> str:
    """Where a picture is: the path begins with a hash, so that neighbours spread over a store's partitions. Products
    of the same id in two tenants have pictures of their own."""
    spread = hashlib.blake2b(f"{key}/{number}".encode(), digest_size=4).hexdigest()
    name = key if tenant == "default" else f"{quote(tenant, safe='')}/{key}"
    return f"{MEDIA_HOST}/{spread[:2]}/{spread[2:]}/{name}-{number}.webp"


@dataclass(frozen=True)
class _Review:
    review_id: int
    record: dict[str, Any]

    def helpfulness(self) -> tuple[int, int]:
        """Net votes, then the newer review: what the three shown are chosen by."""
        return self.record["up_votes"] - self.record["down_votes"], self.review_id


class ReviewBook:
    """The most helpful reviews of each product, from the reviews and votes seen so far."""

    def __init__(self) -> None:
        self._reviews: dict[int, list[_Review]] = {}
        self._product_of: dict[int, int] = {}
        self._by_id: dict[int, _Review] = {}
        self._voted: dict[tuple[int, int], int] = {}

    def add(self, reviews: pa.Table, votes: pa.Table, user_keys: Sequence[str] | None = None) -> set[int]:
        """Take a day's reviews and votes; returns the products whose reviews changed.

        A later vote of the same user on the same review replaces the earlier one.
        """
        changed: set[int] = set()
        for row in reviews.to_pylist():
            user = row["user_id"]
            review = _Review(row["review_id"], _record(row, user_keys[user] if user_keys else wire_id("user", user)))
            self._reviews.setdefault(row["product_id"], []).append(review)
            self._by_id[review.review_id] = review
            self._product_of[review.review_id] = row["product_id"]
            changed.add(row["product_id"])
        for review_id, user, direction in _in_order(votes):
            known = self._by_id.get(review_id)
            if known is None:
                continue
            self._count(known.record, self._voted.get((user, review_id), 0), -1)
            self._count(known.record, direction, 1)
            self._voted[user, review_id] = direction
            changed.add(self._product_of[review_id])
        return changed

    @staticmethod
    def _count(record: dict[str, Any], direction: int, step: int) -> None:
        if direction:
            record["up_votes" if direction > 0 else "down_votes"] += step

    def votes(self) -> tuple[list[int], list[float], list[int], list[int]]:
        """Of every review its product, its stars, its up votes and its down votes."""
        records = [(self._product_of[number], review.record) for number, review in self._by_id.items()]
        return (
            [product for product, _ in records],
            [float(record["rating"].partition("/")[0]) for _, record in records],
            [record["up_votes"] for _, record in records],
            [record["down_votes"] for _, record in records],
        )

    def shown(self, product: int) -> list[dict[str, Any]]:
        """The reviews a document carries, most helpful first."""
        ranked = sorted(self._reviews.get(product, []), key=_Review.helpfulness, reverse=True)
        return [review.record for review in ranked[:REVIEWS_SHOWN]]


def _record(row: dict[str, Any], reviewer: str) -> dict[str, Any]:
    return {
        "reviewer": reviewer,
        "rating": f"{row['stars']:g}/5",
        "review": " ".join(part for part in (row["title"], row["text"]) if part),
        "comments": [],
        "up_votes": row["up_votes"] or 0,
        "down_votes": row["down_votes"] or 0,
    }


def _in_order(votes: pa.Table) -> list[tuple[int, int, int]]:
    if not votes.num_rows:
        return []
    frame = pl.from_arrow(votes.select(["review_id", "user_id", "event_timestamp", "direction"]))
    assert isinstance(frame, pl.DataFrame)
    return frame.sort("event_timestamp", "user_id", "review_id").select("review_id", "user_id", "direction").rows()
