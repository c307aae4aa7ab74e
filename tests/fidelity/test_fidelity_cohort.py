"""Repeat buying: counted by hand, and the shape of CDNOW's cohort."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recsim.dataset import Dataset
from recsim.fidelity.base import Limits, Measured
from recsim.fidelity.cohort import RepeatBuying
from recsim.fidelity.compare import against_target, between
from recsim.fidelity.measure import measure
from recsim.scenario.profile import load_profile

MAPS = ("customer=user_id", "cd=product_id", "what=event_type", "date=event_timestamp")


def imported(log: pl.DataFrame, folder: Path, recsim: Callable, name: str) -> Dataset:
    log.write_csv(folder / "log.csv")
    ended = recsim(
        "import", "events", folder / "log.csv", "--name", name, *[w for pair in MAPS for w in ("--map", pair)]
    )
    assert ended.code == 0, ended.err
    return Dataset.open(name)


def repeat_buying(world: Dataset) -> Measured:
    return measure(world, ["repeat_buying"])["repeat_buying"]


def test_a_cohort_is_counted_as_by_hand(tmp_path: Path, recsim: Callable) -> None:
    """Two buyers of the first twelve weeks (one comes back in his first and his third quarter), one later buyer."""
    days = [("a", "2025-01-01"), ("a", "2025-01-01"), ("a", "2025-01-11"), ("a", "2025-08-01")]
    days += [("b", "2025-02-01"), ("c", "2025-05-01"), ("c", "2025-12-31")]
    rows = [{"customer": who, "cd": "x", "what": "purchase", "date": f"{day} 10:00:00"} for who, day in days]
    found = repeat_buying(imported(pl.DataFrame(rows), tmp_path, recsim, "shop"))
    assert found.count == 2
    assert found.values == {
        "repeats_0": 0.5, "repeats_1": 0.0, "repeats_2": 0.5, "repeats_mean": 1.0, "last_half_share": 0.5,
        "quarter_1": 0.5, "quarter_2": 0.0, "quarter_3": 0.5,
    }  # fmt: skip


def test_a_short_log_says_nothing_of_repeat_buying(smoke_world: Path) -> None:
    assert repeat_buying(Dataset.open(smoke_world)).reason == "the log has fewer than 266 days"


def simulated() -> Measured:
    """Repeat buying of the scenario cdnow at half its size, chunk by chunk in memory."""
    from types import SimpleNamespace

    from recsim.behaviour import draft
    from recsim.behaviour.world import build
    from recsim.fidelity.log import PURCHASE, Piece
    from recsim.generate import chunk
    from recsim.scenario import load_scenario

    world = build(load_scenario("cdnow", sets=["users.count=30000"]))
    days = [world.label(0), world.label(world.rules.days - 1)]
    described = SimpleNamespace(users=world.users, days=lambda: days, has=lambda _: True)
    statistic = RepeatBuying(SimpleNamespace(world=described, timed=True, users_are_sessions=False))
    bench = chunk.Workbench(world)
    for day in range(world.rules.days):
        rows = chunk.draft_chunk(world, bench, day, 0)
        events = rows.events[: rows.counters[draft.EVENTS]]
        bought = events[(events[:, 0] >> np.uint64(draft.DELAY_BITS)) & np.uint64(15) == draft.PURCHASE]
        session = (bought[:, 1] >> np.uint64(32)).astype(np.int64)
        n = len(session)
        user, kind, time = rows.session[session, 0], np.full(n, PURCHASE, np.int8), np.full(n, world.day_us(day))
        statistic.add(Piece(user, session, np.zeros(n, np.int64), kind, time, None))
    return statistic.finish(Limits())


@pytest.mark.real
def test_a_world_of_the_cdnow_profile_comes_back_as_the_customers_of_cdnow_did(
    real_data: Path, tmp_path: Path, recsim: Callable
) -> None:
    """Every figure within the 15 % of the ladder: buyers by repeat orders, their decline over five quarters."""
    orders = pl.read_parquet(real_data / "cdnow" / "cdnow_master.parquet").select("customer", "date")
    log = orders.with_columns(cd=pl.lit("cd"), what=pl.lit("purchase"))
    real = repeat_buying(imported(log, tmp_path, recsim, "cdnow-log"))
    assert real.count == 23_570
    target = load_profile("cdnow").targets["repeat_buying"]
    assert target.values == pytest.approx(real.values, abs=6e-4)
    check = between(real, simulated())
    assert check.passed, check.errors
    assert against_target(target, real, Dataset.open("cdnow-log")).passed
