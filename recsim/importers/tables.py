"""Writing the tables of an imported world: part files by partition, day directories, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from recsim.clock import date_of
from recsim.errors import BadInput
from recsim.importers.world import World
from recsim.progress import Progress
from recsim.rng import partition_of
from recsim.runs import write_table
from recsim.schema.columns import Row, arrow_schema
from recsim.schema.tables import TABLES
from recsim.units import US_PER_DAY

CATEGORIES = 127
"""Different values that a category column can hold: its codes are of one byte."""


def write_world(directory: Path, world: World, progress: Progress) -> None:
    """Write every table of a world that has rows."""
    _by_partition(directory, "users", world.users, world.partitions)
    _whole(directory, "products", world.products)
    _whole(directory, "interactions", world.interactions)
    _whole(directory, "judgements", world.judgements)
    if world.sessions is not None:
        started = pl.col("started_at").cast(pl.Datetime("us", "UTC")), pl.col("ended_at").cast(pl.Datetime("us", "UTC"))
        sessions = world.sessions.with_columns(pl.col("started_at").alias("ts")).with_columns(*started)
        _by_day(directory, "sessions", sessions, world.partitions, progress)
    if world.reviews is not None:
        _by_day(directory, "reviews", world.reviews, world.partitions, progress)
    if world.events is not None:
        _by_day(directory, "events", world.events, world.partitions, progress)


def _part(partition: int) -> str:
    return f"part-{partition:04d}.parquet"


def _arrow(frame: pl.DataFrame, row: type[Row]) -> pa.Table:
    """The frame in the table's Arrow schema."""
    schema = arrow_schema(row)
    texts = frame.select(schema.names).with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String))
    table = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    columns = [
        _coded(table.column(field.name), field) if pa.types.is_dictionary(field.type) else table.column(field.name)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, names=schema.names).cast(schema)


def _coded(column: pa.ChunkedArray, field: pa.Field) -> pa.DictionaryArray:
    """A column of few different texts as codes of one byte."""
    encoded = column.combine_chunks().dictionary_encode()
    if len(encoded.dictionary) > CATEGORIES:
        raise BadInput(
            f"the {field.name} column has {len(encoded.dictionary):,} different values, and at most {CATEGORIES} are "
            f"kept; map another column to {field.name}, or none."
        )
    return pa.DictionaryArray.from_arrays(encoded.indices.cast(pa.int8()), encoded.dictionary.cast(pa.string()))


def _whole(directory: Path, name: str, frame: pl.DataFrame | None) -> None:
    if frame is not None and frame.height:
        write_table(directory / name / _part(0), _arrow(frame, TABLES[name]), TABLES[name])


def _partitioned(frame: pl.DataFrame, partitions: int) -> pl.DataFrame:
    users = frame["user_id"].to_numpy()
    return frame.with_columns(pl.Series("partition", partition_of(users, partitions)))


def _by_partition(directory: Path, name: str, frame: pl.DataFrame, partitions: int) -> None:
    """`users/part-0003.parquet`: the rows of a partition, in the order they had."""
    split = _partitioned(frame, partitions)
    for partition in range(partitions):
        rows = split.filter(pl.col("partition") == partition)
        if rows.height:
            write_table(directory / name / _part(partition), _arrow(rows, TABLES[name]), TABLES[name])


def _by_day(directory: Path, name: str, frame: pl.DataFrame, partitions: int, progress: Progress) -> None:
    """`events/day=2015-05-03/part-0000.parquet`: by the UTC day of `ts`; inside a file the order is as before."""
    split = _partitioned(frame, partitions).with_columns((pl.col("ts") // US_PER_DAY).alias("day"))
    ordered = split.sort("day", "partition", maintain_order=True)
    cell = ordered["day"].to_numpy() * partitions + ordered["partition"].to_numpy()
    starts = np.flatnonzero(np.diff(cell, prepend=cell[0] - 1)) if len(cell) else np.empty(0, np.int64)
    ends = [*starts[1:].tolist(), len(cell)]
    for start, end in zip(starts.tolist(), ends, strict=True):
        day, partition = divmod(int(cell[start]), partitions)
        label = date_of(day * US_PER_DAY).isoformat()
        rows = _arrow(ordered.slice(start, end - start), TABLES[name])
        write_table(directory / name / f"day={label}" / _part(partition), rows, TABLES[name])
        progress(f"writing {name}", end, len(cell), "rows")
