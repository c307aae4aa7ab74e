"""What a section of the page is made of, before it is HTML: blocks of a chart, its table, and a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from recsim.report.drawing import Chart

Kind = Literal["text", "number", "tag", "verdict", "short", "long"]
"""How a column is set: numbers align right; a tag is a provenance; a verdict is ✓ or ✗ or a word; short
and long text wraps."""


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells already written out; `group` names the column whose repeated values become row headings."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    group: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    """A sentence under the heading of a group."""
    folded: bool = False
    """Folded away in a <details>: a long table behind a chart that shows the gist."""


@dataclass(frozen=True)
class Block:
    """A titled piece of a section. Several charts are set side by side where there is room."""

    title: str
    note: str = ""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


def table(
    columns: Mapping[str, Kind], rows: Sequence[tuple[str, ...]], caption: str = "", *, folded: bool = False
) -> Table:
    """A table from a name → kind mapping, without the columns that no row fills."""
    names = list(columns)
    used = [at for at in range(len(names)) if any(row[at] not in ("", "–") for row in rows)]
    return Table(
        columns=tuple(Column(names[at], columns[names[at]]) for at in used),
        rows=tuple(tuple(row[at] for at in used) for row in rows),
        caption=caption,
        folded=folded,
    )


def without(whole: Table, name: str) -> Table:
    """The table without one column."""
    kept = [at for at, column in enumerate(whole.columns) if column.name != name]
    columns = tuple(whole.columns[at] for at in kept)
    return replace(whole, columns=columns, rows=tuple(tuple(row[at] for at in kept) for row in whole.rows))


def grouped(whole: Table, name: str, *, notes: Mapping[str, str] | None = None) -> Table:
    """The table with one column's values as headings over its rows; as it is where no row fills that column."""
    names = [column.name for column in whole.columns]
    return replace(whole, group=names.index(name), notes=notes or {}) if name in names else whole
