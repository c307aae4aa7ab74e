"""Nothing happens to a product before it is there or after it is gone, and nobody acts before he joins or after he
leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time

import numpy as np
import polars as pl
import pytest

from recsim.behaviour.utility import Judge
from recsim.dataset import Dataset
from recsim.scenario import load_scenario

SETS = [
    "users.count=3000", "products.count=400", "products.new_per_day_share=0.03", "products.retired_per_day_share=0.03",
    "users.new_per_day_share=0.05", "calendar.days=5", "behaviour.review_per_purchase=0.3",
    "users.dropout_scale_days=20", "adversaries.crawler_share=0.001", "adversaries.fake_review_share=0.01",
]  # fmt: skip


@pytest.fixture(scope="module")
def world(make_smoke: Callable[[Sequence[str]], Dataset]) -> Dataset:
    return make_smoke(SETS)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.of(load_scenario("smoke", sets=SETS))


def days(world: Dataset, times: pl.Series) -> np.ndarray:
    """Days of the world, negative before it."""
    assert world.first_day is not None
    begin = datetime.combine(world.first_day, time(), UTC)
    return (times - begin).dt.total_microseconds().to_numpy() // 86_400_000_000


@pytest.mark.parametrize("table", ["events", "orders", "reviews"])
def test_a_product_is_neither_touched_before_its_creation_nor_after_its_retirement(
    world: Dataset, judge: Judge, table: str
) -> None:
    rows = world.frame(table).join(world.frame("truth/adversaries"), on="user_id", how="anti").drop_nulls("product_id")
    found = rows.join(world.frame("products").select("product_id", "created_at"), on="product_id")
    product, when = found["product_id"].to_numpy(), days(world, found["event_timestamp"])
    assert (judge.traits.dies < 5).sum() > 20
    assert (judge.traits.born[product] > 0).sum() > 0 or table != "events"
    assert (found["event_timestamp"] >= found["created_at"]).all()
    assert (when < judge.traits.dies[product]).all()


def test_nobody_acts_before_he_joins_or_after_he_left(world: Dataset, judge: Judge) -> None:
    events = world.frame("events").join(world.frame("truth/adversaries"), on="user_id", how="anti")
    when = days(world, events["event_timestamp"])
    for day in range(5):
        acting = np.unique(events["user_id"].to_numpy()[when == day])
        assert len(acting) > 100
        assert judge.people(acting, day).here.all()
    everybody = np.arange(world.users)
    late = everybody[~judge.people(everybody, 0).here]
    reviews = world.frame("reviews")
    old = reviews["user_id"].to_numpy()[days(world, reviews["event_timestamp"]) < 0]
    assert len(late) > 100
    assert not np.isin(old, late).any()
