"""The reviews that a world brings, by id, as the review store keeps them: made one at a time, when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recsim.clock import instant_us
from recsim.components.review_store import StoredReview
from recsim.dataset import Dataset


class WorldReviews:
    """Tables of reviews as they come in, day by day."""

    def __init__(self, product_keys: Sequence[str], user_keys: Sequence[str]) -> None:
        self._product_keys = product_keys
        self._user_keys = user_keys
        self._tables: list[tuple[np.ndarray, pa.Table]] = []

    def take(self, reviews: pa.Table) -> None:
        """Add the reviews of a `reviews` table."""
        if reviews.num_rows:
            ordered = reviews.sort_by("review_id")
            self._tables.append((ordered["review_id"].to_numpy(), ordered))

    def user_key(self, user: int) -> str:
        """The wire id of a user."""
        return self._user_keys[user]

    def row(self, review: int) -> dict[str, Any] | None:
        """The row of a review, None for one that has not come in."""
        for ids, table in self._tables:
            place = int(np.searchsorted(ids, review))
            if place < len(ids) and ids[place] == review:
                return table.slice(place, 1).to_pylist()[0]
        return None

    def stored(self, review: int) -> StoredReview | None:
        """The review as the store keeps it."""
        row = self.row(review)
        if row is None:
            return None
        return StoredReview(
            review_id=f"r{review}",
            product=self._product_keys[row["product_id"]],
            user=self._user_keys[row["user_id"]],
            stars=round(row["stars"]),
            title=row["title"] or "",
            text=row["text"] or "",
            at_us=instant_us(row["event_timestamp"]),
            verified=bool(row["verified"]),
        )


def world_reviews(world: Dataset, day: str, *, first: bool) -> pa.Table:
    """The reviews of a day; with the first day of a replay, those of all days before it as well."""
    days = [known for known in world.days("reviews") if known == day or (first and known < day)]
    tables = [world.read("reviews", day=known) for known in days]
    return pa.concat_tables(tables) if tables else world.read("reviews", day=day)
