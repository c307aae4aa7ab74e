"""The truth by formula agrees with what a large sample of the world really does."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, chisquare

from recsim.behaviour import judging
from recsim.behaviour import opening as openings
from recsim.behaviour.world import World
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.generate import answer, recall
from recsim.rng import uniforms

SETS = [
    "users.count=12000", "users.sessions_per_day=1.0", "products.count=1500", "products.categories=40",
    "calendar.days=2", "layout.partitions=3", "transport.lost_share=0.02", "transport.future_share=0.01",
    "transport.duplicate_share=0.02", "adversaries.crawler_share=0.001", "adversaries.crawler_views=50",
    "products.sold_out_share=0.2", "behaviour.habit_share=0.3", "behaviour.cart_per_view=0.2",
]  # fmt: skip


@pytest.fixture(scope="module")
def dataset(make_smoke: Callable[[Sequence[str]], Dataset]) -> Dataset:
    return make_smoke(SETS)


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
    return float(chi2.sf(((found - expected) ** 2 / spread).sum(), 10))


def told(world: World, frame: pl.DataFrame) -> judging.Terms:
    catalogue = judging.catalogue_on(world, 0)
    slots = judging.slots_of(catalogue, frame["product_id"].to_numpy())
    return judging.terms(world.rules, catalogue, frame["user_id"].to_numpy(), slots, 0)


def stocked(world: World, frame: pl.DataFrame) -> np.ndarray:
    """Whether the product of each row is on sale at its time."""
    catalogue = judging.catalogue_on(world, 0)
    slots = judging.slots_of(catalogue, frame["product_id"].to_numpy())
    times = moments(world, frame)
    return np.array([openings.on_sale(catalogue, slots[i : i + 1], times[i])[0] for i in range(len(slots))])


def moments(world: World, frame: pl.DataFrame) -> list[int]:
    """Milliseconds of the first day."""
    return ((frame["event_timestamp"].dt.epoch("us") - world.day_us(0)) // 1000).to_list()


@pytest.mark.stat
def test_carts_are_as_frequent_as_the_formula_says(world: World, events: pl.DataFrame) -> None:
    views = events.filter(pl.col("event_type") == "view_product")
    carts = events.filter(pl.col("event_type") == "add_to_cart").group_by("session", "product_id").len("carts")
    pairs = views.group_by("session", "product_id", "user_id", maintain_order=True).agg(
        pl.len().alias("views"), pl.col("event_timestamp").first()
    )
    pairs = pairs.filter(pl.col("views") == 1).join(carts, on=["session", "product_id"], how="left")
    carted, on_sale = pairs["carts"].fill_null(0).to_numpy(), stocked(world, pairs)
    assert (~on_sale).sum() > 200, "some of what is viewed must be sold out, or nothing is shown"
    assert carted[~on_sale].sum() == 0, "what is sold out can't be put into a cart"
    probability = judging.cart_probability(world.rules, told(world, pairs))
    assert bins(probability[on_sale], carted[on_sale]) > 0.001


@pytest.mark.stat
def test_purchases_are_as_frequent_as_the_formula_says(world: World, events: pl.DataFrame) -> None:
    """One cart of a session: what else is in it is bought or left with it."""
    carts = events.filter(pl.col("event_type") == "add_to_cart")
    carts = carts.group_by("session", "product_id", "user_id", maintain_order=True).len("n")
    carts = carts.filter(pl.col("n") == 1).unique("session", keep="first", maintain_order=True)
    bought = events.filter(pl.col("event_type") == "purchase").group_by("session", "product_id").len("bought")
    pairs = carts.join(bought, on=["session", "product_id"], how="left")
    probability = judging.purchase_probability(world.rules, told(world, pairs))
    assert bins(probability, pairs["bought"].fill_null(0).to_numpy()) > 0.001


def first_views(events: pl.DataFrame) -> pl.DataFrame:
    views = events.filter((pl.col("event_type") == "view_product") & (pl.col("event_timestamp").dt.hour() < 23))
    return views.group_by("session", maintain_order=True).first()


@pytest.mark.stat
def test_sessions_open_with_habits_as_often_as_told(world: World, events: pl.DataFrame) -> None:
    """Each of the four by itself; a listing may show a habit too."""
    first = first_views(events)
    first = first.gather_every(len(first) // 100)
    catalogue = judging.catalogue_on(world, 0)
    slots = judging.slots_of(catalogue, first["product_id"].to_numpy())
    chance, opened = np.zeros((len(first), 4)), np.zeros((len(first), 4))
    for i, (user, ms) in enumerate(zip(first["user_id"].to_list(), moments(world, first), strict=True)):
        told = openings.opening(world, user, 0)
        for k in np.flatnonzero(told.habits >= 0):
            product = int(catalogue.long[told.habits[k], -1])
            chance[i, k] = answer.about_choice(world, user, product, (0, ms), None)["session_opens"]
            opened[i, k] = slots[i] == told.habits[k]
    spread = (chance * (1 - chance)).sum(axis=0)
    assert chance.sum() > 0.2 * len(first)
    assert chi2.sf(((opened - chance).sum(axis=0) ** 2 / spread).sum(), 4) > 0.001


@pytest.mark.stat
def test_sessions_open_where_the_formula_says(world: World, events: pl.DataFrame) -> None:
    """The place of each first product in its own predicted distribution is uniform (a randomised PIT).

    Products stand by category, and inside it by utility, what is sold out last; the whole distribution is predicted:
    habits, categories by interest and demand, listings with what is in stock at that minute.
    """
    first = first_views(events)
    first = first.gather_every(len(first) // 500)
    jitter = uniforms(3, "test/pit", np.arange(len(first), dtype=np.uint64))[:, 0]
    catalogue = judging.catalogue_on(world, 0)
    rows = zip(first["user_id"].to_list(), first["product_id"].to_list(), moments(world, first), jitter, strict=True)
    whole, inside = [], []
    for user, product, ms, u in rows:
        leaf = int(world.traits.category[product])
        slots, _ = judging.category_slots(world, 0, leaf)
        told = openings.opening(world, user, 0)
        chance = openings.listed_chance(world, user, leaf, 0, ms, world.rules.candidates)
        assert chance.sum() == pytest.approx(1.0, abs=1e-6)
        mass = told.listed * told.categories[leaf] * chance + told.by_habit(slots)
        found = judging.terms(world.rules, catalogue, np.full(len(slots), user), slots)
        order = np.lexsort((-found.utility, ~openings.on_sale(catalogue, slots, ms)))
        here = int(np.flatnonzero(slots[order] == judging.slots_of(catalogue, np.array([product])))[0])
        assert mass[order][here] > 0
        part = mass[order][:here].sum() + u * mass[order][here]
        before = told.shares[(told.habits >= 0) & (told.habits < slots[0])].sum()
        whole.append(told.listed * told.categories[:leaf].sum() + before + part)
        inside.append(part / mass.sum())
    for places in (whole, inside):
        assert chisquare(np.histogram(places, 20, (0, 1))[0]).pvalue > 0.001


def test_events_queries_and_labels_by_number_are_those_of_the_tables(dataset: Dataset, world: World) -> None:
    transport = dataset.frame("truth/transport").with_columns(pl.col("fate").cast(pl.String))
    for fate, said in (("lost", "lost"), ("future", "future-dated")):
        row = transport.filter(pl.col("fate") == fate).row(5, named=True)
        found = recall.event(world, row["event_id"])
        assert found["fate"] == said
        assert datetime.fromisoformat(found["event_timestamp"]) == row["event_timestamp"].replace(tzinfo=UTC)
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
        (lambda: answer.about_slate(world, 1, [3, 3], (0, 0), 1.0), "once"),
    ):
        with pytest.raises(BadInput, match=words):
            ask()
