"""From the ids of a log to dense ids: sorted by key, so that the order of the rows does not matter."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def dense(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """`key` and `id` (Int64 from 0) of every key in the columns, nulls apart.

    Keys that are all whole numbers are in numeric order, others in the order of their characters.
    """
    parts = [column.drop_nulls().unique().alias("key") for column in columns]
    if not parts:
        return pl.DataFrame(schema={"key": pl.String, "id": pl.Int64})
    keys = pl.concat(parts).unique().to_frame()
    number = keys["key"].cast(pl.Int64, strict=False).alias("number")
    ordered = keys.with_columns(number).sort("number", "key") if number.null_count() == 0 else keys.sort("key")
    return ordered.select("key", pl.int_range(pl.len(), dtype=pl.Int64).alias("id"))


def replaced(frame: pl.DataFrame, column: str, ids: pl.DataFrame, name: str) -> pl.DataFrame:
    """The frame with its key column replaced by the ids, under another name and in the same row order."""
    named = ids.rename({"key": column, "id": name})
    return frame.join(named, on=column, how="left", maintain_order="left").drop(column)
