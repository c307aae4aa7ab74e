"""Data sets that come with their own train, validation and test files, or with a column that says so."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from recsim.errors import BadInput
from recsim.importers.fields import SPLIT_SYNONYMS, TYPES
from recsim.importers.locate import any_format, first_match, listing, tables_in

INTERACTION_COLUMNS = {
    "user": pl.String(),
    "product": pl.String(),
    "value": pl.Float64(),
    "ts": pl.Int64(),
    "session": pl.String(),
    "position": pl.Int32(),
    "split": TYPES["split"],
}


def split_files(source: Path, kind: str) -> list[Path]:
    """The files of a source: itself; else its train, validation and test files; else its only table. `BadInput`."""
    if source.is_file():
        return [source]
    found = [
        path
        for words in SPLIT_SYNONYMS.values()
        if (path := first_match(source, any_format(*words, *(f"{word}[_-]*" for word in words)))) is not None
    ]
    if found and split_of(found[0]) == "train":
        return found
    tables = tables_in(source)
    if len(tables) == 1:
        return tables
    raise BadInput(
        f"{source} holds no {kind} data set: looked for a train file (with validation and test beside it where there "
        f"are any) or a single table, found {listing(source)}; name the file itself, or another directory."
    )


def split_of(path: Path) -> str:
    """The split a file's name says it holds; train where it says nothing."""
    first = path.name.lower().replace("-", "_").split(".")[0].split("_")[0]
    return next((split for split, words in SPLIT_SYNONYMS.items() if first in words), "train")


def as_interactions(frame: pl.DataFrame, split: str) -> pl.DataFrame:
    """A frame with all columns of interactions: value 1 and the given split where it has none of its own."""
    filled = frame.with_columns(
        [pl.lit(None, kind).alias(name) for name, kind in INTERACTION_COLUMNS.items() if name not in frame.columns]
    )
    return filled.select(
        "user", "product", pl.col("value").fill_null(1.0), "ts", "session",
        pl.col("position").cast(pl.Int32), pl.col("split").fill_null(pl.lit(split, TYPES["split"])),
    )  # fmt: skip
