"""The closed loop and the A/B of a replay on its page."""

from __future__ import annotations

from typing import Any

from report_documents import REPLAY, MakeRun

from recsim.report.of_replay import blocks
from recsim.report.replay_loop import ab_block, loop_block
from recsim.report.runfiles import read_run

LOOP: dict[str, Any] = {
    "adoption": 0.5, "requests_served": 90, "requests_looked_at": 40, "choices": 30, "organic": 22, "clicks": 8,
    "carts": 2, "orders": 1, "changed_events": 9,
    "ranks": [
        {"rank": 1, "impressions": 40, "mean_propensity": 1.0, "clicks": 6, "carts": 2, "orders": 1},
        {"rank": 2, "impressions": 40, "mean_propensity": 0.5, "clicks": 2, "carts": 0, "orders": 0},
    ],
    "surfaces": [{"surface": "home", "requests_looked_at": 40, "clicks": 8, "carts": 2, "orders": 1}],
}  # fmt: skip
ARM = {"users": 20, "requests_looked_at": 40, "choices": 30, "organic": 22, "clicks": 8, "carts": 2, "orders": 1}


def _ab(difference: float, differing: int, ratio: float | None) -> dict[str, Any]:
    row = {
        "metric": "clicks_per_user", "users": 20, "a": 0.4, "b": 0.4 + difference, "difference": difference,
        "low": difference - 0.1, "high": difference + 0.1, "users_that_differ": differing, "variance_ratio": ratio,
        "ratio_low": None if ratio is None else 2.0, "ratio_high": None if ratio is None else 8.0,
    }  # fmt: skip
    arms = [{"arm": arm, **ARM} for arm in ("A", "B")]
    return {"changed": {"ranking.policy": ["greedy", "softmax"]}, "arms": arms, "rows": [row]}


def test_the_loop_shows_what_became_of_slates_by_rank_and_surface(make_run: MakeRun) -> None:
    found = loop_block(read_run(make_run({**REPLAY, "loop": LOOP}, {})))
    assert found is not None
    totals, ranks, surfaces = found.tables
    assert dict(totals.rows)["of which for a slate (adopted)"] == "8"
    assert [row[0] for row in ranks.rows] == ["1", "2"]
    assert ranks.rows[0][-1] == "15.0 %"
    assert surfaces.rows == (("home", "40", "8", "2", "1"),)


def test_an_ab_shows_the_difference_and_what_common_numbers_saved(make_run: MakeRun) -> None:
    found = ab_block(read_run(make_run({**REPLAY, "ab": _ab(0.2, 5, 4.0)}, {})))
    assert found is not None
    assert "ranking.policy greedy → softmax" in found.note
    row = found.tables[1].rows[0]
    assert row[0] == "clicks a user"
    assert row[3] == "+0.2000"
    assert row[-1] == "5"


def test_an_aa_is_said_to_differ_by_exactly_nothing(make_run: MakeRun) -> None:
    found = ab_block(read_run(make_run({**REPLAY, "ab": _ab(0.0, 0, None)}, {})))
    assert found is not None
    assert "exactly 0" in found.note


def test_a_run_without_a_loop_has_neither_block(make_run: MakeRun) -> None:
    titles = {block.title for block in blocks(read_run(make_run(REPLAY, {})))}
    assert titles & {"Closed loop", "A/B"} == set()
