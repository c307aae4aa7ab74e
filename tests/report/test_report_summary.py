"""The answer of a run on one screen."""

from __future__ import annotations

from typing import Any

import pytest
from report_documents import CAPACITY, EVALUATE, EVALUATE_MEASURED, REPLAY, REPLAY_MEASURED, MakeRun

from recsim.report.replay_quality import pooled
from recsim.report.summary import COLUMNS, LINES, Headline, SmallTable, Summary, plain_lines, summary


def scores(*lines: tuple[str, float, float, float]) -> dict[str, Any]:
    keys = ("recommender", "value", "low", "high")
    rest = {"metric": "recall@20", "segment": "all", "users": 10}
    return {
        "verb": "evaluate",
        "world": "w",
        "scores": [{**rest, **dict(zip(keys, line, strict=True))} for line in lines],
    }


def days(*lines: tuple[float, float, float]) -> dict[str, Any]:
    rest = {"surface": "home", "metric": "recall@20", "users": 10}
    quality = [
        {**rest, "day": f"day {at}", "value": v, "low": low, "high": h} for at, (v, low, h) in enumerate(lines, 1)
    ]
    return {"verb": "replay", "world": "w", "quality": quality}


def test_a_leader_whose_interval_clears_the_next_is_clearly_ahead(make_run: MakeRun) -> None:
    run = make_run(scores(("ease", 0.1765, 0.174, 0.179), ("item-knn", 0.157, 0.155, 0.159)))
    assert summary(run).verdict == (
        "ease leads on recall@20: .1765 [.1740, .1790], "
        "clearly ahead of item-knn (.1570): their 95 % intervals do not overlap."
    )


def test_a_leader_within_the_noise_is_not_called_ahead(make_run: MakeRun) -> None:
    run = make_run(scores(("als", 0.20, 0.18, 0.22), ("ease", 0.19, 0.17, 0.21)))
    assert "not clearly ahead of ease (.1900)" in summary(run).verdict


def test_a_leader_is_told_as_a_share_of_the_oracle(make_run: MakeRun) -> None:
    document = scores(("als", 0.20, 0.18, 0.22), ("random", 0.01, 0.0, 0.02))
    document["scores"][0]["share_of_oracle"] = 0.504
    assert (
        "leads on recall@20: .2000 [.1800, .2200], 50.4 % of the oracle's, clearly"
        in summary(make_run(document)).verdict
    )


def test_the_oracle_is_never_the_leader(make_run: MakeRun) -> None:
    run = make_run(scores(("oracle", 0.9, 0.89, 0.91), ("als", 0.20, 0.18, 0.22), ("random", 0.01, 0.0, 0.02)))
    assert summary(run).verdict.startswith("als leads on recall@20")


def test_a_single_recommender_is_compared_with_nothing(make_run: MakeRun) -> None:
    assert "nothing was compared with it" in summary(make_run(scores(("als", 0.2, 0.1, 0.3)))).verdict


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ((0.12, 0.11, 0.13), "up from 4.0 % on day 1"),
        ((0.01, 0.005, 0.02), "down from 4.0 % on day 1"),
        ((0.045, 0.035, 0.055), "not clearly different from 4.0 % on day 1"),
    ],
)
def test_a_replay_says_up_or_down_only_where_the_intervals_part(
    make_run: MakeRun, last: tuple[float, float, float], said: str
) -> None:
    assert said in summary(make_run(days((0.04, 0.03, 0.05), last))).verdict


def test_a_broken_invariant_is_in_the_verdict_by_name(make_run: MakeRun) -> None:
    broken = {"invariants": [{"name": "no oversell", "holds": False}, {"name": "quotas hold", "holds": True}]}
    assert "1 of 2 invariants are broken: no oversell" in summary(make_run({**REPLAY, **broken})).verdict


def test_a_plan_says_what_it_costs_and_how_the_design_fares(make_run: MakeRun) -> None:
    assert summary(make_run(CAPACITY)).verdict == (
        "10M daily active users cost $981K a year at list price [$490K, $1.96M], 87 % of it the edge cache; "
        "1 of the 2 lines of the design holds, the worst is off by 1,000× (100K products ~ 1 TB)."
    )


