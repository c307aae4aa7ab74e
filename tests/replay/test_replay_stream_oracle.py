"""The stream plane against SQL: DuckDB finds the sessions with a window function and counts them by user."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from log_world import DAY_US, event, write_world

from recsim.dataset import Dataset
from recsim.importers.engine import import_world
from recsim.progress import silent
from recsim.replay.lake import read_lake
from recsim.replay.stream import StreamPlane
from recsim.scenario.system import Stream
from recsim.schema import EVENT_TYPES

SESSIONS = """
WITH once AS (
    SELECT event_id, any_value(user_id) AS user_id, any_value(event_timestamp) AS t, any_value(event_type) AS kind
    FROM read_parquet($files) GROUP BY event_id
), marked AS (
    SELECT *, coalesce(t - lag(t) OVER (PARTITION BY user_id ORDER BY t, event_id) > INTERVAL 30 MINUTE, true) AS opens
    FROM once
), numbered AS (
    SELECT *, sum(opens::INT) OVER (PARTITION BY user_id ORDER BY t, event_id) AS nth FROM marked
)
SELECT user_id, nth, count(*) AS events, count(*) FILTER (kind = 'view_product') AS clicks,
    epoch_us(max(t)) - epoch_us(min(t)) AS length_us
FROM numbered GROUP BY user_id, nth ORDER BY user_id, nth
"""

LAKE = """
SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY min(event_timestamp), session) AS nth,
    count(*) AS events, count(*) FILTER (event_type = 'view_product') AS clicks,
    epoch_us(max(event_timestamp)) - epoch_us(min(event_timestamp)) AS length_us
FROM lake GROUP BY user_id, session ORDER BY user_id, nth
"""


def messy_log(seed: int) -> list[dict[str, object]]:
    """Bursts of ten users over three days, deliveries up to 50 minutes late, one in eight made twice."""
    rng = np.random.default_rng(seed)
    log = []
    for number in range(1500):
        kind = EVENT_TYPES[int(rng.integers(9))]
        burst = int(rng.integers(200)) * (3 * DAY_US // 200)
        at = min(burst + int(rng.exponential(15 * 60e6)), 3 * DAY_US - 1)
        needs_product = kind in ("view_product", "add_to_cart", "purchase")
        product = int(rng.integers(10)) if needs_product else None
        row = event(
            number, int(rng.integers(10)), kind, at, product, delay_ms=int(rng.exponential(120_000)) % 3_000_000
        )
        log.append(row)
        if rng.random() < 0.125:
            log.append({**row, "arrival_delay_ms": row["arrival_delay_ms"] + int(rng.integers(500_000))})
    return log


def stream(world: Dataset, lake: Path) -> StreamPlane:
    plane = StreamPlane(world, Stream(), lake, sampled=None)
    for day in plane.days:
        plane.run_day(day, progress=silent)
    return plane


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sessions_and_counts_equal_those_of_a_window_function(tmp_path: Path, seed: int) -> None:
    world = write_world(tmp_path / "w", messy_log(seed), partitions=3)
    compare(world, stream(world, tmp_path / "lake"))


def test_user_counts_equal_those_of_sql(tmp_path: Path) -> None:
    world = write_world(tmp_path / "w", messy_log(4), partitions=3)
    plane = stream(world, tmp_path / "lake")
    counted = duckdb.execute(
        """SELECT user_id, count(DISTINCT event_id) FILTER (event_type = 'view_product') AS views,
        count(DISTINCT event_id) FILTER (event_type = 'search_query') AS searches
        FROM read_parquet($files) GROUP BY user_id ORDER BY user_id""",
        {"files": [str(file) for file in world.files("events")]},
    ).fetchnumpy()
    sessions = duckdb.execute(
        f"SELECT user_id, count(*) AS n FROM ({SESSIONS}) GROUP BY user_id ORDER BY user_id",
        {"files": [str(file) for file in world.files("events")]},
    ).fetchnumpy()["n"]
    pages = counted["views"] + counted["searches"] + sessions
    found = plane.feature_rows(counted["user_id"].astype(np.int64), 2**60).click_through_rate
    assert found == pytest.approx((counted["views"] + 1) / (pages + 2), abs=1e-12)


@pytest.mark.real
def test_sessions_of_a_real_shop_equal_those_of_a_window_function(tmp_path: Path, real_data: Path) -> None:
    import_world("retailrocket", real_data / "retailrocket-typed", tmp_path / "rr", name="rr", mapping={})
    world = Dataset.open(tmp_path / "rr")
    compare(world, stream(world, tmp_path / "lake"))


def compare(world: Dataset, plane: StreamPlane) -> None:
    expected = duckdb.execute(SESSIONS, {"files": [str(file) for file in world.files("events")]}).fetchall()
    lake = read_lake(plane.lake, plane.days)
    found = duckdb.connect().from_arrow(lake).query("lake", LAKE).fetchall()
    assert len(expected) > 100
    assert found == expected
