"""A small shop of four departments for the tests of the request plane: every user shops in one of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recsim import runs
from recsim.dataset import Dataset
from recsim.rng import partition_of
from recsim.schema import Event, Product, Query, Review, User, Vote, arrow_schema
from recsim.schema.columns import Row
from recsim.schema.truth import ProductTaste, UserTaste

DEPARTMENTS = ("lamps", "boots", "drums", "tents")
USERS, PRODUCTS, DAYS, PARTITIONS = 60, 80, 3, 2
FIRST_US = int(datetime(2025, 1, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY_US = 86_400_000_000


def write_shop(path: Path, *, truth: bool = True, shopping: bool = False) -> Dataset:
    """User u shops in department u % 4, where product p stands when p % 4 is the same. With `shopping` they also buy
    what is in the cart, and on day d user d reviews product 0 and user 10 + d finds the first review helpful."""
    _write(path, "users", User, [_user(n) for n in range(USERS)])
    _write(path, "products", Product, [_product(n) for n in range(PRODUCTS)])
    events, queries = _log(shopping=shopping)
    for day in range(DAYS):
        label = f"day=2025-01-{2 + day:02d}"
        today = [row for row in events if (row["event_timestamp"] - FIRST_US) // DAY_US == day]
        parts = partition_of(np.array([row["user_id"] for row in today]), PARTITIONS)
        for part in range(PARTITIONS):
            rows = [row for row, own in zip(today, parts, strict=True) if own == part]
            _write(path, f"events/{label}", Event, rows, part)
        typed = [row for row in queries if (row["event_timestamp"] - FIRST_US) // DAY_US == day]
        _write(path, f"queries/{label}", Query, typed)
        _write(path, f"reviews/{label}", Review, [_review(day)])
        _write(path, f"votes/{label}", Vote, _votes(day))
    if truth:
        _write(path, "truth/users", UserTaste, [_user_taste(n) for n in range(USERS)])
        _write(path, "truth/products", ProductTaste, [_product_taste(n) for n in range(PRODUCTS)])
    facts = {"users": USERS, "products": PRODUCTS, "events": len(events), "first_day": "2025-01-02"}
    runs.seal(
        path, kind="world", verb="generate", name=path.name, identity="shop", arguments={}, facts=facts, inputs={},
        scenario={"behaviour": {"taste_weight": 3.0}}, watch=runs.Stopwatch(),
    )  # fmt: skip
    return Dataset.open(path)


def _write(path: Path, table: str, row: type[Row], rows: list[dict[str, Any]], part: int = 0) -> None:
    found = pa.Table.from_pylist(rows, schema=arrow_schema(row))
    runs.write_table(path / table / f"part-{part:04d}.parquet", found, row)


def _user(n: int) -> dict[str, Any]:
    return {
        "user_id": n, "key": None, "tenant": "default", "region": "us", "device": "web", "age": 30, "segments": [],
        "timezone_minutes": 0,
    }  # fmt: skip


def _product(n: int) -> dict[str, Any]:
    department = DEPARTMENTS[n % 4]
    return {
        "product_id": n, "key": None, "tenant": "default", "name": f"{department[:-1]} model {n}", "brand": "acme",
        "category": ["shop", department], "description": f"a fine {department[:-1]}", "price_usd": 10.0 + n,
        "quantity": 50, "image_count": 2, "video_count": 0, "created_at": None,
    }  # fmt: skip


def _log(*, shopping: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Each day each user opens a session, searches the department every third time, and views five of its products."""
    events: list[dict[str, Any]] = []
    queries: list[dict[str, Any]] = []
    for day in range(DAYS):
        for user in range(USERS):
            at_us = FIRST_US + day * DAY_US + (user * 1_000 + 3_600) * 1_000_000
            add = _adder(events, user, at_us)
            add("session_start")
            if (user + day) % 3 == 0:
                query = len(queries)
                queries.append(
                    {
                        "query_id": query,
                        "user_id": user,
                        "session": 0,
                        "event_timestamp": at_us + 1_000_000,
                        "text": DEPARTMENTS[user % 4],
                    }
                )
                add("search_query", reference=query)
            for step in range(5):
                add("view_product", (user % 4 + 4 * ((user * 7 + day * 5 + step) % 20)) % PRODUCTS)
            add("add_to_cart", (user % 4 + 4 * ((user * 7 + day * 5) % 20)) % PRODUCTS)
            if shopping:
                add("purchase", (user % 4 + 4 * ((user * 7 + day * 5) % 20)) % PRODUCTS)
                if user == day:
                    add("submit_review", 0, reference=day)
                if user == 10 + day:
                    add("upvote", 0, reference=0)
            add("session_end")
    return sorted(events, key=lambda row: row["event_timestamp"]), queries


def _adder(events: list[dict[str, Any]], user: int, at_us: int) -> Any:
    steps = iter(range(1_000))

    def add(kind: str, product: int | None = None, *, reference: int | None = None) -> None:
        events.append(
            {
                "event_id": len(events) + 1,
                "event_type": kind,
                "event_timestamp": at_us + next(steps) * 1_000_000,
                "user_id": user,
                "product_id": product,
                "session": 0,
                "device": "web",
                "tenant": "default",
                "reference_id": reference,
                "arrival_delay_ms": 0,
            }
        )

    return add


def _review(day: int) -> dict[str, Any]:
    return {
        "review_id": day, "product_id": 0, "user_id": day, "event_timestamp": FIRST_US + day * DAY_US + 7,
        "stars": 4.0, "title": "good", "text": f"after day {day}", "verified": True, "image_count": 0,
        "video_count": 0, "up_votes": None, "down_votes": None,
    }  # fmt: skip


def _votes(day: int) -> list[dict[str, Any]]:
    at_us = FIRST_US + day * DAY_US + 9
    return [{"review_id": 0, "user_id": 10 + day, "event_timestamp": at_us, "direction": 1}]


def _taste(n: int) -> list[float]:
    return [1.0 if n % 4 == lane else 0.0 for lane in range(4)]


def _user_taste(n: int) -> dict[str, Any]:
    return {
        "user_id": n, "taste": _taste(n), "sessions_per_day": 1.0, "price_sensitivity": 0.0, "conformity": 0.0,
        "interests": [n % 4],
    }  # fmt: skip


def _product_taste(n: int) -> dict[str, Any]:
    return {
        "product_id": n,
        "taste": _taste(n),
        "category_id": n % 4,
        "niche_id": n % 4,
        "quality": 0.0,
        "popularity": 1.0,
    }
