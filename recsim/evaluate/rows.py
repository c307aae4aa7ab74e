"""From the tables of a world to who did what: rows of (user, product, weight, time), with their session and split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput

Source = Literal["events", "interactions", "reviews"]

TRAIN, VALIDATION, TEST, UNUSED = 0, 1, 2, 3
"""What a split makes of a row; also the codes of the column `split` of the table `interactions`."""

_SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


@dataclass(frozen=True)
class Rows:
    """n signals of whole users: `users`, `products` int64[n], `weights` float64[n] above 0.

    `times_us` (µs since 1970 UTC), `sessions` (or baskets), `positions` in the session: int64[n], or None where any row
    lacks it. `given`: int8[n], the part the data set puts the row in, TRAIN where it brings no parts.
    """

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    weights: NDArray[np.float64]
    times_us: NDArray[np.int64] | None = None
    sessions: NDArray[np.int64] | None = None
    positions: NDArray[np.int64] | None = None
    given: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.users)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The chosen rows (a mask, or places), in that order."""
        columns: dict[str, Any] = {
            name: None if column is None else column[chosen] for name, column in vars(self).items()
        }
        return type(self)(**columns)

    @property
    def times(self) -> NDArray[np.int64]:
        """The times of rows that are known to have them."""
        assert self.times_us is not None, "rows of a split by time have times"
        return self.times_us

    @classmethod
    def together(cls, parts: list[Self]) -> Self:
        """All rows of some parts, in their order; a column that a part lacks is lacking."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            empty = np.empty(0, np.int64)
            return cls(empty, empty, np.empty(0))
        columns: dict[str, Any] = {}
        for name in vars(parts[0]):
            found = [column for part in parts if (column := getattr(part, name)) is not None]
            columns[name] = np.concatenate(found) if len(found) == len(parts) else None
        return cls(**columns)


def source_of(world: Dataset) -> Source:
    """The table that says what users did: the event log, else plain interactions, else reviews."""
    sources: tuple[Source, ...] = ("events", "interactions", "reviews")
    for source in sources:
        if count_rows(world, source):
            return source
    raise BadInput(
        f"world {world.path} has no events, interactions or reviews, so there is nothing to evaluate on; name another."
    )


def count_rows(world: Dataset, table: str) -> int:
    """Rows of a table, by the manifest."""
    return sum(record.rows or 0 for name, record in world.manifest.outputs.items() if name.startswith(f"{table}/"))


def read_rows(
    world: Dataset, source: Source, signals: Mapping[str, float], *, sessions: bool = False
) -> Iterator[Rows]:
    """The signals of a world, whole users at a time; deliveries of an event after its first are left out.

    An event weighs what `signals` says of its type, a review what it says of submit_review, an interaction its own
    value. Rows without a product or with no weight are left out. `sessions` asks for sessions and positions as well.
    """
    if source == "events":
        for partition in world.partitions("events"):
            yield _events(world, partition, signals, sessions=sessions)
    elif source == "interactions":
        names = ["user_id", "product_id", "value", "event_timestamp", "split", "session", "position"]
        frame = world.frame(source, columns=names)
        yield _rows(frame.with_columns(weight=pl.col("value").cast(pl.Float64)), sessions=True)
    else:
        frame = world.frame(source, columns=["user_id", "product_id", "event_timestamp"])
        yield _rows(frame.with_columns(weight=pl.lit(signals.get("submit_review", 0.0), pl.Float64)), sessions=False)


def positives(
    world: Dataset, source: Source, signals: Mapping[str, float], *, sessions: bool = False
) -> Iterator[Rows]:
    """`read_rows` without empty parts; raises `BadInput` where nothing carries a weight."""
    found = 0
    for part in read_rows(world, source, signals, sessions=sessions):
        if len(part):
            found += len(part)
            yield part
    if not found:
        raise BadInput(
            f"no row of table {source} of world {world.name} has a weight above 0; raise evaluation.signals."
        )


def check_times(world: Dataset) -> None:
    """Raises `BadInput` where rows of the world have no time, so that it can't be split by time."""
    source = source_of(world)
    if world.scan(source).select("event_timestamp").null_count().collect().item():
        raise BadInput(
            f"table {source} of world {world.name} has rows without a time; use --split given, random or k-fold."
        )


def _events(world: Dataset, partition: int, signals: Mapping[str, float], *, sessions: bool) -> Rows:
    names = ["event_id", "event_type", "event_timestamp", "user_id", "product_id", *(["session"] if sessions else [])]
    frame = world.frame("events", columns=names, partition=partition)
    weight = pl.col("event_type").cast(pl.String).replace_strict(dict(signals), default=0.0, return_dtype=pl.Float64)
    chosen = frame.with_columns(weight=weight).filter((pl.col("weight") > 0) & pl.col("product_id").is_not_null())
    return _rows(chosen.unique("event_id", keep="first", maintain_order=True), sessions=sessions)


def _rows(frame: pl.DataFrame, *, sessions: bool) -> Rows:
    chosen = frame.filter((pl.col("weight") > 0) & pl.col("product_id").is_not_null())
    times = chosen["event_timestamp"]
    given = None
    if "split" in chosen.columns:
        given = chosen["split"].cast(pl.String).replace_strict(_SPLITS, default=UNUSED, return_dtype=pl.Int8).to_numpy()
    return Rows(
        chosen["user_id"].to_numpy().astype(np.int64),
        chosen["product_id"].to_numpy().astype(np.int64),
        chosen["weight"].to_numpy().astype(np.float64),
        None if times.null_count() else times.dt.epoch("us").to_numpy().astype(np.int64),
        _whole(chosen, "session") if sessions else None,
        _whole(chosen, "position") if sessions else None,
        given,
    )


def _whole(frame: pl.DataFrame, name: str) -> NDArray[np.int64] | None:
    if name not in frame.columns or frame[name].null_count():
        return None
    return frame[name].to_numpy().astype(np.int64)
