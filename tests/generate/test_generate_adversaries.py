"""Adversaries: in the same log as everybody, and every one of them labelled."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
from generate_scenarios import CLEAN, SETS

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.scenario import load_scenario

SHARES = [
    "adversaries.crawler_share=0.001", "adversaries.carder_share=0.002", "adversaries.vote_ring_share=0.005",
    "adversaries.fake_review_share=0.005", "adversaries.crawler_views=200",
]  # fmt: skip


@pytest.fixture(scope="module")
def world(make_smoke: Callable[[Sequence[str]], Dataset]) -> Dataset:
    return make_smoke(SETS + CLEAN + SHARES)


@pytest.fixture(scope="module")
def accounts(world: Dataset) -> pl.DataFrame:
    return world.frame("truth/adversaries").with_columns(pl.col("kind").cast(pl.String))


@pytest.fixture(scope="module")
def hostile(world: Dataset, accounts: pl.DataFrame) -> pl.DataFrame:
    """The events of labelled accounts."""
    events = world.frame("events").with_columns(pl.col("event_type").cast(pl.String))
    return events.join(accounts, on="user_id").sort("session", "event_timestamp")


def test_there_are_as_many_accounts_as_asked_for_and_they_are_registered_users(
    world: Dataset, accounts: pl.DataFrame
) -> None:
    assert dict(accounts["kind"].value_counts().iter_rows()) == {
        "crawler": 12, "carder": 24, "vote_ring": 60, "fake_reviews": 60,
    }  # fmt: skip
    assert accounts["user_id"].n_unique() == len(accounts) == world.manifest.facts["adversaries"]
    assert set(accounts["user_id"]) < set(world.frame("users")["user_id"])


def test_every_event_of_an_account_is_hostile_and_no_other_is(
    clean: Dataset, world: Dataset, accounts: pl.DataFrame
) -> None:
    """Less the labelled accounts, this world is the one without adversaries, less the same users."""
    content = ["user_id", "event_timestamp", "event_type", "product_id"]

    def customers(dataset: Dataset) -> pl.DataFrame:
        events = dataset.frame("events").join(accounts, on="user_id", how="anti").select(content)
        kinds = events.with_columns(pl.col("event_type").cast(pl.String))
        return kinds.filter(~pl.col("event_type").is_in(["upvote", "downvote"])).sort(content)

    assert customers(world).equals(customers(clean))


def test_crawlers_view_many_products_evenly_and_never_buy(hostile: pl.DataFrame) -> None:
    crawlers = hostile.filter(pl.col("kind") == "crawler")
    assert set(crawlers["event_type"]) == {"session_start", "view_product", "session_end"}
    views = crawlers.filter(pl.col("event_type") == "view_product")
    assert views.group_by("session").len()["len"].mean() == pytest.approx(200, rel=0.3)
    gaps = (
        views.select(pl.col("event_timestamp").diff().over("session")).drop_nulls().to_series().dt.total_milliseconds()
    )
    assert 1000 <= gaps.min() <= gaps.max() <= 3000
    assert views["product_id"].n_unique() > 0.75 * len(views) * (1 - len(views) / 2 / 1500)


def test_carders_fill_a_cart_at_night_and_check_out_in_a_burst(world: Dataset, hostile: pl.DataFrame) -> None:
    carders = hostile.filter(pl.col("kind") == "carder").join(world.frame("users"), on="user_id")
    carts = carders.filter(pl.col("event_type") == "add_to_cart").group_by("session").len()["len"]
    assert 6 <= carts.min() <= carts.max() <= 12
    local = (carders["event_timestamp"].dt.epoch("s") // 60 + carders["timezone_minutes"]) // 60 % 24
    assert set(local) <= {1, 2, 3, 4, 5}
    bought = carders.filter(pl.col("event_type") == "purchase")
    span = bought.group_by("session").agg(span=pl.col("event_timestamp").max() - pl.col("event_timestamp").min())
    assert span["span"].dt.total_seconds().max() <= 12


def test_a_ring_works_on_one_target_in_one_burst(world: Dataset, hostile: pl.DataFrame) -> None:
    for kind, target, seen in (
        ("vote_ring", "target_review_id", "reference_id"),
        ("fake_reviews", "target_product_id", "product_id"),
    ):
        deeds = hostile.filter(
            (pl.col("kind") == kind) & pl.col("event_type").is_in(["upvote", "downvote", "submit_review"])
        )
        assert len(deeds) > 40
        assert (deeds[target] == deeds[seen]).all()
        spans = deeds.group_by("ring").agg(
            span=pl.col("event_timestamp").max() - pl.col("event_timestamp").min(),
            kinds=pl.col("event_type").n_unique(),
        )
        assert spans["span"].dt.total_minutes().max() <= 62
        assert spans["kinds"].max() == 1
        day_ms = deeds["event_timestamp"].dt.epoch("ms") % 86_400_000
        assert ((day_ms >= deeds["from_ms"]) & (day_ms <= deeds["to_ms"] + 120_000)).all()


def test_fake_reviews_are_five_stars_unverified_and_alike(world: Dataset, hostile: pl.DataFrame) -> None:
    written = hostile.filter(pl.col("event_type") == "submit_review").select("reference_id", "ring", "kind")
    fakes = world.frame("reviews").join(written, left_on="review_id", right_on="reference_id")
    assert set(fakes["kind"]) == {"fake_reviews"}
    assert set(fakes["stars"]) == {5.0}
    assert not fakes["verified"].any()
    for ring in fakes.partition_by("ring"):
        said = [set(re.split(r"[.!] ?", text)) for text in ring["text"]]
        assert all(len(one ^ said[0]) <= 4 for one in said)
        assert ring["title"].n_unique() == 1


def test_any_partition_alone_has_the_same_accounts(world: Dataset, accounts: pl.DataFrame, tmp_path: Path) -> None:
    other = load_scenario("smoke", sets=[*SETS, *CLEAN, *SHARES, "layout.partitions=1"])
    generate(other, tmp_path / "w", workers=1)
    same = Dataset.open(tmp_path / "w").frame("truth/adversaries").with_columns(pl.col("kind").cast(pl.String))
    assert same.sort("user_id").equals(accounts.sort("user_id"))
