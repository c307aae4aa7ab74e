"""Rows and files that can't be used: counted, shown with their lines, refused above the limit."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim.errors import BadInput
from recsim.importers.engine import estimate, identity, import_world

HEAD = "timestamp,visitorid,event,itemid,transactionid\n"
BAD = (
    HEAD
    + "1433221332117,1,view,10,\n"
    + "soon,1,view,10,\n"
    + "\n"
    + "1433221332119,,view,10,\n"
    + "1433221332119,1,view,,\n"
    + "-1433221332119,1,view,10,\n"
    + "1433221332119,1,stroll,10,\n"
    + "1433221332119,1,view\n"
    + "1433221332117,1,view,10,\n"
    + '1433221332120,2,transaction,"10",4000\n'
    + "99433221332120,2,view,10,\n"
)


def _write(tmp_path, text, name="events.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_row_is_kept_refused_or_a_duplicate(world_of, tmp_path):
    facts = world_of("retailrocket", _write(tmp_path, BAD)).manifest.facts
    counted = [facts[f"rows_{what}"] for what in ("read", "kept", "refused", "duplicate")]
    assert counted == [10, 2, 7, 1]
    assert facts["events_by_type"] == {"purchase": 1, "view_product": 1}


def test_refused_rows_are_listed_with_line_reason_and_text(world_of, tmp_path):
    world = world_of("retailrocket", _write(tmp_path, BAD))
    rows = json.loads((world.path / "refused.json").read_text())
    assert [(row["line"], row["reason"]) for row in rows] == [
        (3, 'event_timestamp "soon" is not a time'),
        (5, "no user_id"),
        (6, "no product_id"),
        (7, "event_timestamp -1433221332119 is before 1970"),
        (8, 'unknown event type "stroll"'),
        (9, "3 fields instead of 5"),
        (12, "event_timestamp 99433221332120 is after 2100"),
    ]
    assert rows[0]["text"] == "soon,1,view,10,"


def test_lines_are_counted_right_after_a_quoted_line_break(world_of, tmp_path):
    text = 'user,item,event,ts,name\n1,a,view,10,"two\nlines"\n1,a,stroll,20,x\n'
    world = world_of("events", _write(tmp_path, text), {"name": "name"})
    assert json.loads((world.path / "refused.json").read_text())[0]["line"] == 4


def test_more_bad_rows_than_the_limit_stop_the_import_and_nothing_is_written(tmp_path):
    source = _write(tmp_path, BAD)
    message = (
        r"7 of 10 rows of .* more than the limit of 6 \(events\.csv line 3: event_timestamp \"soon\" is not a time; "
    )
    with pytest.raises(BadInput, match=message):
        import_world("retailrocket", source, tmp_path / "w", name="w", mapping={}, bad_rows_limit=6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv"]


def test_a_log_of_bad_rows_alone_is_refused_under_any_limit(tmp_path):
    source = _write(tmp_path, HEAD + "soon,1,view,10,\n")
    with pytest.raises(BadInput, match="no row that can be used"):
        import_world("retailrocket", source, tmp_path / "w", name="w", mapping={}, bad_rows_limit=1_000)


def test_a_broken_json_line_is_refused_by_its_line(world_of, tmp_path):
    text = '{"user":1,"item":2,"event":"view","ts":10}\n\n{oops\n{"user":1,"item":3,"event":"view","ts":11}\n'
    world = world_of("events", _write(tmp_path, text, "log.jsonl"))
    assert world.manifest.facts["rows_kept"] == 2
    assert world.manifest.facts["refused"] == ["log.jsonl line 3: not a JSON object"]


def test_the_row_of_a_parquet_file_stands_for_its_line(world_of, tmp_path):
    frame = pl.DataFrame({"user": [1, None], "item": [5, 5], "event": ["view"] * 2, "ts": [10, 11]})
    frame.write_parquet(tmp_path / "events.parquet")
    world = world_of("events", tmp_path / "events.parquet")
    assert world.manifest.facts["refused"] == ["events.parquet line 2: no user_id"]


def test_bytes_that_are_not_utf8_do_not_stop_an_import(world_of, tmp_path):
    (tmp_path / "log.csv").write_bytes(b"user,item,event,ts\ncaf\xe9,1,view,10\nann,1,view,11\n")
    assert world_of("events", tmp_path / "log.csv").users == 2


@pytest.mark.parametrize("row", ['1,"a,view,20', '1,a,view,"20'])
def test_a_quote_that_is_never_closed_does_not_swallow_the_rest_in_silence(world_of, tmp_path, row):
    text = "user,item,event,ts\n1,a,view,10\n" + row + "\n" + "1,a,view,30\n" * 5
    with pytest.raises(BadInput, match=r"opens a quote near line 3 that is never closed"):
        world_of("events", _write(tmp_path, text))


def test_an_inch_mark_inside_a_field_is_no_quote(world_of, tmp_path):
    text = 'user,item,event,ts\n1,tv 40",view,10\n1,a,view,20\n'
    assert world_of("events", _write(tmp_path, text)).manifest.facts["rows_kept"] == 2


def _truncated_parquet(path):
    pl.DataFrame({"user": range(5_000), "item": range(5_000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-200])


def _truncated_gzip(path):
    path.write_bytes(gzip.compress(("user,item,event,ts\n" + "1,2,view,10\n" * 90_000).encode())[:-100])


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("events.parquet", _truncated_parquet, r"can't be read .* damaged or cut short"),
        ("events.csv.gz", _truncated_gzip, r"can't be read .* damaged or cut short"),
        ("events.csv", lambda path: path.write_bytes(b""), r"events\.csv is empty"),
        ("events.parquet", lambda path: path.write_bytes(b""), r"events\.parquet is empty"),
        ("events.csv", lambda path: path.write_text(HEAD), r"no row that can be used"),
        (
            "events.csv",
            lambda path: path.write_text("a,b\n1,2\n"),
            r"no column for user_id \(looked for user, user_id,",
        ),
        ("events.xlsx", lambda path: path.write_text("x"), r"no known suffix"),
        ("log.zip", lambda path: path.write_text("x"), r"is an archive; unpack it"),
        ("events.json", lambda path: path.write_text("[1,\n2]"), r"JSON lines are needed"),
    ],
)
def test_a_file_that_is_no_log_is_refused_in_one_sentence(tmp_path, name, make, sentence):
    make(tmp_path / name)
    with pytest.raises(BadInput, match=sentence) as refused:
        import_world("retailrocket", tmp_path / name, tmp_path / "w", name="w", mapping={})
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "kind", ["retailrocket", "movielens", "interactions", "sessions", "reviews", "search-judgements"]
)
def test_a_directory_of_another_layout_is_refused_with_what_was_looked_for(tmp_path, kind):
    (tmp_path / "notes.md").write_text("nothing")
    with pytest.raises(BadInput, match=r"looked for .*found notes\.md; name the"):
        import_world(kind, tmp_path, tmp_path / "w", name="w", mapping={})


def test_an_unknown_kind_and_a_missing_source_are_named(tmp_path):
    with pytest.raises(BadInput, match=r'unknown kind of import "movielense"\. Did you mean "movielens"\?'):
        import_world("movielense", tmp_path, tmp_path / "w", name="w", mapping={})
    with pytest.raises(BadInput, match="nowhere does not exist"):
        import_world("movielens", tmp_path / "nowhere", tmp_path / "w", name="w", mapping={})


def test_a_category_column_with_too_many_values_is_refused(world_of, tmp_path):
    rows = "".join(f"{n},a,view,10,land {n}\n" for n in range(200))
    source = _write(tmp_path, "user,item,event,ts,land\n" + rows)
    with pytest.raises(BadInput, match="the region column has 200 different values"):
        world_of("events", source, {"land": "region"})
    assert not (tmp_path / "worlds" / "world").exists()


def test_a_dry_run_counts_files_and_rows_without_writing(tmp_path):
    pl.DataFrame({"user": [1], "item": [5], "event": ["view"], "ts": [10]}).write_parquet(tmp_path / "events.parquet")
    plan = estimate("retailrocket", tmp_path)
    assert [(file["file"], file["role"], file["rows"]) for file in plan["files"]] == [("events.parquet", "log", 1)]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_identity_follows_bytes_mapping_and_limit(tmp_path):
    source = _write(tmp_path, BAD)
    first = identity("retailrocket", source, {}, 100)
    assert first == identity("retailrocket", source, {}, 100)
    assert first != identity("retailrocket", source, {}, 101)
    assert first != identity("retailrocket", source, {"itemid": "product_id"}, 100)
    source.write_text(BAD + "1433221332121,2,view,10,\n")
    assert first != identity("retailrocket", source, {}, 100)


rows = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(0, 3), st.sampled_from(["view", "buy", "x"]), st.integers(0, 9_000)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(rows=rows, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing_and_none_is_lost(rows, seed, tmp_path_factory):
    directory = tmp_path_factory.mktemp("shuffled")
    shuffled = seed.sample(rows, len(rows))
    outputs = []
    for name, order in (("a", rows), ("b", shuffled)):
        text = "".join(
            f"{'' if user < 0 else user},{item},{did},{ts}\n" for user, item, did, ts in [*order, (0, 0, "view", 5)]
        )
        source = _write(directory, "user,item,event,ts\n" + text, f"{name}.csv")
        manifest = import_world("events", source, directory / name, name="w", mapping={})
        facts = manifest.facts
        assert (
            facts["rows_read"] == len(rows) + 1 == facts["rows_kept"] + facts["rows_refused"] + facts["rows_duplicate"]
        )
        usable = {
            (user, item, did, ts) for user, item, did, ts in [*rows, (0, 0, "view", 5)] if user >= 0 and did != "x"
        }
        assert facts["events"] == facts["rows_kept"] == len(usable)
        outputs.append({key: file for key, file in manifest.outputs.items() if key != "refused.json"})
    assert outputs[0] == outputs[1]
