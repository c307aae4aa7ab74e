"""From the tables of a world to who did what: rows of (user, product, weight, time), and their matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.recommenders.base import Interactions

Source = Literal["events", "interactions", "reviews"]

_NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Rows:
    """n signals: `users`, `products` int64[n], `weights` float64[n] above 0, `times_us` int64[n] or None."""

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    weights: NDArray[np.float64]
    times_us: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.users)

    def where(self, chosen: NDArray[np.bool_]) -> Rows:
        times = None if self.times_us is None else self.times_us[chosen]
        return Rows(self.users[chosen], self.products[chosen], self.weights[chosen], times)

    @classmethod
    def together(cls, parts: list[Self]) -> Rows:
        """All rows of some parts, in their order."""
        if not parts:
            empty = np.empty(0, np.int64)
            return cls(empty, empty, np.empty(0), None)
        times = [part.times_us for part in parts if part.times_us is not None]
        return cls(
            np.concatenate([part.users for part in parts]),
            np.concatenate([part.products for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate(times) if len(times) == len(parts) else None,
        )


def source_of(world: Dataset) -> Source:
    """The table that says what users did: the event log, else plain interactions, else reviews."""
    sources: tuple[Source, ...] = ("events", "interactions", "reviews")
    for source in sources:
        if sum(record.rows or 0 for name, record in world.manifest.outputs.items() if name.startswith(f"{source}/")):
            return source
    raise BadInput(
        f"world {world.path} has no events, interactions or reviews, so there is nothing to evaluate on; name another."
    )


def read_rows(world: Dataset, source: Source, signals: Mapping[str, float], *, split: str = "") -> Iterator[Rows]:
    """The signals of a world, one partition of users at a time; deliveries of an event after its first are left out.

    An event weighs what `signals` says of its type, a review what it says of submit_review, an interaction its own
    value. Rows without a product or with no weight are left out. `split` keeps the interactions of that split alone.
    """
    if source == "events":
        for partition in world.partitions("events"):
            yield _events(world, partition, signals)
    elif source == "interactions":
        frame = world.frame(source, columns=["user_id", "product_id", "value", "event_timestamp", "split"])
        chosen = frame.filter(pl.col("split").cast(pl.String) == split) if split else frame
        yield _rows(chosen.with_columns(weight=pl.col("value").cast(pl.Float64)))
    else:
        frame = world.frame(source, columns=["user_id", "product_id", "event_timestamp"])
        yield _rows(frame.with_columns(weight=pl.lit(signals.get("submit_review", 0.0), pl.Float64)))


def _events(world: Dataset, partition: int, signals: Mapping[str, float]) -> Rows:
    names = ["event_id", "event_type", "event_timestamp", "user_id", "product_id"]
    frame = world.frame("events", columns=names, partition=partition)
    weight = pl.col("event_type").cast(pl.String).replace_strict(dict(signals), default=0.0, return_dtype=pl.Float64)
    chosen = frame.with_columns(weight=weight).filter((pl.col("weight") > 0) & pl.col("product_id").is_not_null())
    return _rows(chosen.unique("event_id", keep="first", maintain_order=True))


def _rows(frame: pl.DataFrame) -> Rows:
    chosen = frame.filter((pl.col("weight") > 0) & pl.col("product_id").is_not_null())
    times = chosen["event_timestamp"]
    return Rows(
        chosen["user_id"].to_numpy().astype(np.int64),
        chosen["product_id"].to_numpy().astype(np.int64),
        chosen["weight"].to_numpy().astype(np.float64),
        None if times.null_count() else times.dt.epoch("us").to_numpy().astype(np.int64),
    )


def interactions(rows: Rows, users: int, products: int) -> Interactions:
    """The matrix of rows: weights of a pair added in the order of the rows, and the pair's last time."""
    keys = rows.users * products + rows.products
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1)) if len(keys) else np.empty(0, np.int64)
    weights = np.add.reduceat(rows.weights[order], starts) if len(keys) else np.empty(0)
    pairs = keys[starts]
    indptr = np.searchsorted(pairs, np.arange(users + 1, dtype=np.int64) * products)
    columns = (pairs % products).astype(np.int32)
    matrix = csr_matrix((weights.astype(np.float32), columns, indptr.astype(np.int32)), shape=(users, products))
    matrix.has_sorted_indices = True
    if rows.times_us is None:
        return Interactions(matrix)
    last = np.maximum.reduceat(rows.times_us[order], starts) if len(keys) else np.empty(0, np.int64)
    return Interactions(matrix, last)
