"""A world's log in pieces that fit in memory: rows ordered by session and time, each event once.

A synthetic session lies within its day, so a piece is one file of the log (a day of a partition). A real session may
cross midnight, so a piece is a partition with all its days. Interactions that make no events are read as views, in
the order of their positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.schema.tables import DEVICES, EVENT_TYPES

VIEW, CART, PURCHASE = (EVENT_TYPES.index(name) for name in ("view_product", "add_to_cart", "purchase"))
SEARCH = EVENT_TYPES.index("search_query")
NOTHING = -1
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """n rows in order of session, then time. `product` is -1 without one; `time_us` and `device` may be unknown.

    `held` marks rows that a data set holds back for testing, where it has a split of its own and no times.
    """

    user: Ints
    session: Ints
    product: Ints
    kind: NDArray[np.int8]
    time_us: Ints | None
    device: NDArray[np.int8] | None
    held: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def starts(self) -> Ints:
        """The first row of each session."""
        return _starts(self.session)

    @cached_property
    def owner(self) -> Ints:
        """The number, in the piece, of each row's session."""
        marks = np.zeros(len(self), np.int64)
        marks[self.starts[1:]] = 1
        return np.cumsum(marks)

    @cached_property
    def views(self) -> Piece:
        """The product views alone."""
        return self.where((self.kind == VIEW) & (self.product != NOTHING))

    @cached_property
    def signals(self) -> Piece:
        """Views, carts and purchases: what popularity and activity count."""
        return self.where((self.kind <= PURCHASE) & (self.product != NOTHING))

    def of(self, kind: int) -> Piece:
        return self.where(self.kind == kind)

    def where(self, chosen: NDArray[np.bool_]) -> Piece:
        """Some of the rows, in order."""
        return Piece(
            self.user[chosen],
            self.session[chosen],
            self.product[chosen],
            self.kind[chosen],
            None if self.time_us is None else self.time_us[chosen],
            None if self.device is None else self.device[chosen],
            None if self.held is None else self.held[chosen],
        )

    @cached_property
    def lengths(self) -> Ints:
        """Rows of each session."""
        return np.diff(np.append(self.starts, len(self)))

    @cached_property
    def within(self) -> NDArray[np.bool_]:
        """For each row but the first of the piece: whether the row before is of the same session."""
        return self.session[1:] == self.session[:-1]


def _starts(session: Ints) -> Ints:
    if not len(session):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], session[1:] != session[:-1]])).astype(np.int64)


def source_of(world: Dataset) -> str:
    """The table the log is read from; raises `BadInput` where a world says nothing of what users did."""
    for source in ("events", "interactions"):
        if world.has(source):
            return source
    raise BadInput(f"world {world.name} has no events and no interactions, so there is nothing to measure.")


def pieces(world: Dataset) -> Iterator[Piece]:
    """The whole log, a piece at a time."""
    if source_of(world) == "interactions":
        yield _interactions(world)
        return
    days: list[str | None] = list(world.days()) if world.synthetic else [None]
    for partition in world.partitions():
        for day in days:
            piece = _events(world, partition, day)
            if len(piece):
                yield piece


def _events(world: Dataset, partition: int, day: str | None) -> Piece:
    columns = ["event_id", "event_type", "event_timestamp", "user_id", "product_id", "session", "device"]
    frame = world.frame("events", columns=columns, day=day, partition=partition)
    frame = frame.with_columns(
        _codes("event_type", EVENT_TYPES),
        _codes("device", DEVICES),
        pl.col("event_timestamp").to_physical(),
        pl.col("product_id").fill_null(NOTHING),
    ).sort("session", "event_timestamp", "event_id")
    if world.synthetic:  # a delivery may be repeated; its copies now stand together
        frame = frame.filter((pl.col("event_id") != pl.col("event_id").shift(1)).fill_null(value=True))
    return Piece(
        frame["user_id"].to_numpy(),
        frame["session"].to_numpy(),
        frame["product_id"].to_numpy(),
        frame["event_type"].to_numpy(),
        frame["event_timestamp"].to_numpy(),
        frame["device"].to_numpy(),
    )


def _codes(column: str, names: tuple[str, ...]) -> pl.Expr:
    return pl.col(column).cast(pl.Enum(names)).to_physical().cast(pl.Int8)


def _interactions(world: Dataset) -> Piece:
    columns = ["user_id", "product_id", "event_timestamp", "session", "position", "split"]
    frame = world.frame("interactions", columns=columns)
    timed = frame["event_timestamp"].null_count() == 0
    frame = frame.with_columns(
        pl.col("session").fill_null(pl.col("user_id")),
        pl.col("position").fill_null(0),
        pl.col("event_timestamp").to_physical(),
    ).sort("session", "position", "event_timestamp", maintain_order=True)
    return Piece(
        frame["user_id"].to_numpy(),
        frame["session"].to_numpy(),
        frame["product_id"].to_numpy(),
        np.full(frame.height, VIEW, np.int8),
        frame["event_timestamp"].to_numpy() if timed else None,
        None,
        None if timed else (frame["split"].cast(pl.String) != "train").to_numpy(),
    )


def sessions_are_users(world: Dataset) -> bool:
    """Whether the log only knows sessions: then nothing can be said about users."""
    if source_of(world) == "events":
        if not world.has("sessions"):
            return False
        rows = sum(record.rows or 0 for name, record in world.manifest.outputs.items() if name.startswith("sessions/"))
        return rows == world.users
    found = world.scan("interactions").select(pl.col("session", "user_id").n_unique()).collect()
    return bool(found["session"][0] == found["user_id"][0])


def timed(world: Dataset) -> bool:
    """Whether every row of the log has a time."""
    if source_of(world) == "events":
        return True
    return bool(world.scan("interactions").select(pl.col("event_timestamp").null_count() == 0).collect().item())
