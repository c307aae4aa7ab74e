"""The truth by formula agrees with what a large sample of the world really does."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import chisquare

from recsim.behaviour import judging
from recsim.behaviour.world import World
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.generate import answer, recall
from recsim.generate.engine import generate
from recsim.rng import uniforms
from recsim.scenario import load_scenario

SETS = [
    "users.count=12000", "users.sessions_per_day=1.0", "products.count=1500", "products.categories=40",
    "calendar.days=2", "layout.partitions=3", "transport.lost_share=0.02", "transport.future_share=0.01",
    "transport.duplicate_share=0.02", "adversaries.crawler_share=0.001", "adversaries.crawler_views=50",
    "products.sold_out_share=0", "behaviour.habit_share=0",
]  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("truth") / "w"
    generate(load_scenario("smoke", sets=SETS), out, workers=1)
    return Dataset.open(out)


@pytest.fixture(scope="module")
def world(dataset: Dataset) -> World:
    return answer.world_of(dataset)


@pytest.fixture(scope="module")
def events(dataset: Dataset) -> pl.DataFrame:
    """What customers really did on the first day, in order."""
    log = dataset.frame("events").unique("event_id").join(dataset.frame("truth/transport"), on="event_id", how="anti")
    truth = dataset.frame("truth/transport")
    every = pl.concat([log.select(truth.drop("fate").columns), truth.drop("fate")], how="vertical_relaxed")
    customers = every.join(dataset.frame("truth/adversaries"), on="user_id", how="anti")
    first = pl.col("event_timestamp").dt.date() == dataset.first_day
    kept = customers.filter(first).with_columns(pl.col("event_type").cast(pl.String))
    return kept.sort("session", "event_timestamp", "event_id")


def bins(probability: np.ndarray, happened: np.ndarray) -> float:
    """p-value of the counts in ten bins of equal predicted probability against what was predicted."""
    order = np.argsort(probability)
    parts = np.array_split(order, 10)
    expected = np.array([probability[part].sum() for part in parts])
    found = np.array([happened[part].sum() for part in parts])
    spread = np.array([(probability[part] * (1 - probability[part])).sum() for part in parts])
    from scipy.stats import chi2

    return float(chi2.sf(((found - expected) ** 2 / spread).sum(), 10))


def told(world: World, frame: pl.DataFrame) -> judging.Terms:
    catalogue = judging.catalogue_on(world, 0)
    slots = judging.slots_of(catalogue, frame["product_id"].to_numpy())
    return judging.terms(world.rules, catalogue, frame["user_id"].to_numpy(), slots, 0)


@pytest.mark.stat
def test_carts_are_as_frequent_as_the_formula_says(world: World, events: pl.DataFrame) -> None:
    views = events.filter(pl.col("event_type") == "view_product")
    carts = events.filter(pl.col("event_type") == "add_to_cart").group_by("session", "product_id").len("carts")
    pairs = views.group_by("session", "product_id", "user_id", maintain_order=True).len("views")
    pairs = pairs.filter(pl.col("views") == 1).join(carts, on=["session", "product_id"], how="left")
    probability = judging.cart_probability(world.rules, told(world, pairs))
    assert bins(probability, pairs["carts"].fill_null(0).to_numpy()) > 0.001


@pytest.mark.stat
def test_purchases_are_as_frequent_as_the_formula_says(world: World, events: pl.DataFrame) -> None:
    carts = events.filter(pl.col("event_type") == "add_to_cart").group_by("session", "product_id", "user_id").len("n")
    bought = events.filter(pl.col("event_type") == "purchase").group_by("session", "product_id").len("bought")
    pairs = carts.filter(pl.col("n") == 1).join(bought, on=["session", "product_id"], how="left")
    probability = judging.purchase_probability(world.rules, told(world, pairs))
    assert bins(probability, pairs["bought"].fill_null(0).to_numpy()) > 0.001


@pytest.mark.stat
def test_first_views_fall_where_the_formula_says(world: World, events: pl.DataFrame) -> None:
    """The place of each choice in its own predicted distribution is uniform (a randomised PIT)."""
    first = events.filter(pl.col("event_type") == "view_product").group_by("session", maintain_order=True).first()
    first = first.gather_every(len(first) // 1500)
    jitter = uniforms(3, "test/pit", np.arange(len(first), dtype=np.uint64))[:, 0]
    places = []
    for (user, product), u in zip(first.select("user_id", "product_id").iter_rows(), jitter, strict=True):
        slots, weight = judging.category_slots(world, 0, int(world.traits.category[product]))
        catalogue = judging.catalogue_on(world, 0)
        found = judging.terms(world.rules, catalogue, np.full(len(slots), user), slots)
        niche = catalogue.niche_at[slots].astype(np.int64)
        examined = world.rules.examined[: world.rules.candidates].astype(np.float64)
        chance = judging.considered(np.exp(found.utility), weight, niche, examined, world.rules.page_niches)
        assert chance.sum() == pytest.approx(1.0, abs=1e-6)
        order = np.argsort(-found.utility)
        here = int(np.flatnonzero(slots[order] == judging.slots_of(catalogue, np.array([product])))[0])
        places.append(chance[order][:here].sum() + u * chance[order][here])
    assert chisquare(np.histogram(places, 20, (0, 1))[0]).pvalue > 0.001


def test_events_queries_and_labels_by_number_are_those_of_the_tables(dataset: Dataset, world: World) -> None:
    transport = dataset.frame("truth/transport").with_columns(pl.col("fate").cast(pl.String))
    for fate, said in (("lost", "lost"), ("future", "future-dated")):
        row = transport.filter(pl.col("fate") == fate).row(5, named=True)
        found = recall.event(world, row["event_id"])
        assert found["fate"] == said
        assert found["event_timestamp_us"] == int(row["event_timestamp"].timestamp() * 1e6 + 0.5)
        assert found["user_id"] == row["user_id"]
    query = dataset.frame("truth/queries").row(17, named=True)
    found = recall.query(world, query["query_id"])
    assert {key: found[key] for key in query} == query
    crawler = dataset.frame("truth/adversaries").row(0, named=True)["user_id"]
    assert answer.about_user(world, crawler)["adversary"]["kind"] == "crawler"
    users = dataset.frame("truth/users").sort("user_id")
    assert answer.about_user(world, 7)["sessions_per_day"] == pytest.approx(users["sessions_per_day"][7], rel=1e-5)


def test_what_does_not_exist_is_told(world: World, tmp_path: Path) -> None:
    for ask, words in (
        (lambda: answer.about_user(world, 12000), "users of this world are 0 to 11999"),
        (lambda: answer.about_product(world, -1), "products of this world are 0 to 1499"),
        (lambda: answer.moment(world, "2024-01-01"), "outside of the world"),
        (lambda: answer.moment(world, "noon"), "is no time"),
        (lambda: recall.event(world, 1 << 45), "2 days and 3 partitions"),
        (lambda: recall.query(world, (1 << 28) - 1), "name a lower one"),
        (lambda: answer.about_slate(world, 1, [3, 3], 0, 1.0), "once"),
    ):
        with pytest.raises(BadInput, match=words):
            ask()
