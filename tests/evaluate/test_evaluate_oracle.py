"""The oracle knows all but the dice: what it expects is what users do, and nobody ranks better."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recsim.behaviour import judging, pages
from recsim.behaviour import opening as openings
from recsim.behaviour.rules import DAY_MS
from recsim.behaviour.world import build
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate import oracle
from recsim.evaluate.engine import Question, evaluate
from recsim.evaluate.oracle import Part, Period, Steps, Truth
from recsim.scenario import load_scenario

BUSY = [
    "users.count=400", "users.sessions_per_day=25.0", "users.activity_sigma=0.3", "products.count=300",
    "products.categories=8", "calendar.days=4", "products.sold_out_share=0.1", "behaviour.habit_share=0.2",
    "users.taste_change_days=2", "behaviour.session_length_max=6",
]  # fmt: skip
WHOLE_DAY = [Part(0, 0, DAY_MS, 1.0)]


@pytest.fixture(scope="module")
def world(make_smoke: Callable[[Sequence[str]], Dataset]) -> Dataset:
    """Few users who come so often that what they look at shows what they like."""
    return make_smoke(BUSY)


@pytest.fixture(scope="module")
def truth(world: Dataset) -> Truth:
    found = oracle.read_truth(world, {"view_product": 1.0})
    assert found is not None
    return found


def seen(world: Dataset, frame: pl.DataFrame) -> np.ndarray:
    """How often each user looked at each product."""
    found = np.zeros((world.users, world.products))
    np.add.at(found, (frame["user_id"].to_numpy(), frame["product_id"].to_numpy()), 1)
    return found


@pytest.mark.stat
def test_sessions_open_as_often_as_the_oracle_expects(world: Dataset, truth: Truth) -> None:
    """First views of a day by tenths of what was expected of each (user, product)."""
    views = world.frame("events", day="2025-01-02").unique("event_id").filter(pl.col("event_type") == "view_product")
    first = views.sort("session", "event_timestamp", "event_id").group_by("session", maintain_order=True).first()
    users = np.arange(world.users)
    sessions = np.bincount(first["user_id"].to_numpy(), minlength=world.users)[:, None]
    opening = replace(truth, steps=Steps(0.0, 0.0, 0.0, 1.0)).likelihood(users, WHOLE_DAY) * sessions
    order = np.argsort(opening, axis=None)
    cuts = np.searchsorted(np.cumsum(opening.ravel()[order]), np.linspace(0, opening.sum(), 11)[1:-1])
    found = [seen(world, first).ravel()[part].sum() / len(first) for part in np.split(order, cuts)]
    assert found == pytest.approx(np.full(10, 0.1), abs=0.015)
    pairs = views.unique(["session", "product_id"])
    whole = truth.likelihood(users, WHOLE_DAY) * sessions
    assert np.corrcoef(seen(world, pairs).ravel(), whole.ravel())[0, 1] > 0.8
    assert len(pairs) == pytest.approx(whole.sum(), rel=0.15)


def test_pages_by_nodes_are_pages_by_the_exact_formula() -> None:
    known = build(load_scenario("smoke", sets=["behaviour.position_bias=0", "products.sold_out_share=0"]))
    shelf = judging.catalogue_on(known, 0)
    slots = len(shelf.shelf)
    users = np.arange(3)
    odds = np.stack(
        [np.exp(judging.terms(known.rules, shelf, np.full(slots, u), np.arange(slots)).utility) for u in users]
    )
    inside, drawn, chance, beside = (
        np.empty(slots),
        np.empty(len(shelf.niche) - 1),
        *np.empty((2, 3, slots), np.float32),
    )
    for category in range(len(shelf.start) - 1):
        some, weight = judging.category_slots(known, 0, category)
        starts = shelf.niche[shelf.start[category] : shelf.start[category + 1]] - some[0]
        sums = np.add.reduceat(weight, starts)
        drawn[shelf.start[category] : shelf.start[category + 1]] = sums / sums.sum()
        inside[some] = weight / np.repeat(sums, np.diff(np.append(starts, len(some))))
    kept = shelf.niche, shelf.start, inside.astype(np.float32), drawn.astype(np.float32)
    asked = np.ones((3, len(shelf.start) - 1), np.bool_)
    page = (float(known.rules.candidates), int(known.rules.page_niches))
    pages.fill(odds.astype(np.float32), asked, kept, page, chance, beside)
    for category in (0, 5, 11):
        some, _ = judging.category_slots(known, 0, category)
        for user in users:
            exact = openings.listed_chance(known, user, category, 0, 0, known.rules.candidates)
            assert chance[user, some] == pytest.approx(exact, abs=2e-3)


def test_a_period_is_its_days_by_their_traffic_and_by_how_much_of_them_is_judged(truth: Truth) -> None:
    noon = 1_735_819_200_000_000  # 2025-01-02T12:00:00Z
    shares = truth.judge.rules.day_share
    parts = truth.parts(Period(noon, noon + 36 * 3_600_000_000))
    assert [(part.day, part.from_ms, part.to_ms) for part in parts] == [(0, DAY_MS // 2, DAY_MS), (1, 0, DAY_MS)]
    assert [part.weight for part in parts] == pytest.approx([shares[0] / 2, shares[1]])
    assert [part.day for part in truth.parts(Period())] == [0, 1, 2, 3]


def test_it_knows_what_changes_from_day_to_day(truth: Truth) -> None:
    first, third = (truth.likelihood(np.arange(50), [Part(day, 0, DAY_MS, 1.0)]) for day in (0, 2))
    tops = [np.argsort(-found, axis=1)[:, :10] for found in (first, third)]
    same = np.mean([len(np.intersect1d(a, b)) for a, b in zip(*tops, strict=True)]) / 10
    assert 0.3 < same < 0.95, "tastes, habits and popularity move, and not all at once"
    slot = int(np.flatnonzero(truth.judge.shelf(0).in_stock(0, DAY_MS) < 0.5)[0])
    product = int(truth.judge.shelf(0).product[slot])
    begin, end = (int(byte) * 360_000 for byte in np.uint16(truth.judge.shelf(0).catalogue.short[slot, -5]).tobytes())
    out = truth.likelihood(np.arange(50), [Part(0, begin, end, 1.0)])[:, product]
    habit = np.isin(truth.judge.people(np.arange(50), 0).habits, slot).any(axis=1)
    assert not out[~habit].any(), "what is sold out all the time is looked at from habit alone"


def test_nobody_beats_it(world: Dataset, tmp_path: Path) -> None:
    scenario = load_scenario("smoke", sets=["evaluation.bootstrap=100", "evaluation.seen=keep"])
    names = ["popular", "personal-popular", "item-knn", "ease"]
    question = Question(names, ["recall@10", "ndcg@10", "share_of_oracle@10"], "auto")
    evaluate(scenario, world, tmp_path / "run", question, force=False)
    rows = json.loads((tmp_path / "run" / "results.json").read_text())["scores"]
    overall = {(row["recommender"], row["metric"]): row for row in rows if row["segment"] == "all"}
    for metric in ("recall@10", "ndcg@10"):
        best = overall["oracle", metric]
        assert best["share_of_oracle"] is None
        for name in names:
            assert overall[name, metric]["value"] < best["value"]
            assert overall[name, metric]["share_of_oracle"] == pytest.approx(
                overall[name, metric]["value"] / best["value"], abs=1e-3
            )
    assert overall["oracle", "share_of_oracle@10"]["value"] == pytest.approx(1.0, abs=1e-5)


def test_carts_and_purchases_are_ranked_by_desire_too(world: Dataset) -> None:
    views, buys = (oracle.read_truth(world, {kind: 1.0}) for kind in ("view_product", "purchase"))
    assert views is not None
    assert buys is not None
    shelf, who = buys.judge.shelf(0), buys.judge.people(np.arange(5), 0)
    ratio = buys.likelihood(np.arange(5), WHOLE_DAY) / np.maximum(views.likelihood(np.arange(5), WHOLE_DAY), 1e-30)
    known = build(buys.judge.scenario)
    catalogue = judging.catalogue_on(known, 0)
    slots = np.arange(len(shelf.rows))
    for user in range(5):
        told = judging.terms(known.rules, catalogue, np.full(len(slots), user), slots).desire
        seen_at_all = ratio[user, shelf.product] > 0
        assert seen_at_all.sum() > 200
        assert np.log(ratio[user, shelf.product][seen_at_all]) == pytest.approx(1.5 * told[seen_at_all], abs=1e-2)
    assert who.here.all()


def test_a_world_of_another_version_has_no_oracle(world: Dataset) -> None:
    facts = {**world.manifest.facts, "generator": "recsim-world/0"}
    other = replace(world, manifest=world.manifest.model_copy(update={"facts": facts}))
    with pytest.raises(BadInput, match=r"recsim-world/0.*--no-oracle"):
        oracle.read_truth(other, {"view_product": 1.0})
