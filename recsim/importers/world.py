"""From a log to the tables of a world: dense ids, sessions, and the columns a real log does not have.

What a log does not say is written as: device `web`, tenant `default`, region `unknown`, UTC clocks, no segments, no
pictures, and a stock that just covers the purchases of the log (at least 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recsim.importers.fields import TYPES
from recsim.importers.keys import dense, replaced
from recsim.importers.log import Log
from recsim.importers.visits import by_gaps, by_name, summary
from recsim.schema import EVENT_TYPES
from recsim.units import US_PER_DAY

TIME = pl.Datetime("us", "UTC")
PARTITIONS = 4
EVENTS_PER_FILE = 500
"""A world with fewer events a day and partition than this is written as one partition."""


@dataclass(frozen=True)
class World:
    """The tables, in the columns of `recsim.schema.tables`; None where the log has nothing for one."""

    users: pl.DataFrame
    products: pl.DataFrame
    events: pl.DataFrame | None
    sessions: pl.DataFrame | None
    reviews: pl.DataFrame | None
    interactions: pl.DataFrame | None
    judgements: pl.DataFrame | None
    partitions: int


def build(log: Log) -> World:
    """Number the users, products, sessions, orders and reviews of a log and fill in its tables."""
    frames = [frame for frame in (log.events, log.interactions, log.reviews, log.judgements) if frame is not None]
    users = dense([*_column(frames, "user"), *_column([log.users], "key")])
    products = dense([*_column(frames, "product"), *_column([log.products], "key")])
    reviews = None if log.reviews is None else _reviews(log.reviews, users, products)
    named = log.events is not None and "session" in log.events.columns
    events = _events(log, reviews, users, products)
    return World(
        users=_users(log, users, events),
        products=_products(log, products, events),
        events=events,
        sessions=summary(events) if named and events is not None else None,
        reviews=reviews,
        interactions=None if log.interactions is None else _interactions(log.interactions, users, products),
        judgements=None if log.judgements is None else _judgements(log.judgements, products),
        partitions=_partitions(events),
    )


def _column(frames: list[pl.DataFrame] | list[pl.DataFrame | None], name: str) -> list[pl.Series]:
    return [frame[name] for frame in frames if frame is not None and name in frame.columns]


def _partitions(events: pl.DataFrame | None) -> int:
    """As many as a log needs to be worked on in parallel, and one where its days are small."""
    if events is None:
        return 1
    days = events.select((pl.col("ts") // US_PER_DAY).n_unique()).item()
    return PARTITIONS if events.height >= days * EVENTS_PER_FILE * PARTITIONS else 1


def _constant(text: str, name: str) -> pl.Expr:
    return pl.lit(text).alias(name)


def _filled(frame: pl.DataFrame, **defaults: str | None) -> pl.DataFrame:
    """The frame with text columns it lacks, and the default in place of their nulls."""
    missing = [pl.lit(None, pl.String).alias(name) for name in defaults if name not in frame.columns]
    return frame.with_columns(missing).with_columns(
        [pl.col(name).fill_null(text) for name, text in defaults.items() if text is not None]
    )


def _users(log: Log, users: pl.DataFrame, events: pl.DataFrame | None) -> pl.DataFrame:
    frame = users.rename({"id": "user_id"})
    if log.users is not None:
        frame = frame.join(log.users, on="key", how="left", maintain_order="left")
    frame = _filled(frame, region="unknown", age=None)
    if events is not None:
        devices = events.group_by("user_id").agg(pl.col("device").mode().sort().first())
        frame = frame.join(devices, on="user_id", how="left", maintain_order="left")
    return _filled(frame, device="web").select(
        "user_id", "key", _constant("default", "tenant"), "region", "device",
        pl.col("age").cast(pl.Int16),
        pl.lit([], pl.List(pl.String)).alias("segments"),
        pl.lit(0, pl.Int16).alias("timezone_minutes"),
    )  # fmt: skip


def _products(log: Log, products: pl.DataFrame, events: pl.DataFrame | None) -> pl.DataFrame:
    frame = products.rename({"id": "product_id"})
    if log.products is not None:
        frame = frame.join(log.products, on="key", how="left", maintain_order="left")
    frame = _filled(frame, name=None, brand=None, description=None)
    wanted = {"category": pl.List(pl.String()), "price_usd": pl.Float64()}
    frame = frame.with_columns([pl.lit(None, kind).alias(name) for name, kind in wanted.items() if name not in frame])
    sold = pl.DataFrame(schema={"product_id": pl.Int64, "quantity": pl.UInt32})
    if events is not None:
        sold = events.filter(pl.col("event_type") == "purchase").group_by("product_id").agg(pl.len().alias("quantity"))
    frame = frame.join(sold, on="product_id", how="left", maintain_order="left")
    return frame.select(
        "product_id", "key", _constant("default", "tenant"),
        pl.coalesce("name", pl.format("product {}", "key")).alias("name"), "brand",
        pl.col("category").fill_null(pl.lit([], pl.List(pl.String))), "description", "price_usd",
        pl.col("quantity").fill_null(1).cast(pl.Int32),
        pl.lit(0, pl.Int16).alias("image_count"), pl.lit(0, pl.Int16).alias("video_count"),
        pl.lit(None, TIME).alias("created_at"),
    )  # fmt: skip


def _reviews(reviews: pl.DataFrame, users: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Numbered by time, then user, then product. Keeps `ts` for the submit_review events."""
    frame = replaced(replaced(reviews, "user", users, "user_id"), "product", products, "product_id")
    frame = frame.sort("ts", "user_id", "product_id", "stars", "title", "text")
    return frame.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("review_id"), "product_id", "user_id",
        pl.col("ts").cast(TIME).alias("event_timestamp"), pl.col("stars").cast(pl.Float32), "title", "text", "verified",
        pl.lit(0, pl.Int16).alias("image_count"), pl.lit(0, pl.Int16).alias("video_count"),
        pl.col("up_votes").cast(pl.Int32), pl.col("down_votes").cast(pl.Int32), "ts",
    )  # fmt: skip


