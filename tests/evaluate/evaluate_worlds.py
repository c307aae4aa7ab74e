"""Worlds of a few rows, sealed as a real one is, for tests of the evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from recsim.dataset import Dataset
from recsim.evaluate.protocol import resolve, tasks_of
from recsim.evaluate.task import Task
from recsim.runs import Stopwatch, seal, write_table
from recsim.scenario.system import Evaluation
from recsim.schema.columns import arrow_schema
from recsim.schema.tables import TABLES

HOUR_US = 3_600_000_000

_BLANKS: dict[str, dict[str, Any]] = {
    "events": {"session": 0, "device": "web", "tenant": "default", "reference_id": None, "arrival_delay_ms": 0},
    "interactions": {"value": 1.0, "event_timestamp": None, "session": None, "position": None, "split": "train"},
    "products": {
        "key": None, "tenant": "default", "name": "thing", "brand": None, "category": [], "description": None,
        "price_usd": 10.0, "quantity": 1, "image_count": 0, "video_count": 0, "created_at": None,
    },
    "users": {
        "key": None, "tenant": "default", "region": "us", "device": "web", "age": None, "segments": [],
        "timezone_minutes": 0,
    },
    "truth/users": {},
    "truth/products": {"niche_id": 0},
}  # fmt: skip


def world_of(folder: Path, tables: dict[str, list[dict[str, Any]]], *, users: int, products: int) -> Dataset:
    """A world with these rows; what a row leaves out is filled in."""
    path = folder / "tiny"
    for name, rows in tables.items():
        schema = arrow_schema(TABLES[name])
        filled = [{**_BLANKS[name], **row} for row in rows]
        folder_of = path / name / "day=2025-01-02" if name == "events" else path / name
        write_table(folder_of / "part-0000.parquet", pa.Table.from_pylist(filled, schema=schema), TABLES[name])
    seal(
        path, kind="world", verb="import", name="tiny", identity="0", scenario=None, arguments={}, inputs={},
        facts={"users": users, "products": products, "events": 0, "first_day": "2025-01-02"}, watch=Stopwatch(),
    )  # fmt: skip
    return Dataset.open(path)


def events(*rows: tuple[int, int, int, str]) -> list[dict[str, Any]]:
    """(user, product, hour, type) in the order of arrival; ids count up."""
    return [
        {"event_id": number, "event_type": kind, "event_timestamp": hour * HOUR_US, "user_id": user,
         "product_id": None if product < 0 else product}
        for number, (user, product, hour, kind) in enumerate(rows)
    ]  # fmt: skip


def pairs(split: str, *rows: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"user_id": user, "product_id": product, "split": split} for user, product in rows]


def task_of(world: Dataset, kind: str, *, seed: int = 1, **evaluation: Any) -> Task:
    """The first task of a split."""
    return tasks_of_kind(world, kind, seed=seed, **evaluation)[0]


def tasks_of_kind(world: Dataset, kind: str, *, seed: int = 1, **evaluation: Any) -> list[Task]:
    """All tasks of a split."""
    asked = Evaluation.model_validate(evaluation)
    return list(tasks_of(world, resolve(world, kind), asked, seed=seed))
