"""The audit of the written design."""

from __future__ import annotations

from typing import get_args

import pytest

from recsim.capacity.audit_words import ENRICHED_EVENT
from recsim.capacity.design import Verdict
from recsim.capacity.engine import results_of
from recsim.scenario import load_scenario
from recsim.units import GB, TB


@pytest.fixture(scope="module")
def results():
    return results_of(load_scenario("10m"), None, audit=True)


@pytest.fixture(scope="module")
def line(results):
    return {row["line"]: row for row in results["audit"]}


def test_the_terabyte_of_products_is_a_gigabyte(line):
    row = line["100K products ~ 1 TB"]
    assert (row["claimed"], row["computed"], row["ratio"], row["verdict"]) == ("1 TB", "1 GB", 1000, "wrong")
    assert (row["claimed_value"], row["computed_value"], row["unit"]) == (TB, GB, "B")


@pytest.mark.parametrize(
    ("name", "computed", "ratio", "verdict"),
    [
        ("replication factor of 3 ~ 3 TB", "3 GB", 1000, "wrong"),
        ("avg 10 images ~ 1 million images", "1M images", 1, "right"),
        ("avg 3 videos ~ 300K videos", "300K videos", 1, "right"),
        ("5 - 20 images", "10 images", 1, "right"),
        ("1 TB ~ 20 to 100 shards", "1 shard to 1 shard", 100, "wrong"),
        ("1 shard can support 10 - 50GB", "10 GB to 50 GB", 1, "right"),
        ("100K products * 10K key per product ~ 1 gig", "1 GB", 1, "right"),
        ("redis holds inventory in 1 gig", "10.6 MB", pytest.approx(94, rel=0.01), "mislabelled"),
        ("mongo 8 shards", "4 shards", 2, "wrong"),
        ("500 shards", "1 shard", 500, "wrong"),
        ("redis 20 nodes", "2 nodes", 10, "wrong"),
        ("scale (millions of products)", "1M products", 2, "inconsistent"),
        ("9. votes fire and forget, synched in the background", "174 votes", 0, "unsafe"),
        ("Elasticsearch: ~50 shards", "2 shards", 25, "wrong"),
        ("Elasticsearch: 500 shards", "6 shards", pytest.approx(83.3, rel=0.01), "wrong"),
        ("MongoDB: 8 shards", "2 shards", 4, "wrong"),
        ("S3 images: 1 million images", "2.82M images", pytest.approx(0.355, rel=0.01), "incomplete"),
    ],
)
def test_a_line_of_the_design_is_recomputed(line, name, computed, ratio, verdict):
    row = line[name]
    assert (row["computed"], row["ratio"], row["verdict"]) == (computed, ratio, verdict)


def test_the_enriched_event_is_not_json(line):
    assert line["enriched event (JSON)"]["verdict"] == "invalid"
    assert "line 9" in line["enriched event (JSON)"]["computed"]
    assert '"gaming"]\n    "price"' in ENRICHED_EVENT


def test_every_row_of_the_final_table_is_judged_in_both_columns(results):
    final = [row for row in results["audit"] if row["section"].startswith("final table,")]
    assert len(final) == 14
    assert all(row["claimed"] and row["computed"] and row["ratio"] and row["verdict"] for row in final)


def test_the_audit_has_the_columns_everyone_reads_and_a_fixed_vocabulary(results):
    for row in results["audit"]:
        assert {"line", "claimed", "computed", "ratio", "verdict", "reason"} <= row.keys()
        assert row["verdict"] in get_args(Verdict)
        assert row["reason"]


def test_the_lines_come_in_the_designs_order(results):
    sections = list(dict.fromkeys(row["section"].split(",")[0] for row in results["audit"]))
    assert sections == ["scope", "deep dive", "end-to-end flow", "summary", "table", "scale by 10", "final table"]


def test_the_design_table_holds_every_row_of_the_design_and_every_row_it_omits(results):
    claimed = [row for row in results["design"] if row["10m"]["claimed"]]
    omitted = [row for row in results["design"] if row["10m"]["verdict"] == "missing"]
    assert len(claimed) == 7
    assert len(claimed) + len(omitted) == len(results["design"]) > 90
    assert all(row[column]["computed"] for row in results["design"] for column in ("10m", "100m"))


def test_the_audit_follows_the_constants():
    heavier = load_scenario("10m", sets=["capacity.inventory_key_bytes=1000"])
    rows = {row["line"]: row for row in results_of(heavier, None, audit=True)["audit"]}
    assert rows["redis holds inventory in 1 gig"]["computed"] == "100 MB"
    assert rows["100K products ~ 1 TB"]["computed"] == "1 GB"