def _events(log: Log, reviews: pl.DataFrame | None, users: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame | None:
    """The event log in the order of time, then user, type and product: whatever the order of its rows was."""
    if log.events is not None:
        frame = replaced(replaced(log.events, "user", users, "user_id"), "product", products, "product_id")
        told = [name for name in ("device", "tenant") if name in frame.columns]
        frame = frame.with_columns(pl.col("event_type").cast(TYPES["event type"]))
        frame = _filled(frame, device="web", tenant="default", order=None)
        frame = replaced(frame, "order", dense([frame["order"]]), "reference_id")
    elif reviews is not None:
        frame = reviews.select(
            "user_id", "product_id", "ts", pl.col("review_id").alias("reference_id"),
            pl.lit("submit_review", TYPES["event type"]).alias("event_type"),
            _constant("web", "device"), _constant("default", "tenant"),
        )  # fmt: skip
        told = []
    else:
        return None
    codes = {name: code for code, name in enumerate(EVENT_TYPES)}
    frame = frame.with_columns(pl.col("event_type").replace_strict(codes, return_dtype=pl.UInt8).alias("code"))
    position = ["position"] if "position" in frame.columns else []
    order = ["ts", "user_id", *position, "code", "product_id", "reference_id", "session", *told]
    named = "session" in frame.columns
    frame = by_name(frame) if named else by_gaps(frame)
    return frame.sort(order).select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("event_id"), "event_type",
        pl.col("ts").cast(TIME).alias("event_timestamp"), "user_id", "product_id", "session",
        pl.col("device", "tenant").cast(pl.Categorical),
        "reference_id", pl.lit(0, pl.Int32).alias("arrival_delay_ms"), "ts",
    )  # fmt: skip


def _interactions(frame: pl.DataFrame, users: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Sorted by split (train, validation, test), user, session, position, time and product."""
    frame = replaced(replaced(frame, "user", users, "user_id"), "product", products, "product_id")
    frame = by_name(frame) if frame["session"].null_count() < frame.height else frame
    rank = pl.col("split").replace_strict({"train": 0, "validation": 1, "test": 2}, return_dtype=pl.UInt8)
    return frame.sort(rank, "user_id", "session", "position", "ts", "product_id").select(
        "user_id", "product_id", pl.col("value").cast(pl.Float32), pl.col("ts").cast(TIME).alias("event_timestamp"),
        pl.col("session").cast(pl.Int64), pl.col("position").cast(pl.Int32), "split",
    )  # fmt: skip


def _judgements(frame: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Queries are numbered in the order of their text; rows follow query, then product."""
    texts = dense([frame["query"]])
    numbered = replaced(
        replaced(frame.with_columns(pl.col("query").alias("text")), "query", texts, "query_id"),
        "product", products, "product_id",
    )  # fmt: skip
    chosen = ("query_id", "text", "product_id", pl.col("gain").cast(pl.Float32), "label")
    return numbered.sort("query_id", "product_id", "label").select(*chosen)
