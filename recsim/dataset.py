"""A world, opened lazily: its manifest, and its tables as polars or Arrow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from recsim.errors import BadInput
from recsim.registry import did_you_mean
from recsim.runs import Manifest, complete_directories, data_dir, read_manifest
from recsim.schema.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

_DAY = re.compile(r"day=(\d{4}-\d{2}-\d{2})")
_PART = re.compile(r"part-(\d+)\.parquet$")


@dataclass(frozen=True)
class Dataset:
    """A complete world on disk. `manifest.facts` holds `users`, `products`, `events` and `first_day`."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, reference: str | Path) -> Dataset:
        """The world at a directory, or of that name under the data directory; raises `BadInput`."""
        path = world_path(reference)
        if not path.is_dir():
            known = [entry.name for entry in complete_directories(data_dir())]
            raise BadInput(f'there is no world "{reference}".{did_you_mean(str(reference), known)}')
        manifest = read_manifest(path)
        if manifest.kind != "world":
            raise BadInput(f"{path} is a run, not a world; name a directory that generate or import made.")
        world = cls(path, manifest)
        world._check_sizes()
        return world

    def _check_sizes(self) -> None:
        for name, record in self.manifest.outputs.items():
            file = self.path / name
            size = file.stat().st_size if file.is_file() else None
            if size != record.bytes:
                state = "is missing" if size is None else f"has {size} bytes instead of {record.bytes}"
                raise BadInput(f"{file} {state}; make the world again with --force.")

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def synthetic(self) -> bool:
        """Whether there are truth tables."""
        return self.has("truth/users")

    @property
    def users(self) -> int:
        return int(self.manifest.facts["users"])

    @property
    def products(self) -> int:
        return int(self.manifest.facts["products"])

    @property
    def first_day(self) -> date | None:
        """The first day of the event log; None where the world has no times."""
        text = self.manifest.facts.get("first_day")
        return None if text is None else date.fromisoformat(text)

    def tables(self) -> list[str]:
        return [table for table in TABLES if self.has(table)]

    def has(self, table: str) -> bool:
        return any(table_of(name) == table for name in self.manifest.outputs)

    def files(self, table: str, *, day: str | None = None, partition: int | None = None) -> list[Path]:
        """The Parquet files of a table, of one day or partition where that is asked for, in name order."""
        return [
            self.path / name
            for name in sorted(self.manifest.outputs)
            if table_of(name) == table
            and (day is None or f"day={day}/" in name)
            and (partition is None or _number(name) == partition)
        ]

    def days(self, table: str = "events") -> list[str]:
        """The labels of the day directories of a table, in order."""
        found = {match.group(1) for file in self.files(table) if (match := _DAY.search(file.as_posix()))}
        return sorted(found)

    def partitions(self, table: str = "events") -> list[int]:
        return sorted({_number(file.name) for file in self.files(table)})

    def scan(self, table: str, *, day: str | None = None) -> pl.LazyFrame:
        """A table as a polars lazy frame."""
        import polars as pl

        files = self.files(table, day=day)
        if not files:
            raise BadInput(f"world {self.path} has no table {table}; name one of {', '.join(self.tables())}.")
        return pl.scan_parquet(files, hive_partitioning=False)

    def read(
        self,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        day: str | None = None,
        partition: int | None = None,
    ) -> pa.Table:
        """A table, or one day or partition of it, as Arrow."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from recsim.schema.columns import arrow_schema

        names = None if columns is None else list(columns)
        files = self.files(table, day=day, partition=partition)
        if not files:
            schema = arrow_schema(TABLES[table])
            return (schema if names is None else pa.schema([schema.field(name) for name in names])).empty_table()
        try:
            return pa.concat_tables([pq.ParquetFile(file).read(columns=names) for file in files])
        except (pa.ArrowException, OSError) as error:
            raise BadInput(f"table {table} of {self.path} can't be read ({error}); make the world again.") from None

    def frame(
        self, table: str, *, columns: Sequence[str] | None = None, day: str | None = None, partition: int | None = None
    ) -> pl.DataFrame:
        """What `read` gives, as a polars frame."""
        import polars as pl

        found = pl.from_arrow(self.read(table, columns=columns, day=day, partition=partition))
        assert isinstance(found, pl.DataFrame), "a table becomes a frame"
        return found

    def sql(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with a view a table (`events`, `truth_users`): columns are read from the files a query touches."""
        import duckdb

        connection = duckdb.connect()
        for table in self.tables():
            files = [str(file) for file in self.files(table)]
            connection.read_parquet(files, hive_partitioning=False).create_view(table.replace("/", "_"))
        return connection


def world_path(reference: str | Path) -> Path:
    """The directory a world's name or path stands for."""
    path = Path(reference)
    if path.is_dir() or len(path.parts) > 1 or str(reference).startswith((".", "/")):
        return path
    return data_dir() / path


def table_of(name: str) -> str:
    """The table a file of a world belongs to: `truth/users/part-0000.parquet` to `truth/users`."""
    head = name.split("/day=", maxsplit=1)[0]
    return head.rsplit("/part-", 1)[0]


def _number(name: str) -> int:
    match = _PART.search(name)
    return int(match.group(1)) if match else 0
