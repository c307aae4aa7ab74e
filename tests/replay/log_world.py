"""Small worlds from literal events, for the tests of the stream plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from recsim import runs
from recsim.dataset import Dataset
from recsim.rng import partition_of
from recsim.schema import Event, Product, User, arrow_schema

MIDNIGHT_US = int(datetime(2025, 1, 2, tzinfo=UTC).timestamp()) * 1_000_000
"""The first instant of the first day."""

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def event(
    number: int, user: int, kind: str, at_us: int, product: int | None = None, delay_ms: int = 0, **other: Any
) -> dict[str, Any]:
    """One delivery; `at_us` counts from the first midnight. `filed` may say which day, from 0, it is filed under."""
    return {
        "event_id": number, "event_type": kind, "event_timestamp": MIDNIGHT_US + at_us, "user_id": user,
        "product_id": product, "session": 0, "device": "mobile", "tenant": "default", "reference_id": None,
        "arrival_delay_ms": delay_ms, **other,
    }  # fmt: skip


def view(number: int, user: int, at_us: int, product: int, **other: Any) -> dict[str, Any]:
    return event(number, user, "view_product", at_us, product, **other)


def write_world(
    path: Path,
    events: Sequence[Mapping[str, Any]],
    *,
    users: int = 10,
    products: int = 10,
    partitions: int = 2,
    keys: bool = False,
) -> Dataset:
    """A sealed world whose log holds these deliveries, filed by the day of their arrival unless `filed` says which."""
    runs.write_table(path / "users" / "part-0000.parquet", _users(users, keys=keys), User)
    runs.write_table(path / "products" / "part-0000.parquet", _products(products, keys=keys), Product)
    parts = partition_of(pa.array([row["user_id"] for row in events], pa.int64()).fill_null(0).to_numpy(), partitions)
    days = [_filed(row) for row in events]
    for day in range(max(days, default=0) + 1):
        for part in range(partitions):
            rows = [row for row, d, p in zip(events, days, parts, strict=True) if d == day and p == part]
            rows.sort(key=lambda row: row["event_timestamp"] + row["arrival_delay_ms"] * 1000)
            stripped = [{key: value for key, value in row.items() if key != "filed"} for row in rows]
            label = f"day=2025-01-{2 + day:02d}"
            table = pa.Table.from_pylist(stripped, schema=arrow_schema(Event))
            runs.write_table(path / "events" / label / f"part-{part:04d}.parquet", table, Event)
    facts = {"users": users, "products": products, "events": len(events), "first_day": "2025-01-02"}
    runs.seal(
        path, kind="world", verb="generate", name=path.name, identity="test", scenario=None, arguments={},
        facts=facts, inputs={}, watch=runs.Stopwatch(),
    )  # fmt: skip
    return Dataset.open(path)


def _filed(row: Mapping[str, Any]) -> int:
    if "filed" in row:
        return int(row["filed"])
    return int((row["event_timestamp"] + row["arrival_delay_ms"] * 1000 - MIDNIGHT_US) // DAY_US)


def _users(count: int, *, keys: bool) -> pa.Table:
    rows = [
        {
            "user_id": n, "key": f"u-{n}" if keys else None, "tenant": "default", "region": ("us", "eu")[n % 2],
            "device": "mobile", "age": 30 + n, "segments": ["tech", "deals"], "timezone_minutes": 0,
        }
        for n in range(count)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(User))


def _products(count: int, *, keys: bool) -> pa.Table:
    paths = [["electronics", "laptop", "gaming"], ["electronics", "phone"], ["toys"], ["toys", "laptop"], []]
    rows = [
        {
            "product_id": n, "key": f"p-{n}" if keys else None, "tenant": "default", "name": f"product {n}",
            "brand": None, "category": paths[n % len(paths)], "description": None,
            "price_usd": None if n == 9 else 10.0 + n, "quantity": 5, "image_count": 1, "video_count": 0,
            "created_at": None,
        }
        for n in range(count)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(Product))
