"""A generated world: keys, times, transport, truth and the distributions it promises."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.rng import partition_of
from recsim.scenario import Scenario, load_scenario
from recsim.schema import EVENT_TYPES

SETS = [
    "users.count=20000", "users.sessions_per_day=1.0", "users.tenants={a=3.0, b=1.0}",
    "products.count=1500", "products.categories=40",
    "calendar.days=2", "layout.partitions=3", "transport.duplicate_share=0.02", "transport.late_share=0.05",
]  # fmt: skip


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("smoke", sets=SETS)


@pytest.fixture(scope="module")
def world(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("world") / "w"
    generate(scenario, out, workers=1)
    return Dataset.open(out)


@pytest.fixture(scope="module")
def log(world: Dataset) -> pl.DataFrame:
    """Every delivery, in file order."""
    return world.scan("events").collect()


@pytest.fixture(scope="module")
def events(log: pl.DataFrame) -> pl.DataFrame:
    """Each event once, by the time it happened."""
    return log.unique("event_id", keep="first", maintain_order=True).sort("event_timestamp", "event_id")


def of_type(events: pl.DataFrame, kind: str) -> pl.DataFrame:
    return events.filter(pl.col("event_type") == kind)


def test_the_world_has_every_table_and_every_event_type(world: Dataset, events: pl.DataFrame) -> None:
    expected = {"users", "products", "events", "sessions", "queries", "reviews", "votes", "media", "orders"}
    truth = {"truth/users", "truth/products", "truth/queries", "truth/reviews", "truth/transport"}
    assert set(world.tables()) == expected | truth
    assert set(events["event_type"].cast(pl.String).unique()) == set(EVENT_TYPES)


def test_the_facts_are_counts_of_the_tables(world: Dataset, log: pl.DataFrame, events: pl.DataFrame) -> None:
    facts = world.manifest.facts
    assert facts["events"] == len(log)
    assert facts["unique_events"] == len(events)
    assert facts["duplicates"] == len(log) - len(events) > 0
    assert facts["purchases"] == len(of_type(events, "purchase"))
    for table in ("users", "products", "sessions", "queries", "reviews", "votes"):
        assert facts[table] == world.scan(table).select(pl.len()).collect().item()
    active = events.group_by(pl.col("event_timestamp").dt.date()).agg(pl.col("user_id").n_unique())["user_id"]
    assert facts["daily_active"] == pytest.approx(active.mean(), abs=0.1)


def test_ids_are_unique_and_exact_in_a_float(world: Dataset, events: pl.DataFrame) -> None:
    keys = {"users": "user_id", "products": "product_id", "queries": "query_id", "reviews": "review_id"}
    for table, key in {**keys, "sessions": "session"}.items():
        ids = world.scan(table).collect()[key]
        assert ids.is_duplicated().sum() == 0
        assert ids.max() < 2**52
    assert events["event_id"].max() < 2**52


def test_every_reference_leads_somewhere(world: Dataset, events: pl.DataFrame) -> None:
    users, products = set(range(world.users)), set(range(world.products))
    assert set(events["user_id"]) <= users
    assert set(events["product_id"].drop_nulls()) <= products
    for kind, table, key in (
        ("search_query", "queries", "query_id"),
        ("submit_review", "reviews", "review_id"),
        ("upvote", "reviews", "review_id"),
        ("purchase", "sessions", "session"),
    ):
        referred = of_type(events, kind)["reference_id"]
        assert referred.null_count() == 0
        assert set(referred) <= set(world.scan(table).collect()[key])
    old = world.scan("reviews").filter(pl.col("review_id") < world.manifest.facts["reviews_before"]).collect()
    assert set(old["user_id"]) <= users
    assert set(world.scan("votes").collect()["review_id"]) <= set(world.scan("reviews").collect()["review_id"])


def test_a_vote_is_on_a_review_of_the_product_in_view(world: Dataset, events: pl.DataFrame) -> None:
    votes = pl.concat([of_type(events, "upvote"), of_type(events, "downvote")])
    reviews = world.scan("reviews").select("review_id", of="product_id").collect()
    joined = votes.join(reviews, left_on="reference_id", right_on="review_id")
    assert len(joined) == len(votes)
    assert (joined["of"] == joined["product_id"]).all()


def test_only_viewed_products_are_carted_and_only_carted_ones_bought(events: pl.DataFrame) -> None:
    pairs = {kind: set(of_type(events, kind).select("session", "product_id").iter_rows()) for kind in EVENT_TYPES}
    assert pairs["add_to_cart"] <= pairs["view_product"]
    assert pairs["purchase"] <= pairs["add_to_cart"]


def test_a_session_starts_first_ends_last_and_never_goes_back(world: Dataset, log: pl.DataFrame) -> None:
    drawn = log.unique("event_id", maintain_order=True).sort("session", "event_timestamp", maintain_order=True)
    spans = drawn.group_by("session", maintain_order=True).agg(
        first=pl.col("event_timestamp").min(),
        last=pl.col("event_timestamp").max(),
        start=pl.col("event_timestamp").filter(pl.col("event_type") == "session_start").first(),
        end=pl.col("event_timestamp").filter(pl.col("event_type") == "session_end").first(),
        users=pl.col("user_id").n_unique(),
        events=pl.len(),
    )
    assert (spans["first"] == spans["start"]).all()
    assert (spans["last"] == spans["end"]).all()
    assert spans["users"].max() == 1
    planned = world.scan("sessions").collect().join(spans, on="session", suffix="_found")
    assert len(planned) == len(spans) == world.manifest.facts["sessions"]
    assert (planned["started_at"] == planned["first"]).all()
    assert (planned["ended_at"] == planned["last"]).all()
    assert (planned["events"].cast(pl.UInt32) == planned["events_found"]).all()


def test_events_stay_inside_their_day_and_partition(world: Dataset) -> None:
    for file in world.files("events"):
        day, part = file.parent.name.removeprefix("day="), int(file.stem.removeprefix("part-"))
        frame = pl.read_parquet(file, hive_partitioning=False)
        assert set(frame["event_timestamp"].dt.date().cast(pl.String)) == {day}
        assert set(partition_of(frame["user_id"].to_numpy(), 3)) == {part}
    users = [set(partition_of(pl.read_parquet(file)["user_id"].to_numpy(), 3)) for file in world.files("users")]
    assert users == [{0}, {1}, {2}]


def test_sessions_of_a_user_on_a_day_stand_more_than_thirty_minutes_apart(world: Dataset) -> None:
    frame = world.scan("sessions").sort("user_id", "started_at").collect()
    same = (frame["user_id"] == frame["user_id"].shift()) & (
        frame["started_at"].dt.date() == frame["started_at"].shift().dt.date()
    )
    pause = (frame["started_at"] - frame["ended_at"].shift()).filter(same)
    assert len(pause) > 1000
    assert pause.min().total_seconds() >= 31 * 60


def test_files_are_in_order_of_arrival_and_duplicates_differ_in_nothing_but_the_delay(world: Dataset) -> None:
    frame = pl.read_parquet(world.files("events")[0], hive_partitioning=False)
    arrival = frame["event_timestamp"].dt.epoch("ms") + frame["arrival_delay_ms"]
    assert (arrival.diff().drop_nulls() >= 0).all()
    doubled = frame.filter(pl.col("event_id").is_duplicated()).drop("arrival_delay_ms")
    assert len(doubled) / 2 / (len(frame) - len(doubled) / 2) == pytest.approx(0.02, abs=0.002)
    assert doubled.unique().height * 2 == doubled.height


def test_late_events_are_as_frequent_as_the_scenario_says(events: pl.DataFrame) -> None:
    late = (events["arrival_delay_ms"] > 4_000).mean()
    assert 0.045 < late < 0.055


def test_tenants_keep_to_their_own_products(world: Dataset, events: pl.DataFrame) -> None:
    catalogue = world.scan("products").select("product_id", owner="tenant").collect()
    viewed = of_type(events, "view_product").join(catalogue, on="product_id")
    assert (viewed["tenant"].cast(pl.String) == viewed["owner"].cast(pl.String)).all()
    assert viewed["tenant"].cast(pl.String).n_unique() == 2


def test_the_funnel_hits_its_rates(world: Dataset) -> None:
    facts = world.manifest.facts
    assert facts["cart_per_view"] == pytest.approx(0.0868, rel=0.02)
    assert facts["purchase_per_cart"] == pytest.approx(0.302, rel=0.025)


@pytest.mark.stat
def test_sessions_have_the_lengths_bounces_and_gaps_of_the_scenario(events: pl.DataFrame) -> None:
    views = of_type(events, "view_product").sort("session", "event_timestamp")
    lengths = views.group_by("session").len()["len"]
    assert (lengths == 1).mean() == pytest.approx(0.45, abs=0.02)
    assert lengths.filter(lengths > 1).median() in (4, 5)
    gaps = (
        views.select(pl.col("event_timestamp").diff().over("session")).drop_nulls().to_series().dt.total_milliseconds()
    )
    assert gaps.median() == pytest.approx(31_000, rel=0.06)
    assert gaps.quantile(0.9) == pytest.approx(146_000, rel=0.08)


@pytest.mark.stat
def test_popularity_is_as_unequal_as_in_real_logs(world: Dataset, events: pl.DataFrame) -> None:
    views = np.zeros(world.products)
    counted = of_type(events, "view_product").group_by("product_id").len()
    views[counted["product_id"].to_numpy()] = counted["len"].to_numpy()
    ordered = np.sort(views)
    gini = 1 - 2 * (ordered.cumsum() / ordered.sum()).mean()
    assert 0.6 < gini < 0.85


@pytest.mark.stat
def test_people_browse_in_the_evening_of_their_own_clock(world: Dataset) -> None:
    users = world.scan("users").select("user_id", "timezone_minutes").collect()
    sessions = world.scan("sessions").collect().join(users, on="user_id")
    hour = (sessions["started_at"].dt.epoch("s") // 60 + sessions["timezone_minutes"]) // 60 % 24
    share = np.bincount(hour.to_numpy(), minlength=24) / len(sessions)
    assert share[20] > 4 * share[4]


def test_reviews_follow_purchases_of_the_same_day(world: Dataset, events: pl.DataFrame) -> None:
    written = of_type(events, "submit_review")
    bought = of_type(events, "purchase").select("user_id", "product_id", at="event_timestamp")
    both = written.join(bought, on=["user_id", "product_id"]).filter(pl.col("at") < pl.col("event_timestamp"))
    assert written.height > 50
    assert both["event_id"].n_unique() == written.height
    assert written.height / bought.height == pytest.approx(0.03, rel=0.25)
    stars = world.scan("reviews").collect()["stars"]
    assert stars.mean() == pytest.approx(4.345, abs=0.15)


def test_truth_explains_choice(world: Dataset, events: pl.DataFrame) -> None:
    """Buyers' true affinity to what they bought lies far above their affinity to what they merely passed."""
    taste = np.stack(world.scan("truth/users").sort("user_id").collect()["taste"].to_numpy())
    shelf = np.stack(world.scan("truth/products").sort("product_id").collect()["taste"].to_numpy())

    def affinity(kind: str) -> float:
        pairs = of_type(events, kind)
        return float((taste[pairs["user_id"].to_numpy()] * shelf[pairs["product_id"].to_numpy()]).sum(axis=1).mean())

    assert abs(float((taste[:1000, None] * shelf[None, :200]).sum(axis=2).mean())) < 0.1
    assert affinity("view_product") > 0.7
    assert affinity("purchase") > affinity("add_to_cart") > affinity("view_product")


