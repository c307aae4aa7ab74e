"""From columns to wire records: the JSON of an event, of an enriched event and of a user's features.

A wire id is the key the world was imported with, or made from the number: `user7`, `prod7`, `session_7`, `e-7`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.clock import iso
from recsim.components.feature_store import EMBEDDING_DECIMALS
from recsim.components.stream_processor import FeatureRows
from recsim.dataset import Dataset
from recsim.schema.wire import (
    EnrichedEvent,
    ProductMetadata,
    SessionFeatures,
    UserDemographics,
    UserFeatures,
    WireEvent,
    wire_id,
)


@dataclass(frozen=True)
class WireIds:
    """Numbers of users and products as wire ids. The keys are an Arrow column by number, None in a world without."""

    user_keys: pa.Array | None
    product_keys: pa.Array | None

    @classmethod
    def of(cls, world: Dataset) -> Self:
        return cls(
            _keys(world, "users", "user_id", world.users), _keys(world, "products", "product_id", world.products)
        )

    def users(self, numbers: NDArray[np.int64]) -> list[str]:
        return _named(self.user_keys, "user", numbers)

    def products(self, numbers: NDArray[np.int64]) -> list[str]:
        return _named(self.product_keys, "prod", numbers)


def _keys(world: Dataset, table: str, column: str, count: int) -> pa.Array | None:
    rows = world.read(table, columns=[column, "key"])
    if rows["key"].null_count == len(rows):
        return None
    by_number = np.full(count, None, object)
    by_number[rows[column].to_numpy()] = rows["key"].to_numpy()
    return pa.array(by_number, pa.string())


def _named(keys: pa.Array | None, noun: Literal["user", "prod"], numbers: NDArray[np.int64]) -> list[str]:
    found = [None] * len(numbers) if keys is None else keys.take(pa.array(numbers)).to_pylist()
    return [wire_id(noun, number, key) for key, number in zip(found, numbers.tolist(), strict=True)]


def wire_event(row: dict[str, Any], ids: WireIds) -> WireEvent:
    """An event of the log (a row as a dictionary, `event_timestamp` in µs) as its client sent it."""
    product = row["product_id"]
    return WireEvent(
        event_id=f"e-{row['event_id']}",
        event_type=row["event_type"],
        product_id=None if product is None else ids.products(np.array([product]))[0],
        user_id=ids.users(np.array([row["user_id"]]))[0],
        event_timestamp=iso(row["event_timestamp"]),
        session=f"session_{row['session']}",
        device=row["device"],
        tenant=row["tenant"],
    )


def enriched_event(
    row: dict[str, Any], user: dict[str, Any], product: dict[str, Any] | None, ids: WireIds
) -> EnrichedEvent:
    """An event of the lake with the rows of its user and of its product (None where the event has none)."""
    return EnrichedEvent(
        user_id=ids.users(np.array([row["user_id"]]))[0],
        sessionFeatures=session_features(row["device"], row["session_seconds"], row["session_clicks"]),
        user_demo=UserDemographics(region=user["region"], age=user["age"], segments=user["segments"]),
        product_metadata=None if product is None else product_metadata(product, ids),
    )


def session_features(device: str, seconds: int, clicks: int) -> SessionFeatures:
    """The record under `user:{id}:session`."""
    return SessionFeatures(device=device, current_session_duration=seconds, current_session_clicks=clicks)


def product_metadata(product: dict[str, Any], ids: WireIds) -> ProductMetadata:
    """A row of the products table as the stream processor joins it."""
    return ProductMetadata(
        product_id=ids.products(np.array([product["product_id"]]))[0],
        product_name=product["name"],
        product_category=product["category"],
        price=product["price_usd"],
    )


def user_features(
    rows: FeatureRows, ids: WireIds, categories: Sequence[str], embeddings: NDArray[np.float32] | None = None
) -> list[UserFeatures]:
    """The record under `user:{id}:features` of each of n users; `embeddings` (n, d) are empty lists where None.

    `categories` names the category codes. A user whose embedding is all zero has none.
    """
    seen = rows.recently_viewed
    names = ids.products(seen[seen >= 0])
    ends = np.cumsum((seen >= 0).sum(axis=1)).tolist()
    vectors = None if embeddings is None else np.round(embeddings.astype(np.float64), EMBEDDING_DECIMALS)
    return [
        UserFeatures(
            embeddings=vectors[row].tolist() if vectors is not None and vectors[row].any() else [],
            recently_viewed=names[ends[row - 1] if row else 0 : ends[row]],
            preferred_categories=[categories[code] for code in rows.preferred_categories[row].tolist() if code >= 0],
            recency_score=float(rows.recency_score[row]),
            click_through_rate=float(rows.click_through_rate[row]),
        )
        for row in range(len(rows))
    ]
