"""Public data sets, imported whole: the counts their READMEs give, and every row accounted for."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

pytestmark = pytest.mark.real

ONLINE_RETAIL = {
    "CustomerID": "user_id",
    "StockCode": "product_id",
    "InvoiceDate": "event_timestamp",
    "InvoiceNo": "session",
    "Description": "name",
    "UnitPrice": "price_usd",
    "Country": "region",
    "literal:purchase": "event_type",
}
CASES = {
    "retailrocket-typed": (
        "retailrocket", {"users": 2_174, "products": 30_113, "events": 97_381, "interactions": 2_174,
                         "rows_read": 97_381, "rows_kept": 97_381, "first_day": "2015-05-03", "days": 139}),
    "gowalla-lightgcn": (
        "interactions", {"users": 29_858, "products": 40_981, "interactions": 1_027_370, "rows_kept": 1_027_370}),
    "ml-100k": (
        "movielens", {"users": 943, "products": 1_682, "reviews": 100_000, "first_day": "1997-09-20", "days": 215}),
    "amazon-grocery-rechorus": (
        "interactions", {"users": 14_681, "products": 8_713, "interactions": 121_892}),
    "diginetica-srgnn": (
        "sessions", {"users": 202_633, "products": 43_097, "interactions": 982_961, "events": 0}),
    "yoochoose-clicks-100k": (
        "sessions", {"users": 21_210, "sessions": 21_210, "rows_read": 83_846, "rows_duplicate": 1, "events": 83_845}),
    "retailrocket-sessions-cge": (
        "sessions", {"users": 130_903, "products": 36_968, "rows_read": 685_984 + 15_132}),
    "tafeng-dnntsp": (
        "interactions", {"users": 9_841, "products": 4_935, "interactions": 396_783}),
    "esci-us-100q": (
        "search-judgements", {"products": 6_764, "judgements": 4_479, "users": 0, "first_day": None}),
}  # fmt: skip
"""Data set → kind and the facts its README gives (yoochoose holds one row twice)."""


@pytest.mark.parametrize("name", CASES)
def test_a_public_data_set_gives_the_counts_of_its_readme(world_of, public, name):
    kind, expected = CASES[name]
    facts = world_of(kind, public(name)).manifest.facts
    assert {key: facts.get(key) for key in expected} == expected
    assert facts["rows_read"] == facts["rows_kept"] + facts["rows_refused"] + facts["rows_duplicate"]


def test_retailrocket_events_are_in_the_world_row_by_row(world_of, public):
    source = public("retailrocket-typed")
    world = world_of("retailrocket", source)
    users = world.scan("users").select("user_id", pl.col("key").cast(pl.Int32).alias("user"))
    products = world.scan("products").select("product_id", pl.col("key").cast(pl.Int32).alias("item"))
    events = world.scan("events").join(users, on="user_id").join(products, on="product_id")
    found = events.select(
        "user",
        "item",
        pl.col("event_type").cast(pl.String).alias("event"),
        pl.col("event_timestamp").dt.epoch("s").alias("ts"),
    )
    read = pl.read_parquet(source / "events.parquet")
    assert found.collect().sort(pl.all()).equals(read.sort(pl.all()))


def test_gowalla_text_and_parquet_files_give_the_same_tables(world_of, public, tmp_path):
    source = public("gowalla-lightgcn")
    for name in ("train.txt.gz", "test.txt.gz"):
        (tmp_path / name).symlink_to(source / name)
    assert (
        world_of("interactions", source).manifest.outputs
        == world_of("interactions", tmp_path, out="b").manifest.outputs
    )


def test_the_reviews_of_musical_instruments_keep_their_stars_and_votes(world_of, public):
    world = world_of("reviews", public("amazon-musical-instruments-5core"))
    assert (world.users, world.products, world.first_day) == (1_429, 900, date(2004, 9, 18))
    reviews = world.scan("reviews").collect()
    assert reviews["up_votes"].sum() + reviews["down_votes"].sum() == 19_066
    assert reviews["stars"].value_counts().sort("stars")["count"].to_list() == [217, 250, 772, 2_084, 6_938]


def test_online_retail_through_the_generic_importer_refuses_the_lines_without_a_customer(world_of, public):
    source = public("online-retail-uci") / "transactions.parquet"
    facts = world_of("events", source, ONLINE_RETAIL, limit=140_000).manifest.facts
    assert (facts["rows_read"], facts["rows_refused"], facts["users"]) == (541_909, 135_080, 4_372)
    assert facts["rows_kept"] + facts["rows_duplicate"] == 406_829