def test_a_recommender_that_leaves_users_without_a_list_is_named(make_run: MakeRun) -> None:
    document = scores(("popular", 0.2, 0.18, 0.22), ("als", 0.05, 0.04, 0.06))
    lists = [{"recommender": "popular", "answered_share": 1.0}, {"recommender": "als", "answered_share": 0.35}]
    assert summary(make_run({**document, "lists": lists})).verdict.endswith(
        "; als has no list for 65.0 % of the users."
    )


def test_metrics_that_disagree_about_the_leader_are_told(make_run: MakeRun) -> None:
    document = scores(("als", 0.3, 0.28, 0.32), ("ease", 0.2, 0.18, 0.22))
    other = [{**row, "metric": "ndcg@20", "value": 0.5 - row["value"]} for row in document["scores"]]
    verdict = summary(make_run({**document, "scores": [*document["scores"], *other]})).verdict
    assert verdict.endswith("; ndcg@20 prefers ease.")


def test_every_headline_says_where_it_comes_from(make_run: MakeRun) -> None:
    facts = {"users": 10, "products": 5, "events": 100}
    runs = [make_run(REPLAY, REPLAY_MEASURED), make_run(EVALUATE), make_run(CAPACITY)]
    runs.append(make_run(None, verb="generate", kind="world", facts=facts))
    lines = [line for run in runs for line in summary(run).headlines]
    assert len(lines) == 12
    assert {line.provenance for line in lines} <= {"measured", "modelled", "vendor", "assumed"}


def test_a_week_is_the_mean_of_its_days_weighted_by_requests() -> None:
    days = [
        {"value": 0.1, "low": 0.1, "high": 0.1, "requests": 30},
        {"value": 0.5, "low": 0.5, "high": 0.5, "requests": 10},
    ]
    week = pooled(("week", "all", "recall@20"), days)
    assert week["value"] == pytest.approx(0.2)
    assert week["requests"] == 40
    assert week["low"] == 0.0
    assert week["high"] == pytest.approx(0.2 + 1.959964 * (2 * (0.075**2 + 0.075**2)) ** 0.5)


def test_a_week_of_equal_days_keeps_the_width_of_its_days() -> None:
    days = [{"value": 0.2, "low": 0.1, "high": 0.3, "requests": 10}] * 4
    week = pooled(("week", "all", "recall@20"), days)
    assert (week["low"], week["high"]) == pytest.approx((0.15, 0.25))


def test_a_replay_names_quality_tail_latency_and_rate(make_run: MakeRun) -> None:
    lines = {line.label: line.value for line in summary(make_run(REPLAY, REPLAY_MEASURED)).headlines}
    assert lines == {
        "recall@20, 2025-01-03": ".1230",
        "p99 end to end, CPU": "7.20 ms",
        "stream events a CPU second": "2.35M",
    }


@pytest.mark.parametrize(
    "document",
    [(REPLAY, REPLAY_MEASURED), (EVALUATE, EVALUATE_MEASURED), (CAPACITY, {})],
    ids=["replay", "evaluate", "capacity-plan"],
)
def test_a_summary_fits_a_terminal_screen(make_run: MakeRun, document: tuple[dict[str, Any], dict[str, Any]]) -> None:
    lines = plain_lines(summary(make_run(*document)))
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS


def test_a_long_summary_gives_up_rows_and_words_not_the_answer() -> None:
    tables = tuple(SmallTable(f"table {at}", ("a", "b"), (("x" * 80, "y" * 80),) * 30) for at in range(3))
    long = Summary("t" * 300, "word " * 300, (Headline("l" * 200, "1"),) * 3, tables)
    lines = plain_lines(long)
    assert len(lines) == LINES
    assert max(map(len, lines)) <= COLUMNS
    assert [line for line in lines if line.startswith("table")] == ["table 0", "table 1", "table 2"]
