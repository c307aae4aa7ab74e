"""The generic importer: columns mapped to fields, times and types as logs write them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from recsim.errors import BadInput

MAPPED = {"who": "user_id", "what": "product_id", "did": "event_type", "at": "event_timestamp"}
LOG = "who,what,did,at\nann,lamp,view,1430622010\nann,lamp,buy,1430622020\nbob,sofa,pv,1430708400\n"


def _log(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_mapped_columns_become_events(world_of, tmp_path):
    world = world_of("events", _log(tmp_path / "log.csv", LOG), MAPPED)
    rows = world.scan("events").select("event_type", "user_id", "product_id", "session", "device").collect().rows()
    assert rows == [
        ("view_product", 0, 0, 0, "web"),
        ("purchase", 0, 0, 0, "web"),
        ("view_product", 1, 1, 1, "web"),
    ]
    assert world.days() == ["2015-05-03", "2015-05-04"]
    assert world.scan("users").collect()["key"].to_list() == ["ann", "bob"]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("1430622010", datetime(2015, 5, 3, 3, 0, 10, tzinfo=UTC)),
        ("1430622010.25", datetime(2015, 5, 3, 3, 0, 10, 250_000, tzinfo=UTC)),
        ("1430622010123", datetime(2015, 5, 3, 3, 0, 10, 123_000, tzinfo=UTC)),
        ("1430622010123456", datetime(2015, 5, 3, 3, 0, 10, 123_456, tzinfo=UTC)),
        ("1430622010123456789", datetime(2015, 5, 3, 3, 0, 10, 123_456, tzinfo=UTC)),
        ("2015-05-03T03:00:10.5Z", datetime(2015, 5, 3, 3, 0, 10, 500_000, tzinfo=UTC)),
        ("2015-05-03T05:00:10+02:00", datetime(2015, 5, 3, 3, 0, 10, tzinfo=UTC)),
        ("2015-05-03 03:00:10", datetime(2015, 5, 3, 3, 0, 10, tzinfo=UTC)),
        ("2015-05-03 03:00", datetime(2015, 5, 3, 3, 0, tzinfo=UTC)),
        ("5/3/2015 3:00", datetime(2015, 5, 3, 3, 0, tzinfo=UTC)),
        ("2015-05-03", datetime(2015, 5, 3, tzinfo=UTC)),
    ],
)
def test_times_are_understood_in_every_usual_form(world_of, tmp_path, written, instant):
    source = _log(tmp_path / "log.csv", f"user_id,item,event,time\n1,2,view,{written}\n")
    assert world_of("events", source).scan("events").collect()["event_timestamp"].to_list() == [instant]


def test_a_float_column_of_seconds_keeps_its_milliseconds(world_of, tmp_path):
    frame = pl.DataFrame(
        {"user": [1, 1], "item": [2, 2], "event": ["view"] * 2, "ts": [1430622010.123, 1430622010.124]}
    )
    frame.write_parquet(tmp_path / "log.parquet")
    found = world_of("events", tmp_path / "log.parquet").scan("events").collect()["event_timestamp"]
    assert found.dt.epoch("ms").to_list() == [1430622010123, 1430622010124]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("name", "sign"), [("log.csv", ","), ("log.csv", ";"), ("log.tsv", "\t"), ("log.txt", "|")])
def test_every_separator_and_gzip_give_the_same_world(world_of, tmp_path, name, sign, packed):
    path = tmp_path / (f"{name}.gz" if packed else name)
    text = LOG.replace(",", sign).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    assert world_of("events", path, MAPPED).manifest.facts["events_by_type"] == {"purchase": 1, "view_product": 2}


def test_json_lines_and_parquet_give_the_same_events_as_csv(world_of, tmp_path):
    frame = pl.read_csv(LOG.encode())
    frame.write_ndjson(tmp_path / "log.jsonl")
    frame.write_parquet(tmp_path / "log.parquet")
    sources = [_log(tmp_path / "log.csv", LOG), tmp_path / "log.jsonl", tmp_path / "log.parquet"]
    worlds = [world_of("events", source, MAPPED, out=source.suffix[1:]) for source in sources]
    assert worlds[0].manifest.outputs == worlds[1].manifest.outputs == worlds[2].manifest.outputs


def test_a_literal_stands_for_a_column_that_is_not_there(world_of, tmp_path):
    source = _log(tmp_path / "orders.csv", "customer_id,item,time,Invoice\n7.0,a,2011-12-09 12:50:00,C12\n")
    mapping = {"literal:order": "event_type", "literal:app": "device", "Invoice": "session"}
    world = world_of("events", source, mapping)
    row = world.scan("events").collect().row(0, named=True)
    assert (row["event_type"], row["device"], world.scan("users").collect()["key"][0]) == ("purchase", "mobile", "7")
    assert world.scan("sessions").collect()["events"].to_list() == [1]


def test_what_rows_say_of_products_and_users_fills_the_catalogue(world_of, tmp_path):
    text = 'user,item,event,ts,label,cost,land\n1,a,view,10,,"1,299.99",\n1,a,view,20,"Lamp, red",5,France\n'
    mapping = {"label": "name", "cost": "price_usd", "land": "region"}
    world = world_of("events", _log(tmp_path / "log.csv", text), mapping)
    product = world.scan("products").collect().row(0, named=True)
    assert (product["name"], product["price_usd"], product["key"]) == ("Lamp, red", 1299.99, "a")
    assert world.scan("users").collect()["region"].to_list() == ["France"]


def test_a_search_needs_no_product_and_a_view_does(world_of, tmp_path):
    source = _log(tmp_path / "log.csv", "user,item,event,ts\n1,,search,10\n1,,view,20\n1,a,view,30\n")
    world = world_of("events", source)
    assert world.manifest.facts["rows_refused"] == 1
    assert world.scan("events").collect()["product_id"].to_list() == [None, 0]


def test_thirty_minutes_of_silence_end_a_session(world_of, tmp_path):
    source = _log(tmp_path / "log.csv", "user,item,event,ts\n1,a,view,0\n1,a,view,1800\n1,a,view,3601\n2,a,view,3601\n")
    assert world_of("events", source).scan("events").collect()["session"].to_list() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"whom": "user_id"}, r'no column "whom"\. Did you mean "who"\?'),
        ({"who": "user_ids"}, r'"user_ids" is no field of events, .* Did you mean "user_id"\?'),
        ({"user_id": "who"}, r"is the wrong way round: write column=field, --map who=user_id"),
        ({"literal:stroll": "event_type"}, r'"stroll" is no event type'),
        ({"literal:5": "age"}, r"only event_type, device, tenant can be the same on every row"),
        ({"who": "user_id", "what": "product_id"}, r"no column for event_type \(looked for event_type, event, type"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_way_to_mend_it(world_of, tmp_path, mapping, sentence):
    with pytest.raises(BadInput, match=sentence):
        world_of("events", _log(tmp_path / "log.csv", LOG), mapping)
    assert not (tmp_path / "worlds").exists()