def test_the_catalogue_reads_like_a_shop(world: Dataset) -> None:
    products = world.scan("products").collect()
    assert {"clothing", "shoes", "accessories"} <= set(products["category"].list.first())
    assert products["brand"].is_null().mean() == pytest.approx(0.119, abs=0.03)
    assert products["price_usd"].min() > 0
    assert products.filter(pl.col("name").str.len_chars() < 8).is_empty()
    assert 0.99 < (products["created_at"].dt.date() < world.first_day).mean() <= 1.0


def test_old_reviews_stand_on_the_eve_of_the_first_day(world: Dataset, scenario: Scenario) -> None:
    assert world.days("reviews") == ["2025-01-01", "2025-01-02", "2025-01-03"]
    eve = world.scan("reviews", day="2025-01-01").collect()
    assert len(eve) == world.manifest.facts["reviews_before"]
    assert (eve["event_timestamp"].dt.date() < scenario.calendar.first_day).all()
    assert eve["verified"].mean() == pytest.approx(0.776, abs=0.03)
    assert (eve["up_votes"] == 0).mean() == pytest.approx(0.75, abs=0.03)


def test_the_seed_makes_another_world(scenario: Scenario, world: Dataset, tmp_path: Path) -> None:
    other = generate(scenario.model_copy(update={"seed": 2}), tmp_path / "other", workers=1)
    assert other.identity != world.manifest.identity
    mine, theirs = (
        {file.sha256 for name, file in manifest.outputs.items() if file.rows and not name.startswith("truth/transport")}
        for manifest in (world.manifest, other)
    )
    assert not mine & theirs
