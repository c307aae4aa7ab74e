"""What an importer is, and what it hands to the engine: frames keyed by the log's own ids, not yet a world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

LOG, HELD_OUT, CATALOGUE, USERS = "log", "held-out", "catalogue", "users"
"""Roles of a source file. Only rows of `log` files count in a world's `rows_read`."""


@dataclass(frozen=True)
class Refused:
    """One row that was not imported: `line` is the line of a text file, or the row of a Parquet file, from 1."""

    file: str
    line: int
    reason: str
    text: str | None = None


@dataclass(frozen=True)
class Intake:
    """The usable rows of one file, and what became of the others: `read` = kept + `refused` + `duplicates`."""

    path: Path
    role: str
    frame: pl.DataFrame
    read: int
    refused: int
    duplicates: int
    examples: tuple[Refused, ...]


@dataclass(frozen=True)
class Found:
    """The files of a source, by role, and what was seen and left aside."""

    source: Path
    files: Mapping[str, tuple[Path, ...]]
    notes: tuple[str, ...] = ()

    def of(self, role: str) -> tuple[Path, ...]:
        return self.files.get(role, ())

    def all(self) -> list[Path]:
        return sorted({path for paths in self.files.values() for path in paths})


@dataclass(frozen=True)
class Log:
    """All that was found in a source. Users, products, sessions and orders are still named by their original keys.

    `events`: user, product (may be null), event_type, ts (µs), and where known session, order, device, tenant, review.
    `interactions`: user, product, value, ts, session, position, split. `reviews`: user, product, ts, stars, title,
    text, verified, up_votes, down_votes. `judgements`: query, text, product, gain, label.
    `users`: key, age, region. `products`: key, name, brand, category, description, price_usd.
    """

    intakes: tuple[Intake, ...]
    events: pl.DataFrame | None = None
    interactions: pl.DataFrame | None = None
    reviews: pl.DataFrame | None = None
    judgements: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    products: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def total(self, what: str) -> int:
        """Sum of `read`, `refused` or `duplicates` over the log files."""
        return sum(int(getattr(intake, what)) for intake in self.intakes if intake.role == LOG)


@dataclass(frozen=True)
class Importer:
    """A kind of data set: how to find its files and how to read them.

    `fields` are what `--map column=field` may name. `find` raises `BadInput` when a source is not of this kind.
    """

    kind: str
    summary: str
    fields: frozenset[str]
    find: Callable[[Path], Found]
    read: Callable[[Found, Mapping[str, str]], Log]
