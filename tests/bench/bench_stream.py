"""Sessions and counts of one log: the stream plane against DuckDB and polars, CPU time, the same run, the same answer.

    python tests/bench/bench_stream.py [--world PATH] [--events 4000000] [--rounds 3]

Without --world a log is drawn: lognormal sessions of Zipf users, a delivery delay on every event, one event in 500
delivered twice. DuckDB and polars read only the columns they need, drop duplicates, find sessions by 30-minute gaps and
count views, carts and purchases by user; they neither keep recent products or category scores nor write anything. The
stream plane is timed with the lake and, as the fair rival, without it (`features`).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[2]))
from recsim import runs
from recsim.dataset import Dataset
from recsim.progress import silent
from recsim.replay.stream import StreamPlane
from recsim.rng import partition_of
from recsim.scenario.system import Stream
from recsim.schema import EVENT_TYPES, Event, Product, User, arrow_schema

FIRST_US = 1_735_776_000_000_000  # 2025-01-02
DAY_US = 86_400_000_000
GAP_US = 1_800_000_000


def draw_world(path: Path, events: int, *, users: int = 100_000, products: int = 10_000, days: int = 7) -> Dataset:
    rng = np.random.default_rng(1)
    sessions = events // 10
    owner = np.minimum((users * rng.random(sessions) ** 2.2).astype(np.int64), users - 1)
    length = np.clip(rng.lognormal(2.0, 0.8, sessions).astype(np.int64), 1, 100)
    start = (rng.random(sessions) * days * DAY_US).astype(np.int64)
    session = np.repeat(np.arange(sessions), length)
    gaps = (rng.lognormal(3.4, 1.2, len(session)) * 1e6).astype(np.int64)
    since = np.cumsum(gaps) - np.repeat(np.cumsum(np.bincount(session, gaps, sessions)).astype(np.int64), length)
    when = FIRST_US + np.minimum(start[session] + since, days * DAY_US - 1)
    when = np.maximum(when, FIRST_US)
    kind = rng.choice(9, len(session), p=[0.65, 0.09, 0.04, 0.01, 0.005, 0.045, 0.08, 0.078, 0.002]).astype(np.int8)
    delay = np.minimum(rng.lognormal(5.5, 0.8, len(session)), 3e6).astype(np.int32)
    product = np.minimum((products * rng.random(len(session)) ** 3).astype(np.int64), products - 1)
    ids = np.arange(len(session))
    twice = rng.random(len(ids)) < 0.002
    rows = np.concatenate([ids, ids[twice]])
    delay = np.concatenate([delay, delay[twice] + 1500])
    rows_order = np.argsort(when[rows] + delay * 1000, kind="stable")
    rows, delay = rows[rows_order], delay[rows_order]
    who, at = owner[session[rows]], when[rows]
    part, day = partition_of(who, 4), (at - FIRST_US) // DAY_US
    names = pa.array(EVENT_TYPES)
    for d in range(days):
        for p in range(4):
            pick = np.flatnonzero((part == p) & (day == d))
            r = rows[pick]
            no_product = kind[r] >= 5
            columns = {
                "event_id": r, "event_type": pa.DictionaryArray.from_arrays(kind[r], names),
                "event_timestamp": pa.array(when[r]).cast(pa.timestamp("us", tz="UTC")), "user_id": who[pick],
                "product_id": pa.array(product[r], mask=no_product), "session": session[r],
                "device": pa.DictionaryArray.from_arrays((who[pick] % 2).astype(np.int8), ["mobile", "web"]),
                "tenant": pa.DictionaryArray.from_arrays(np.zeros(len(r), np.int8), ["default"]),
                "reference_id": pa.nulls(len(r), pa.int64()), "arrival_delay_ms": delay[pick],
            }  # fmt: skip
            file = path / "events" / f"day=2025-01-{2 + d:02d}" / f"part-{p:04d}.parquet"
            runs.write_table(file, pa.table(columns), Event)
    write_entities(path, users, products)
    runs.seal(
        path, kind="world", verb="generate", name="bench", identity="bench", scenario=None, arguments={}, inputs={},
        facts={"users": users, "products": products, "events": len(rows)}, watch=runs.Stopwatch(),
    )  # fmt: skip
    return Dataset.open(path)


def write_entities(path: Path, users: int, products: int) -> None:
    people = {
        "user_id": np.arange(users), "key": pa.nulls(users, pa.string()), "tenant": ["default"] * users,
        "region": [("us", "eu", "ap")[n % 3] for n in range(users)], "device": ["mobile"] * users,
        "age": np.full(users, 30, np.int16), "segments": [["tech"]] * users,
        "timezone_minutes": np.zeros(users, np.int16),
    }  # fmt: skip
    goods = {
        "product_id": np.arange(products), "key": pa.nulls(products, pa.string()), "tenant": ["default"] * products,
        "name": [f"product {n}" for n in range(products)], "brand": pa.nulls(products, pa.string()),
        "category": [[f"top{n % 12}", f"leaf{n % 120}"] for n in range(products)],
        "description": pa.nulls(products, pa.string()), "price_usd": np.linspace(1, 500, products),
        "quantity": np.full(products, 9, np.int32), "image_count": np.ones(products, np.int16),
        "video_count": np.zeros(products, np.int16), "created_at": pa.nulls(products, pa.timestamp("us", tz="UTC")),
    }  # fmt: skip
    runs.write_table(path / "users/part-0000.parquet", pa.table(people).cast(arrow_schema(User)), User)
    runs.write_table(path / "products/part-0000.parquet", pa.table(goods).cast(arrow_schema(Product)), Product)


def ours(world: Dataset, sampled_share: float) -> tuple[dict[str, float], int]:
    scratch = Path(tempfile.mkdtemp())
    mask = np.random.default_rng(0).random(world.users) < sampled_share if sampled_share else None
    plane = StreamPlane(world, Stream(), scratch / "lake", sampled=mask)
    split: dict[str, float] = {}
    sessions = 0
    for day in plane.days:
        done = plane.run_day(day, progress=silent)
        sessions += done.sessions
        for stage, seconds in done.cpu_split_s.items():
            split[stage] = split.get(stage, 0.0) + seconds
    plane.close()
    shutil.rmtree(scratch)
    return split, sessions


def in_duckdb(world: Dataset) -> int:
    import duckdb

    files = [str(file) for file in world.files("events")]
    frame = (
        duckdb.connect()
        .execute(
            """
        WITH once AS (
            SELECT event_id, any_value(user_id) AS user_id, any_value(event_timestamp) AS t,
                any_value(event_type) AS kind
            FROM read_parquet($files) GROUP BY event_id
        ), marked AS (
            SELECT user_id, kind, coalesce(
                t - lag(t) OVER (PARTITION BY user_id ORDER BY t, event_id) > INTERVAL 30 MINUTE, true) AS opens
            FROM once
        )
        SELECT user_id, count(*) FILTER (opens) AS sessions, count(*) FILTER (kind = 'view_product') AS views,
            count(*) FILTER (kind = 'add_to_cart') AS carts, count(*) FILTER (kind = 'purchase') AS purchases
        FROM marked GROUP BY user_id
        """,
            {"files": files},
        )
        .fetchnumpy()
    )
    return int(frame["sessions"].sum())


def in_polars(world: Dataset) -> int:
    import polars as pl

    kind = pl.col("event_type")
    frame = (
        pl.scan_parquet(world.files("events"), hive_partitioning=False)
        .select("event_id", "user_id", "event_timestamp", "event_type")
        .unique("event_id", keep="any")
        .sort("user_id", "event_timestamp", "event_id")
        .with_columns(
            (
                (pl.col("user_id") != pl.col("user_id").shift())
                | (pl.col("event_timestamp").diff() > pl.duration(minutes=30))
            ).fill_null(value=True).alias("opens")
        )
        .group_by("user_id")
        .agg(
            sessions=pl.col("opens").sum(), views=(kind == "view_product").sum(),
            carts=(kind == "add_to_cart").sum(), purchases=(kind == "purchase").sum(),
        )
        .collect(engine="streaming")
    )  # fmt: skip
    return int(frame["sessions"].sum())


def cpu_s(work: Callable[[], int]) -> tuple[float, int]:
    started = time.process_time()
    answer = work()
    return time.process_time() - started, answer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--world")
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp())
    world = Dataset.open(options.world) if options.world else draw_world(scratch / "world", options.events)
    events = sum(world.manifest.outputs[str(file.relative_to(world.path))].rows or 0 for file in world.files("events"))
    times: dict[str, list[float]] = {}
    answers: dict[str, int] = {}
    for _ in range(options.rounds):
        split, answers["recsim"] = ours(world, 0.05)
        for stage, seconds in split.items():
            times.setdefault(f"  of which {stage}", []).append(seconds)
        times.setdefault("recsim with lake and as-of", []).append(sum(split.values()))
        times.setdefault("recsim features", []).append(split["read"] + split["process"])
        for name, work in (("duckdb", in_duckdb), ("polars", in_polars)):
            seconds, answers[name] = cpu_s(lambda work=work: work(world))
            times.setdefault(name, []).append(seconds)
    print(f"{events:,} deliveries of {world.name}; sessions {answers}")
    for name, seconds in sorted(times.items()):
        median = statistics.median(seconds)
        print(f"{name:28} {median:7.2f} CPU s {events / median / 1e6:7.2f} M events/s of CPU")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
