"""The plain data of a summary: what a terminal screen and the head of a page both show."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

COLUMNS = 100
LINES = 24
"""The terminal screen a summary of one run fits."""


@dataclass(frozen=True)
class Headline:
    """One of the three numbers: `value` is written out with its unit; `provenance` is empty for a plain count."""

    label: str
    value: str
    provenance: str = ""
    detail: str = ""


@dataclass(frozen=True)
class SmallTable:
    """A title, column names and rows of text; `numeric` says which columns align right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Summary:
    """The answer of a run: a title, one honest sentence, three numbers, and up to three small tables."""

    title: str
    verdict: str
    headlines: tuple[Headline, ...]
    tables: tuple[SmallTable, ...] = ()


def plain_lines(summary: Summary) -> list[str]:
    """The summary as plain text, at most `LINES` lines of `COLUMNS` columns: tables give up rows, last table first."""
    head = [summary.title[:COLUMNS], *textwrap.wrap(summary.verdict, COLUMNS, max_lines=4, placeholder=" …")]
    head += [_headline(line)[:COLUMNS] for line in summary.headlines]
    tables = list(summary.tables)
    while len(head) + sum(_height(table) for table in tables) > LINES:
        longest = max(range(len(tables)), key=lambda at: (len(tables[at].rows), at))
        tables[longest] = _shorter(tables[longest])
    return head + [line for table in tables for line in _table(table)]


def _headline(line: Headline) -> str:
    notes = ", ".join(note for note in (line.detail, line.provenance) if note)
    return f"  {line.value:>10}  {line.label}" + (f" ({notes})" if notes else "")


def _height(table: SmallTable) -> int:
    return 2 + len(table.rows)


def _shorter(table: SmallTable) -> SmallTable:
    return SmallTable(table.title, table.columns, table.rows[:-1], table.numeric)


def _table(table: SmallTable) -> list[str]:
    lines = [table.columns, *table.rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    texts = [
        "  ".join(
            cell.rjust(width) if at in table.numeric else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return [table.title[:COLUMNS], *(f"  {text}"[:COLUMNS].rstrip() for text in texts)]
