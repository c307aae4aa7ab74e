"""From a row class to its Parquet, DuckDB and JSON schema and its documentation table.

A table is a pydantic class whose fields are annotated with a `Column`: the Arrow type, what it means (with its unit)
and, for the large tables, the Parquet encoding that was measured to be smallest and fastest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2
"""Raised by one whenever a table or a wire record changes in a way an older reader would misread."""

ArrowType = Literal[
    "int8", "int16", "int32", "int64", "float32", "float64", "bool", "string", "category", "timestamp",
    "list<string>", "list<float32>", "list<int64>", "vector",
]  # fmt: skip
Encoding = Literal["plain", "delta", "split", "noise", "dictionary"]


@dataclass(frozen=True)
class Column:
    """`arrow` is the column's type; `doc` says what it means, with its unit; `encoding` is how Parquet packs it.

    `noise` is `split` for numbers whose low bytes are random: no compressor makes those smaller, so it only tries
    briefly, which takes a third less time for the same size (measured).
    """

    arrow: ArrowType
    doc: str
    encoding: Encoding = "plain"


class Row(BaseModel):
    """A row of a table or a wire record: frozen, and no field but the declared ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def columns(row: type[Row]) -> dict[str, Column]:
    """The columns of a table, in order."""
    return {name: _column(name, field) for name, field in row.model_fields.items()}


def _column(name: str, field: FieldInfo) -> Column:
    found = [item for item in field.metadata if isinstance(item, Column)]
    assert len(found) == 1, f"field {name} needs exactly one Column annotation"
    return found[0]


def _nullable(field: FieldInfo) -> bool:
    return type(None) in getattr(field.annotation, "__args__", ())


@cache
def arrow_schema(row: type[Row]) -> pa.Schema:
    """The Arrow schema of a table: what Parquet files hold. Fields typed `X | None` are nullable."""
    import pyarrow as pa

    types: dict[str, pa.DataType] = {
        "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32(), "int64": pa.int64(),
        "float32": pa.float32(), "float64": pa.float64(), "bool": pa.bool_(), "string": pa.string(),
        "category": pa.dictionary(pa.int8(), pa.string()), "timestamp": pa.timestamp("us", tz="UTC"),
        "list<string>": pa.list_(pa.string()), "list<float32>": pa.list_(pa.float32()),
        "list<int64>": pa.list_(pa.int64()), "vector": pa.list_(pa.float32()),
    }  # fmt: skip
    return pa.schema(
        [
            pa.field(name, types[column.arrow], nullable=_nullable(row.model_fields[name]))
            for name, column in columns(row).items()
        ]
    )


def encodings(row: type[Row]) -> dict[str, Any]:
    """Keyword arguments of `pyarrow.parquet.ParquetWriter` for a table: measured encodings, zstd level 1 or -1.

    Parquet knows the values of a list column as `name.list.element`. Statistics (least, greatest) are kept of a table's
    first column and of times only, which files are nearly sorted by: of scattered numbers they never let a reader skip
    anything, and collecting them takes a tenth of the time of encoding (measured).
    """
    names = {"delta": "DELTA_BINARY_PACKED", "split": "BYTE_STREAM_SPLIT", "noise": "BYTE_STREAM_SPLIT"}
    chosen = columns(row)
    leaves = {name: name + (".list.element" if _is_list(column) else "") for name, column in chosen.items()}
    dictionaries = [leaves[name] for name, column in chosen.items() if column.encoding == "dictionary"]
    return {
        "compression": "zstd",
        "compression_level": {leaves[name]: -1 if column.encoding == "noise" else 1 for name, column in chosen.items()},
        "use_dictionary": dictionaries or False,
        "column_encoding": {
            leaves[name]: names[column.encoding] for name, column in chosen.items() if column.encoding in names
        },
        "write_statistics": [next(iter(chosen)), *(name for name in chosen if chosen[name].arrow == "timestamp")],
    }


def _is_list(column: Column) -> bool:
    return column.arrow == "vector" or column.arrow.startswith("list")


def duckdb_ddl(table: str, row: type[Row]) -> str:
    """`CREATE TABLE events (…)` for DuckDB."""
    types = {
        "int8": "TINYINT", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "float32": "REAL",
        "float64": "DOUBLE", "bool": "BOOLEAN", "string": "VARCHAR", "category": "VARCHAR",
        "timestamp": "TIMESTAMPTZ", "list<string>": "VARCHAR[]", "list<float32>": "REAL[]",
        "list<int64>": "BIGINT[]", "vector": "REAL[]",
    }  # fmt: skip
    lines = [
        f"  {name} {types[column.arrow]}{'' if _nullable(row.model_fields[name]) else ' NOT NULL'}"
        for name, column in columns(row).items()
    ]
    return f"CREATE TABLE {table} (\n" + ",\n".join(lines) + "\n)"


def json_schema(row: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema (2020-12) of one record."""
    return row.model_json_schema()


def documentation(table: str, row: type[Row]) -> str:
    """The Markdown section of a table: its docstring and one line a column."""
    lines = [f"### {table}", "", (row.__doc__ or "").strip(), "", "| column | type | meaning |", "|---|---|---|"]
    for name, column in columns(row).items():
        kind = column.arrow + (", may be null" if _nullable(row.model_fields[name]) else "")
        lines.append(f"| `{name}` | {kind} | {column.doc} |")
    return "\n".join(lines)
