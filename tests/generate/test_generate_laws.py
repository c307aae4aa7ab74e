"""Laws of a generated world, over any way to make it and any small scenario."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recsim.behaviour import draft
from recsim.behaviour.world import World, build
from recsim.dataset import Dataset
from recsim.generate import chunk, pool
from recsim.generate.engine import generate, jobs, unfinished
from recsim.rng import partition_of
from recsim.runs import sha256_of
from recsim.scenario import load_scenario

LAYOUT = ["users.count=300", "products.count=80", "products.categories=8", "calendar.days=2", "layout.partitions=3"]
BUSY = ["behaviour.review_per_purchase=0.5", "behaviour.vote_per_view=0.2", "users.sessions_per_day=1.5"]
DIRTY = ["transport.lost_share=0.05", "transport.future_share=0.05", "transport.duplicate_share=0.1"]

OWNERS = {"users": "user_id", "products": "product_id", "sessions": "session", "queries": "query_id",
          "reviews": "review_id"}  # fmt: skip
REFERENCES = {
    "events": {"user_id": "user_id", "product_id": "product_id", "session": "session"},
    "sessions": {"user_id": "user_id"},
    "queries": {"user_id": "user_id", "session": "session"},
    "orders": {"user_id": "user_id", "product_id": "product_id", "order_id": "session"},
    "reviews": {"user_id": "user_id", "product_id": "product_id"},
    "votes": {"user_id": "user_id", "review_id": "review_id"},
    "media": {"review_id": "review_id"},
    "truth/queries": {"query_id": "query_id"},
    "truth/reviews": {"review_id": "review_id"},
}
NAMES_OF_EVENTS = {"search_query": "query_id", "submit_review": "review_id", "upvote": "review_id",
                   "downvote": "review_id", "purchase": "session"}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return build(load_scenario("smoke", sets=[*LAYOUT, *BUSY, *DIRTY]))


@pytest.fixture(scope="module")
def expected(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files made in order, by one worker."""
    out = tmp_path_factory.mktemp("world")
    bench = chunk.Workbench(world)
    for job in unfinished(world, out):
        pool.do(world, bench, out, job)
    return hashes(out)


def hashes(out: Path) -> dict[str, str]:
    return {path.relative_to(out).as_posix(): sha256_of(path) for path in out.rglob("part-*.parquet")}


@settings(max_examples=6, deadline=None)
@given(data=st.data(), workers=st.integers(1, 4), spare=st.integers(0, 2_000))
def test_any_order_any_workers_and_any_room_to_draw_in_make_the_same_files(
    world: World, expected: dict[str, str], data: st.DataObject, workers: int, spare: int
) -> None:
    """Where the room for a chunk's rows is full, its drawing stops between two users and goes on."""
    order = data.draw(st.permutations(jobs(world)))
    with tempfile.TemporaryDirectory() as name:
        benches = [chunk.Workbench(world) for _ in range(workers)]
        for bench in benches:
            bench.draft = draft.empty(bench.most_events + spare, world.rules.sessions_max + 1)
        for number, job in enumerate(order):
            pool.do(world, benches[number % workers], Path(name), job)
        assert hashes(Path(name)) == expected


SHARES = st.floats(0.0, 0.3)


@settings(max_examples=5, deadline=None)
@example(users=1, products=20, days=1, partitions=1, seed=0, lost=0.0, twice=0.0, future=0.0)
@given(
    users=st.integers(1, 300), products=st.integers(20, 200), days=st.integers(1, 2), partitions=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1), lost=SHARES, twice=SHARES, future=SHARES,
)  # fmt: skip
def test_of_any_scenario_ids_are_dense_times_inside_the_day_and_keys_hold(
    users: int, products: int, days: int, partitions: int, seed: int, lost: float, twice: float, future: float
) -> None:
    sets = [
        f"users.count={users}", f"products.count={products}", "products.categories=5", f"calendar.days={days}",
        f"layout.partitions={partitions}", f"transport.lost_share={lost}", f"transport.duplicate_share={twice}",
        f"transport.future_share={future}", *BUSY,
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        generate(load_scenario("smoke", sets=sets, seed=seed), Path(name) / "w", workers=1)
        made = Dataset.open(Path(name) / "w")
        assert set(made.scan("users").collect()["user_id"]) == set(range(users))
        assert set(made.scan("products").collect()["product_id"]) == set(range(products))
        for day, label in enumerate(made.days("events")):
            for part in range(partitions):
                check_chunk(made, f"day={label}/part-{part:04d}.parquet", day, part)
        check_keys(made)


def check_chunk(made: Dataset, place: str, day: int, part: int) -> None:
    """Ids count from the chunk's first; what happened is of its day, and of its users."""
    first = (day << 40) + (part << 28)
    of = {table: pl.read_parquet(made.path / table / place, hive_partitioning=False) for table in made.tables()
          if (made.path / table / place).exists()}  # fmt: skip
    log, truth = of["events"], of["truth/transport"]
    ids = {*log["event_id"], *truth.filter(pl.col("fate") == "lost")["event_id"]}
    assert ids == set(range(first, first + len(ids)))
    rightly_dated = log.join(truth, on="event_id", how="anti")["event_timestamp"]
    assert {*rightly_dated.dt.date().cast(pl.String), *truth["event_timestamp"].dt.date().cast(pl.String)} <= {
        place[4:14]
    }
    assert set(partition_of(log["user_id"].to_numpy(), made.manifest.facts["partitions"])) <= {part}
    for table, start in (("sessions", first), ("queries", first), ("reviews", first + (1 << 40))):
        assert sorted(of[table][OWNERS[table]]) == list(range(start, start + len(of[table])))


def check_keys(made: Dataset) -> None:
    """Every key leads to a row."""
    keys = {name: set(made.scan(table).collect()[name]) for table, name in OWNERS.items()}
    for table, columns in REFERENCES.items():
        frame = made.scan(table).collect()
        for column, owner in columns.items():
            assert set(frame[column].drop_nulls()) <= keys[owner], f"{table}.{column}"
    events = made.scan("events").collect()
    for kind, owner in NAMES_OF_EVENTS.items():
        assert set(events.filter(pl.col("event_type") == kind)["reference_id"]) <= keys[owner]
