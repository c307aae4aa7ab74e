"""Writing one Parquet file of a world: row group by row group, and visible only when complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.schema.columns import Row, arrow_schema, encodings

ROW_GROUP = 1 << 19
"""Rows of one row group of the event log: 30 MB in memory, enough to keep Parquet's encoders busy."""


@contextmanager
def part(path: Path, row: type[Row]) -> Iterator[pq.ParquetWriter]:
    """A writer of one file of a table; the file takes its name when the block ends well.

    The unfinished name carries the process id: after a kill, an orphaned worker and its successor may for a moment
    make the same file, each its own copy with the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with pq.ParquetWriter(unfinished, arrow_schema(row), **encodings(row)) as writer:
        yield writer
    unfinished.rename(path)


def table(row: type[Row], columns: dict[str, pa.Array | NDArray[np.generic]], rows: int) -> pa.RecordBatch:
    """A batch of a table's rows. Columns that are not given are null."""
    schema = arrow_schema(row)
    return pa.RecordBatch.from_arrays(
        [_column(columns.get(field.name), field.type, rows) for field in schema], schema=schema
    )


def write(path: Path, row: type[Row], batch: pa.RecordBatch) -> None:
    """Write a whole file of one batch."""
    with part(path, row) as writer:
        writer.write_batch(batch)


def category(codes: NDArray[np.int8], names: list[str] | tuple[str, ...]) -> pa.DictionaryArray:
    """A column of few names from its codes."""
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()))


def nullable(values: NDArray[np.int64], bitmap: NDArray[np.uint8]) -> pa.Array:
    """An int64 column over a validity bitmap, without a copy."""
    return pa.Array.from_buffers(pa.int64(), len(values), [pa.py_buffer(bitmap), pa.py_buffer(values)])


def lists(lengths: NDArray[np.integer], values: pa.Array) -> pa.ListArray:
    """A list column from the length of each list and all their values."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def vectors(rows: NDArray[np.float32]) -> pa.ListArray:
    """A list column of equally long vectors, shape (n, d)."""
    return lists(np.full(len(rows), rows.shape[1]), pa.array(np.ascontiguousarray(rows).ravel()))


def _column(value: pa.Array | NDArray[np.generic] | None, kind: pa.DataType, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, kind)
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value if value.type == kind else value.cast(kind)
    if pa.types.is_timestamp(kind):
        return pa.Array.from_buffers(kind, len(value), [None, pa.py_buffer(np.ascontiguousarray(value, np.int64))])
    return pa.array(value, kind)
