"""The boxes and the shop of a replay on its page."""

from __future__ import annotations

from typing import Any

from report_documents import REPLAY, MakeRun

from recsim.report.of_replay import blocks
from recsim.report.replay_boxes import boxes_block, segments_block, shop_block
from recsim.report.runfiles import read_run

SHOP: dict[str, Any] = {
    "requests": {"/v1/checkout": {"ok": 7, "sold-out": 2}, "/v1/review/submit": {"ok": 3}},
    "edge_cache": {
        "policy": "s3-fifo", "requests": 400, "hit_share": 0.75, "origin_bytes": 2_700_000,
        "first_hour_hit_share": 0.25,
    },
    "votes": {"acknowledged": 11, "suspected_ring_members": 0},
    "push": [
        {"campaign": "daily-1", "tenant": "default", "audience": 9, "sent": 8, "held_back": 1, "given_up": 0}
    ],
}  # fmt: skip
BOXES = [{"box": "inventory", "stands_for": "PostgreSQL", "calls": 18, "outcomes": {"held": 7, "confirmed": 11}}]
SEGMENTS = [
    {"tenant": "default", "region": region, "requests": n, "outcomes": {"ok": n}}
    for region, n in (("eu", 5), ("us", 9))
]
WHOLE = {**REPLAY, "shop": SHOP, "boxes": BOXES, "segments": SEGMENTS}


def test_every_box_is_named_with_what_it_stands_for(make_run: MakeRun) -> None:
    found = boxes_block(read_run(make_run(WHOLE, {})))
    assert found is not None
    assert found.tables[0].rows == (("inventory", "PostgreSQL", "18", "confirmed 11, held 7"),)


def test_the_shop_shows_orders_edge_and_push(make_run: MakeRun) -> None:
    found = shop_block(read_run(make_run(WHOLE, {})))
    assert found is not None
    routes, figures, push = found.tables
    assert routes.rows[0] == ("/v1/checkout", "9", "ok 7, sold-out 2")
    told = dict(figures.rows)
    assert (told["orders confirmed"], told["reviews kept"], told["edge cache, hits"]) == ("7", "3", "75.0 %")
    assert push.rows == (("daily-1", "default", "9", "8", "1", "0"),)


def test_tenants_and_regions_are_told_where_there_are_several(make_run: MakeRun) -> None:
    found = segments_block(read_run(make_run(WHOLE, {})))
    assert found is not None
    assert found.tables[0].rows == (("default", "eu", "5", "5"), ("default", "us", "9", "9"))
    assert segments_block(read_run(make_run({**WHOLE, "segments": SEGMENTS[:1]}, {}))) is None


def test_an_older_run_has_none_of_these_blocks(make_run: MakeRun) -> None:
    titles = {block.title for block in blocks(read_run(make_run(REPLAY, {})))}
    assert titles & {"Boxes", "The shop", "Tenants and regions"} == set()
