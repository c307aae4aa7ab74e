"""Session logs: YooChoose, Diginetica, OTTO, and cuts of them with train and test sessions, with or without times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from recsim.importers.fields import EVENT_TYPE, PRODUCT, SESSION, TIME, TYPES, USER, Field, choose
from recsim.importers.files import LogFile, open_log
from recsim.importers.intake import take
from recsim.importers.interactions import POSITION, SPLIT
from recsim.importers.locate import any_format, first_match
from recsim.importers.log import LOG, Found, Importer, Intake, Log
from recsim.importers.splits import as_interactions, split_files, split_of

TIMEFRAME = Field("timeframe", "number", required=False, low=0.0)
"""Diginetica: ms since the first query of the session; `eventdate` is the day."""

PREFIX = Field("prefix", "text", required=False)
"""Augmented test rows: the clicks before the target, the item of the row."""

FIELDS = (
    replace(SESSION, required=True),
    replace(PRODUCT, aliases=(*PRODUCT.aliases, "target")),
    replace(USER, required=False),
    replace(TIME, aliases=(*TIME.aliases, "eventdate"), required=False),
    replace(EVENT_TYPE, required=False),
    POSITION,
    SPLIT,
    TIMEFRAME,
    PREFIX,
)
HEADLESS = {
    "yoochoose-clicks.dat": ("session", "timestamp", "item", "category"),
    "yoochoose-test.dat": ("session", "timestamp", "item", "category"),
    "yoochoose-buys.dat": ("session", "timestamp", "item", "price", "quantity"),
}
"""Files of the RecSys Challenge 2015, which have no header."""

KNOWN = (*any_format("train-item-views"), "yoochoose-clicks.dat", "yoochoose-clicks.dat.gz")


def find(source: Path) -> Found:
    """A named data set's own files, else train and test sessions, else the only table."""
    known = first_match(source, KNOWN) if source.is_dir() else None
    if known is None:
        return Found(source, {LOG: tuple(split_files(source, "sessions"))})
    buys = first_match(source, ("yoochoose-buys.dat", "yoochoose-buys.dat.gz"))
    return Found(source, {LOG: (known, buys) if buys and known.name.startswith("yoochoose") else (known,)})


def read(found: Found, mapping: Mapping[str, str]) -> Log:
    """Clicks as events where every file has times; as interactions where one has none, or where there are splits.

    A log without users has one user a session. Session names that occur in two files are told apart by the split.
    """
    intakes: list[Intake] = []
    parts: list[pl.DataFrame] = []
    notes: list[str] = []
    for path in found.of(LOG):
        intake, frame = _take(path, mapping)
        intakes.append(intake)
        split = split_of(path)
        kept = frame if "split" in frame.columns else frame.with_columns(pl.lit(split, TYPES["split"]).alias("split"))
        parts.append(kept)
        if kept.height > intake.frame.height:
            notes.append(f"{path.name}: {kept.height - intake.frame.height} clicks were taken from first prefixes")
    clicks = _with_users(_told_apart(parts))
    timed = clicks["ts"].null_count() == 0
    splits = clicks["split"].n_unique() > 1
    return Log(
        tuple(intakes),
        events=_events(clicks) if timed else None,
        interactions=as_interactions(clicks, "train") if splits or not timed else None,
        notes=tuple(notes),
    )


def _take(path: Path, mapping: Mapping[str, str]) -> tuple[Intake, pl.DataFrame]:
    file = _open(path)
    chosen = choose(file, FIELDS, mapping, "sessions")
    # Where there is a column of times, a row without one is a bad row.
    chosen = {replace(field, required=field.required or field.kind == "time"): name for field, name in chosen.items()}
    ordered = any(field.kind == "time" or field.name in ("position", "prefix") for field in chosen)
    intake = take(file, chosen, unique=ordered)
    return intake, _placed(_completed(intake.frame, path))


def _open(path: Path) -> LogFile:
    names = HEADLESS.get(path.name.removesuffix(".gz"))
    return open_log(path, names=names, delimiter=",") if names else open_log(path)


def _completed(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """All columns a click may have; Diginetica's times put together."""
    if "timeframe" in frame.columns and "ts" in frame.columns:
        frame = frame.with_columns(pl.col("ts") + pl.col("timeframe").fill_null(0).cast(pl.Int64) * 1_000)
    if "ts" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Int64).alias("ts"))
    if "event_type" not in frame.columns:
        kind = "purchase" if "buys" in path.name else "view_product"
        frame = frame.with_columns(pl.lit(kind, TYPES["event type"]).alias("event_type"))
    return frame if "user" in frame.columns else frame.with_columns(pl.lit(None, pl.String).alias("user"))


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """Clicks with their position in the session: as given, else by time, else by the order of the file."""
    if "prefix" in frame.columns:
        return _unrolled(frame)
    if "position" in frame.columns:
        return frame.with_columns(pl.col("position").cast(pl.Int32))
    order = (
        ["session", "ts", "product", "event_type"] if frame["ts"].null_count() < frame.height else ["session", "record"]
    )
    ranked = pl.int_range(pl.len(), dtype=pl.Int32).over("session").alias("position")
    return frame.sort(order).with_columns(ranked)


def _unrolled(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows (prefix, target): the target stands after its prefix; the shortest prefix of a session opens it."""
    items = pl.col("prefix").str.extract_all(r"[^\[\]\s,]+")
    rows = frame.with_columns(items.alias("prefix"), items.list.len().cast(pl.Int32).alias("position"))
    opening = rows.sort("session", "position").unique("session", keep="first", maintain_order=True)
    opened = (
        opening.with_columns(pl.col("prefix").alias("product"), pl.lit(None, pl.Int64).alias("ts"))
        .with_columns(pl.int_ranges(0, "position", dtype=pl.Int32).alias("position"))
        .explode("product", "position")
    )
    return pl.concat([rows, opened.select(rows.columns)]).drop("prefix")


def _told_apart(parts: list[pl.DataFrame]) -> pl.DataFrame:
    columns = ["session", "product", "user", "ts", "event_type", "position", "split"]
    clicks = pl.concat([part.select(columns) for part in parts])
    if clicks.select("session", "split").unique()["session"].is_duplicated().any():
        return clicks.with_columns(pl.format("{}:{}", "split", "session").alias("session"))
    return clicks


def _with_users(clicks: pl.DataFrame) -> pl.DataFrame:
    """A session without a user is a user of its own; its name is marked where other sessions have users."""
    named = clicks["user"].null_count() < clicks.height
    own = pl.format("session {}", "session") if named else pl.col("session")
    return clicks.with_columns(pl.coalesce("user", own).alias("user"))


def _events(clicks: pl.DataFrame) -> pl.DataFrame:
    return clicks.select("user", "product", "event_type", "ts", "session", "position")


IMPORTER = Importer(
    kind="sessions",
    summary="clicks by session: YooChoose, Diginetica, OTTO, RetailRocket cuts; CSV or Parquet",
    fields=frozenset(field.public for field in FIELDS),
    find=find,
    read=read,
)
