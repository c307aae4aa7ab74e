"""The original files of the public data sets, as tiny literal copies of their layouts."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from recsim.errors import BadInput


def _files(directory, **texts):
    directory.mkdir(exist_ok=True)
    for name, text in texts.items():
        path = directory / name.replace("__", "-").replace("DOT", ".")
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode("latin-1"))
    return directory


def _rows(world, table, *columns):
    return world.scan(table).select(*columns).collect().rows()


def test_retailrocket_of_kaggle_with_orders_and_properties_left_aside(world_of, tmp_path):
    log = (
        "timestamp,visitorid,event,itemid,transactionid\n"
        "1433221332117,257597,view,355908,\n"
        "1433221339117,257597,addtocart,355908,\n"
        "1433221399117,257597,transaction,355908,4000\n"
    )
    source = _files(tmp_path / "rr", eventsDOTcsv=log, item_properties_part1DOTcsv="timestamp,itemid,property,value\n")
    world = world_of("retailrocket", source)
    assert _rows(world, "events", "event_type", "reference_id") == [
        ("view_product", None),
        ("add_to_cart", None),
        ("purchase", 0),
    ]
    assert world.scan("products").collect()["quantity"].to_list() == [1]
    assert "item_properties_part1.csv was left aside" in world.manifest.facts["notes"][0]


def test_held_out_purchases_are_interactions_of_the_test_split(world_of, tmp_path):
    source = _files(
        tmp_path / "rr", eventsDOTcsv="user,item,event,ts\n1,7,view,10\n", test_purchaseDOTcsv="user,item\n1,9\n"
    )
    world = world_of("retailrocket", source)
    assert _rows(world, "interactions", "user_id", "product_id", "split") == [(0, 1, "test")]
    assert world.manifest.facts["rows_read"] == 1


def test_movielens_100k_has_no_headers_and_flags_for_genres(world_of, tmp_path):
    item = "1|Misérables, Les (1995)|01-Jan-1995||http://x|" + "|".join("1" if n in (8, 18) else "0" for n in range(19))
    source = _files(
        tmp_path / "ml-100k",
        uDOTdata="196\t1\t3\t881250949\n22\t1\t6\t881250950\n",
        uDOTitem=item + "\n",
        uDOTuser="196|49|M|writer|55105\n",
    )
    world = world_of("movielens", source)
    assert _rows(world, "products", "key", "name", "category") == [
        ("1", "Misérables, Les (1995)", ["Drama", "Western"])
    ]
    assert _rows(world, "users", "key", "age") == [("196", 49)]
    assert _rows(world, "reviews", "stars", "text", "up_votes") == [(3.0, None, None)]
    assert _rows(world, "events", "event_type", "reference_id") == [("submit_review", 0)]
    assert world.manifest.facts["refused"] == ["u.data line 2: stars 6 is outside 0.5 to 5.0"]


def test_movielens_1m_is_split_at_double_colons(world_of, tmp_path):
    source = _files(
        tmp_path / "ml-1m",
        ratingsDOTdat="1::1193::5::978300760\n1::661::3::978302109\n2::1193::4\n",
        moviesDOTdat="1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n661::James (1996)::Animation|Musical\n",
        usersDOTdat="1::F::18::10::48067\n",
    )
    world = world_of("movielens", source)
    assert _rows(world, "products", "key", "category") == [("661", ["Animation", "Musical"]), ("1193", ["Drama"])]
    assert world.manifest.facts["refused"] == ["ratings.dat line 3: 3 fields instead of 4"]


def test_movielens_latest_has_quoted_titles_and_half_stars(world_of, tmp_path):
    source = _files(
        tmp_path / "ml-latest",
        ratingsDOTcsv="userId,movieId,rating,timestamp\n1,11,0.5,964982703\n",
        moviesDOTcsv="movieId,title,genres\n"
        '11,"American President, The (1995)",Comedy|Drama\n'
        "12,Dracula,(no genres listed)\n",
    )
    world = world_of("movielens", source)
    assert _rows(world, "products", "name", "category") == [
        ("American President, The (1995)", ["Comedy", "Drama"]),
        ("Dracula", []),
    ]


def test_a_file_that_only_bears_a_movielens_name_is_refused(world_of, tmp_path):
    with pytest.raises(BadInput, match=r'has 1 fields in its first line instead of 4, split at "::"'):
        world_of("movielens", _files(tmp_path / "ml", ratingsDOTdat="1,2,3,4\n"))


@pytest.mark.parametrize("name", ["trainDOTtxt", "trainDOTtxtDOTgz"])
def test_lightgcn_lines_hold_a_user_and_its_items(world_of, tmp_path, name):
    test = name.replace("train", "test")
    source = _files(tmp_path / "g", **{name: "0 3 4 4\n1 3\n2 \n10 x\n", test: "0 5\n"})
    world = world_of("interactions", source)
    facts = world.manifest.facts
    assert _rows(world, "interactions", "user_id", "product_id", "split") == [
        (0, 0, "train"),
        (0, 1, "train"),
        (1, 0, "train"),
        (0, 2, "test"),
    ]
    assert [facts[f"rows_{what}"] for what in ("read", "kept", "refused", "duplicate")] == [6, 4, 1, 1]
    assert facts["refused"][0].endswith('line 4: "10 … x" is not a pair of whole numbers')


def test_a_split_column_and_baskets_are_kept(world_of, tmp_path):
    text = "split,user,basket,item\ntrain,7,0,3\ntrain,7,1,4\nvalidate,8,0,3\ntest,9,0,3\nlater,9,1,3\n"
    world = world_of("interactions", _files(tmp_path / "b", basketsDOTcsv=text))
    assert _rows(world, "interactions", "user_id", "session", "split") == [
        (0, 0, "train"),
        (0, 3, "train"),
        (1, 1, "validation"),
        (2, 2, "test"),
    ]
    assert world.manifest.facts["refused"] == ['baskets.csv line 6: unknown split "later"']


def test_recbole_atomic_files_are_read_without_their_types(world_of, tmp_path):
    path = tmp_path / "log.inter"
    path.write_text("user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t4\t10\n")
    world = world_of("interactions", path)
    assert _rows(world, "interactions", "value", "event_timestamp") == [
        (4.0, datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC))
    ]


def test_yoochoose_clicks_and_buys_have_no_header(world_of, tmp_path):
    source = _files(
        tmp_path / "yc",
        yoochoose__clicksDOTdat="1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,0\n",
        yoochoose__buysDOTdat="1,2014-04-07T10:58:00.306Z,214536500,12462,1\n",
    )
    world = world_of("sessions", source)
    assert _rows(world, "events", "event_type", "session") == [
        ("view_product", 0),
        ("view_product", 0),
        ("purchase", 0),
    ]
    assert _rows(world, "sessions", "events", "started_at") == [
        (3, datetime(2014, 4, 7, 10, 51, 9, 277_000, tzinfo=UTC))
    ]
    assert not world.has("interactions")


def test_diginetica_times_are_the_day_and_the_milliseconds_in_the_session(world_of, tmp_path):
    text = "sessionId;userId;itemId;timeframe;eventdate\n1;NA;81766;526309;2016-05-09\n2;5;31331;1031018;2016-05-09\n"
    world = world_of("sessions", _files(tmp_path / "dg", train__item__viewsDOTcsv=text))
    times = world.scan("events").collect()["event_timestamp"].to_list()
    assert times[0] == datetime(2016, 5, 9, 0, 8, 46, 309_000, tzinfo=UTC)
    assert world.scan("users").collect()["key"].to_list() == ["5", "session 1"]


def test_sessions_without_times_keep_repeats_and_tell_train_from_test(world_of, tmp_path):
    source = _files(
        tmp_path / "s", train_sessionsDOTcsv="session,item\n0,5\n0,5\n0,6\n", test_sessionsDOTcsv="session,item\n0,6\n"
    )
    world = world_of("sessions", source)
    assert _rows(world, "interactions", "session", "position", "product_id", "split") == [
        (1, 0, 0, "train"),
        (1, 1, 0, "train"),
        (1, 2, 1, "train"),
        (0, 0, 1, "test"),
    ]
    assert world.scan("users").collect()["key"].to_list() == ["test:0", "train:0"]
    assert not world.has("events")


def test_prefix_rows_become_the_clicks_of_their_session(world_of, tmp_path):
    source = tmp_path / "p"
    source.mkdir()
    pl.DataFrame({"session": [1], "pos": [0], "item": [4]}).write_parquet(source / "train_sessions.parquet")
    rows = {"session": [9, 9], "prefix": [[4, 5], [4, 5, 6]], "target": [6, 4], "ts": [100, 200]}
    pl.DataFrame(rows).write_parquet(source / "test_rows.parquet")
    world = world_of("sessions", source)
    test = world.scan("interactions").filter(pl.col("split") == "test").select("position", "product_id").collect()
    assert test.rows() == [(0, 0), (1, 1), (2, 2), (3, 0)]


def test_amazon_2014_reviews_hold_helpful_votes_of_all_votes(world_of, tmp_path):
    row = {
        "reviewerID": "A1", "asin": "B0", "reviewerName": "x", "helpful": [13, 14], "reviewText": "Fine.",
        "overall": 5.0, "summary": "Good", "unixReviewTime": 1363392000, "reviewTime": "03 16, 2013",
    }  # fmt: skip
    source = _files(tmp_path / "a", reviews_Toys_5DOTjsonDOTgz=json.dumps(row) + "\n")
    world = world_of("reviews", source)
    wanted = ("stars", "title", "text", "verified", "up_votes", "down_votes")
    assert _rows(world, "reviews", *wanted) == [(5.0, "Good", "Fine.", None, 13, 1)]
    assert world.days("reviews") == ["2013-03-16"]


def test_amazon_2023_reviews_come_with_a_catalogue(world_of, tmp_path):
    review = {
        "rating": 4.0, "title": "ok", "text": "works", "images": [], "asin": "B1", "parent_asin": "P1", "user_id": "U",
        "timestamp": 1588687728923, "helpful_vote": 3, "verified_purchase": True,
    }  # fmt: skip
    meta = {
        "main_category": "Toys", "title": "Kite", "price": "12.99", "store": "Acme", "categories": ["Toys", "Kites"],
        "description": ["Flies.", "High."], "features": [], "parent_asin": "P1",
    }  # fmt: skip
    source = _files(
        tmp_path / "a", ToysDOTjsonlDOTgz=json.dumps(review) + "\n", meta_ToysDOTjsonlDOTgz=json.dumps(meta) + "\n"
    )
    world = world_of("reviews", source)
    assert _rows(world, "reviews", "verified", "up_votes", "down_votes") == [(True, 3, None)]
    wanted = ("key", "name", "brand", "price_usd", "category", "description")
    assert _rows(world, "products", *wanted) == [("P1", "Kite", "Acme", 12.99, ["Toys", "Kites"], "Flies.\nHigh.")]


def test_esci_labels_have_the_gains_of_the_benchmark(world_of, tmp_path):
    examples = {
        "query": ["kite", "kite", "kite", "ball"], "query_id": [5, 5, 5, 6], "product_id": ["A", "B", "C", "A"],
        "product_locale": ["us"] * 4, "esci_label": ["E", "S", "I", "?"], "split": ["train"] * 4,
    }  # fmt: skip
    products = {
        "product_id": ["A", "B", "C", "D"],
        "product_title": ["Kite", "Ball", "Cup", "Dog"],
        "product_locale": ["us"] * 4,
    }
    pl.DataFrame(examples).write_parquet(tmp_path / "shopping_queries_dataset_examples.parquet")
    pl.DataFrame(products).write_parquet(tmp_path / "shopping_queries_dataset_products.parquet")
    world = world_of("search-judgements", tmp_path)
    assert _rows(world, "judgements", "query_id", "text", "product_id", "label") == [
        (0, "kite", 0, "E"),
        (0, "kite", 1, "S"),
        (0, "kite", 2, "I"),
    ]
    assert world.scan("judgements").collect()["gain"].to_list() == pytest.approx([1.0, 0.1, 0.0])
    assert (world.users, world.products, world.first_day) == (0, 4, None)
    assert world.manifest.facts["refused"] == ['shopping_queries_dataset_examples.parquet line 4: unknown grade "?"']


def test_products_of_two_locales_are_two_products(world_of, tmp_path):
    text = "query,product_id,product_locale,esci_label\nkite,A,us,E\nbarrilete,A,es,E\n"
    (tmp_path / "judgements.csv").write_text(text)
    assert world_of("search-judgements", tmp_path).scan("products").collect()["key"].to_list() == ["es:A", "us:A"]
