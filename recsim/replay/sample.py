"""One user's records as they cross the wire, to be held against the design field by field."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.components.records import WireIds, enriched_event, user_features, wire_event
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.progress import silent
from recsim.replay.lake import read_lake
from recsim.replay.stream import StreamPlane
from recsim.rng import partition_of
from recsim.scenario.system import Stream
from recsim.schema.columns import Row


def sample_records(
    world: Dataset, settings: Stream, user: int, *, embedding: NDArray[np.float32] | None = None
) -> dict[str, Row]:
    """The user's last event that names a product, the same event enriched, and the user's features just after it.

    Runs the stream plane over the user's partition of the whole log. `embedding` (d,) is the user's vector, if there is
    a model. Raises `BadInput` for a user without such an event.
    """
    with TemporaryDirectory() as scratch:
        lake = Path(scratch) / "lake"
        plane = StreamPlane(world, settings, lake, sampled=None, partitions=_partition(world, user))
        for day in plane.days:
            plane.run_day(day, progress=silent)
        found = read_lake(lake, plane.days)
        found = found.filter(pc.and_(pc.equal(found["user_id"], user), pc.is_valid(found["product_id"])))
        found = found.filter(pc.is_valid(found["session"]))
        if not len(found):
            raise BadInput(f"user {user} of {world.path} has no event with a product; name another user.")
        row = _plain(found.slice(len(found) - 1).to_pylist()[0])
        rows = plane.feature_rows(np.array([user]), row["event_timestamp"])
        vectors = None if embedding is None else embedding[None, :]
        ids = WireIds.of(world)
        features = user_features(rows, ids, plane.categories, vectors)[0]
        plane.close()
    profile = _row(world, "users", "user_id", user)
    product = _row(world, "products", "product_id", row["product_id"])
    return {
        "event": wire_event(row, ids),
        "enriched_event": enriched_event(row, profile, product, ids),
        "user_features": features,
    }


def _partition(world: Dataset, user: int) -> list[int] | None:
    """The partition of a user where the log is cut by user; None where it is not known to be."""
    partitions = world.partitions("events")
    if partitions != list(range(len(partitions))):
        return None
    return [int(partition_of(np.array([user]), len(partitions))[0])]


def _row(world: Dataset, table: str, key: str, number: int) -> dict[str, Any]:
    rows = world.read(table)
    return rows.filter(pc.equal(rows[key], number)).to_pylist()[0]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    moment = row["event_timestamp"].replace(tzinfo=None)
    return {**row, "event_timestamp": int(np.datetime64(moment, "us").astype(np.int64))}
