"""The stream plane on literal logs: what is counted, where midnight falls, what late and repeated deliveries do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from log_world import DAY_US, HOUR_US, MIDNIGHT_US, MINUTE_US, event, view, write_world

from recsim import runs
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.progress import silent
from recsim.replay.lake import read_lake
from recsim.replay.stream import StreamDay, StreamPlane
from recsim.scenario.system import Stream

MINUTE_MS = 60_000


def run(world: Dataset, lake: Path, **settings: int) -> tuple[StreamPlane, list[StreamDay]]:
    plane = StreamPlane(world, Stream(**settings), lake, sampled=np.ones(world.users, np.bool_))
    return plane, [plane.run_day(day, progress=silent) for day in plane.days]


def test_a_duplicate_delivery_is_counted_once(tmp_path: Path) -> None:
    world = write_world(tmp_path / "w", [view(1, 1, 0, 3), view(1, 1, 0, 3, delay_ms=500)])
    _, [day] = run(world, tmp_path / "lake")
    assert day.counts == {"read": 2, "kept": 1, "duplicates": 1, "refused": 0, "late": 0, "too_late": 0}
    assert day.sessions == 1


def test_an_out_of_order_delivery_is_put_back(tmp_path: Path) -> None:
    events = [view(1, 1, 0, 3, delay_ms=5 * MINUTE_MS), view(2, 1, MINUTE_US, 4)]
    plane, [day] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert day.counts["late"] == 1
    assert day.as_of["event_id"].to_pylist() == [1, 2]
    assert day.as_of["recently_viewed"].to_pylist() == [[], [3]]
    assert plane.feature_rows(np.array([1]), MIDNIGHT_US + DAY_US).recently_viewed[0, :3].tolist() == [4, 3, -1]


def test_a_delivery_beyond_the_lateness_is_in_the_lake_and_not_in_the_features(tmp_path: Path) -> None:
    events = [view(1, 1, 0, 3, delay_ms=61 * MINUTE_MS), view(2, 1, 2 * HOUR_US, 4)]
    plane, [day] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert (day.counts["kept"], day.counts["too_late"], day.sessions) == (2, 1, 1)
    assert read_lake(plane.lake, plane.days, ["event_id", "session"]).to_pylist() == [
        {"event_id": 1, "session": None}, {"event_id": 2, "session": plane_session(day)},
    ]  # fmt: skip
    assert day.as_of["event_id"].to_pylist() == [2]
    assert plane.feature_rows(np.array([1]), MIDNIGHT_US + DAY_US).recently_viewed[0, :2].tolist() == [4, -1]


def plane_session(day: StreamDay) -> int:
    return int(day.as_of["session"].to_pylist()[0])


def test_a_straggler_filed_under_tomorrow_counts_today(tmp_path: Path) -> None:
    events = [view(1, 1, DAY_US - MINUTE_US, 3, delay_ms=2 * MINUTE_MS), view(2, 1, DAY_US + MINUTE_US, 4)]
    plane, [first, second] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert [first.as_of["event_id"].to_pylist(), second.as_of["event_id"].to_pylist()] == [[1], [2]]
    assert (first.counts["read"], second.counts["read"]) == (1, 1)
    assert read_lake(plane.lake, plane.days[:1])["event_id"].to_pylist() == [1]


def test_an_event_of_tomorrow_filed_under_today_counts_tomorrow(tmp_path: Path) -> None:
    events = [view(1, 1, DAY_US - 1, 3), view(2, 1, DAY_US + 1, 4, filed=0), view(3, 1, DAY_US + 2, 5)]
    plane, [first, second] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert (first.counts["read"], second.counts["read"]) == (1, 2)
    assert read_lake(plane.lake, plane.days[1:])["event_id"].to_pylist() == [2, 3]


def test_the_last_day_takes_what_is_left(tmp_path: Path) -> None:
    plane, [day] = run(write_world(tmp_path / "w", [view(1, 1, 3 * DAY_US, 3, filed=0)]), tmp_path / "lake")
    assert (day.counts["kept"], plane.days) == (1, ["2025-01-02"])


def test_a_session_runs_on_over_midnight(tmp_path: Path) -> None:
    events = [view(1, 1, DAY_US - 5 * MINUTE_US, 3), view(2, 1, DAY_US + 5 * MINUTE_US, 4)]
    _, [first, second] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert (first.sessions, second.sessions) == (1, 0)
    assert second.as_of["session"].to_pylist() == first.as_of["session"].to_pylist()
    assert second.as_of["session_duration_s"].to_pylist() == [600]


def test_a_repeat_after_midnight_is_a_duplicate_even_when_it_is_too_late(tmp_path: Path) -> None:
    events = [view(1, 1, DAY_US - MINUTE_US, 3), view(1, 1, DAY_US - MINUTE_US, 3, delay_ms=90 * MINUTE_MS)]
    _, [first, second] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert (first.counts["kept"], second.counts["duplicates"], second.counts["kept"]) == (1, 1, 0)


def test_every_delivery_is_kept_or_a_duplicate_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    events = [
        view(int(rng.integers(300)), int(rng.integers(-1, 12)), int(rng.integers(3 * DAY_US)), int(rng.integers(12)),
             delay_ms=int(rng.integers(3 * 3_600_000)))
        for _ in range(500)
    ]  # fmt: skip
    world = write_world(tmp_path / "w", events)
    plane, days = run(world, tmp_path / "lake")
    total = {name: sum(day.counts[name] for day in days) for name in days[0].counts}
    assert total["read"] == 500 == total["kept"] + total["duplicates"] + total["refused"]
    assert min(total.values()) > 0
    assert len(read_lake(plane.lake, plane.days)) == total["kept"]


def test_the_lake_row_carries_region_category_and_price(tmp_path: Path) -> None:
    plane, _ = run(write_world(tmp_path / "w", [view(1, 1, 0, 3), event(2, 2, "search_query", 1)]), tmp_path / "lake")
    rows = read_lake(plane.lake, plane.days).to_pylist()
    rows.sort(key=lambda row: row["event_id"])
    assert [row["region"] for row in rows] == ["eu", "us"]
    assert plane.categories[rows[0]["category_id"]] == "laptop"
    assert (rows[0]["price_usd"], rows[1]["price_usd"], rows[1]["category_id"]) == (13.0, None, None)


def test_two_levels_of_the_category_path_make_a_category(tmp_path: Path) -> None:
    plane, _ = run(write_world(tmp_path / "w", [view(1, 1, 0, 0)], products=10), tmp_path / "lake")
    assert plane.categories == ["laptop", "phone", "toys", "laptop"]
    assert plane.enrichment.category_of.tolist() == [0, 1, 2, 3, -1] * 2


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    events = [view(n, int(rng.integers(9)), int(rng.integers(2 * DAY_US)), int(rng.integers(9))) for n in range(400)]
    world = write_world(tmp_path / "w", events)
    hashes = []
    for name in ("one", "two"):
        plane, _ = run(world, tmp_path / name / "lake")
        plane.close()
        files = sorted((tmp_path / name).rglob("*"))
        hashes.append([(str(f.relative_to(tmp_path / name)), runs.record(f).sha256) for f in files if f.is_file()])
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 4


def test_features_come_in_the_order_of_the_question(tmp_path: Path) -> None:
    plane, _ = run(write_world(tmp_path / "w", [view(1, 1, 0, 3), view(2, 2, 0, 4)]), tmp_path / "lake")
    rows = plane.feature_rows(np.array([2, 7, 1, 2]), MIDNIGHT_US + DAY_US)
    assert rows.recently_viewed[:, 0].tolist() == [4, -1, 3, 4]
    assert rows.known.tolist() == [True, False, True, True]


def test_a_session_is_over_for_the_features_after_the_gap(tmp_path: Path) -> None:
    plane, _ = run(write_world(tmp_path / "w", [view(1, 1, 0, 3)]), tmp_path / "lake")
    open_rows = plane.feature_rows(np.array([1]), MIDNIGHT_US + 10 * MINUTE_US)
    over = plane.feature_rows(np.array([1]), MIDNIGHT_US + 31 * MINUTE_US)
    assert (open_rows.session_clicks.tolist(), open_rows.session_duration_s.tolist()) == ([1], [600])
    assert (over.session.tolist(), over.session_clicks.tolist()) == ([-1], [0])


def test_the_lag_is_the_delay_from_event_to_arrival(tmp_path: Path) -> None:
    events = [view(n, 1, n, 3, delay_ms=(n + 1) * 10) for n in range(100)]
    _, [day] = run(write_world(tmp_path / "w", events), tmp_path / "lake")
    assert day.watermark_lag_s == {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def test_closing_leaves_nothing_but_the_lake(tmp_path: Path) -> None:
    plane, _ = run(write_world(tmp_path / "w", [view(1, 1, 0, 3)]), tmp_path / "out" / "lake")
    plane.close()
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["lake"]


def test_a_world_without_a_log_is_refused_by_name(tmp_path: Path) -> None:
    world = write_world(tmp_path / "w", [])
    for file in world.files("events"):
        del world.manifest.outputs[str(file.relative_to(world.path))]
    with pytest.raises(BadInput, match="has no event log to replay; it has users, products"):
        StreamPlane(world, Stream(), tmp_path / "lake", sampled=None)
