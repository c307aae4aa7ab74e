"""Sessions of an imported log: as it names them, or by gaps in a user's events where it does not."""

from __future__ import annotations

import polars as pl

from recsim.importers.keys import dense
from recsim.units import US_PER_SECOND

GAP_US = 30 * 60 * US_PER_SECOND
"""A user's event after more than 30 minutes without one starts a new session."""


def by_gaps(events: pl.DataFrame) -> pl.DataFrame:
    """`events` (sorted or not; columns user_id, ts) with `session`: numbered by user, then by time."""
    ordered = events.sort("user_id", "ts", maintain_order=True)
    starts = (pl.col("user_id") != pl.col("user_id").shift()) | (pl.col("ts").diff() > GAP_US)
    return ordered.with_columns((starts.fill_null(value=True).cum_sum().cast(pl.Int64) - 1).alias("session"))


def by_name(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` (columns user_id, session as a key) with dense `session` numbers: by key, then by user.

    A name is unique within a user only (basket 3 of each user is another basket).
    """
    ids = dense([frame["session"]]).rename({"key": "session", "id": "rank"})
    ranked = frame.join(ids, on="session", how="left", maintain_order="left")
    pairs = ranked.select("rank", "user_id").unique().drop_nulls().sort("rank", "user_id")
    numbered = pairs.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("number"))
    joined = ranked.join(numbered, on=["rank", "user_id"], how="left", maintain_order="left")
    return joined.drop("session", "rank").rename({"number": "session"})


def summary(events: pl.DataFrame) -> pl.DataFrame:
    """One row a session: session, user_id, started_at, ended_at (µs), device, events."""
    return (
        events.group_by("session")
        .agg(
            pl.col("user_id").first(),
            pl.col("ts").min().alias("started_at"),
            pl.col("ts").max().alias("ended_at"),
            pl.col("device").first(),
            pl.len().cast(pl.Int32).alias("events"),
        )
        .sort("session")
    )
