"""The records of one user against the design's literals, field by field."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from log_world import MIDNIGHT_US, MINUTE_US, event, view, write_world

from recsim.components.records import WireIds, user_features
from recsim.errors import BadInput
from recsim.progress import silent
from recsim.replay.sample import sample_records
from recsim.replay.stream import StreamPlane
from recsim.scenario.system import Stream

EVENT = """{"event_id": "e-1", "event_type": "view_product", "product_id": "prod123", "user_id": "user123",
 "event_timestamp": "2025-01-02T12:02:00Z", "session": "session_123", "device": "mobile", "tenant": "default"}"""

ENRICHED = """{"user_id": "user123",
 "sessionFeatures": {"device": "mobile", "current_session_duration": 20, "current_session_clicks": 3},
 "user_demo": {"region": "us", "age": 30, "segments": ["tech", "deals"]},
 "product_metadata": {"product_id": "prod123", "product_name": "", "product_category": ["electronics", "laptop"],
  "price": 1299.99}}"""

FEATURES = """{"embeddings": [0.12, -0.4], "recently_viewed": ["prod_123"],
 "preferred_categories": ["gaming", "laptop"], "recency_score": 0.77, "click_through_rate": 0.32}"""

LOG = [
    event(1, 7, "search_query", 0),
    view(2, 7, 5_000_000, 0),
    view(3, 7, 10_000_000, 1),
    view(4, 7, 20_000_000, 0),
]


def shape(tree: object) -> object:
    """Field names, their order, and the types of the values."""
    if isinstance(tree, dict):
        return {name: shape(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [shape(tree[0])]
    return type(tree).__name__


@pytest.mark.parametrize(
    ("record", "literal"), [("event", EVENT), ("enriched_event", ENRICHED), ("user_features", FEATURES)]
)
def test_a_record_has_the_fields_and_types_of_the_design(tmp_path: Path, record: str, literal: str) -> None:
    world = write_world(tmp_path / "w", LOG)
    found = sample_records(world, Stream(), 7, embedding=np.array([0.12, -0.4], np.float32))[record]
    tree = json.loads(found.model_dump_json())
    assert shape(tree) == shape(json.loads(literal))
    assert list(tree) == list(json.loads(literal))


def test_the_records_of_a_user_say_what_the_log_says(tmp_path: Path) -> None:
    records = sample_records(write_world(tmp_path / "w", LOG), Stream(), 7, embedding=np.array([0.12], np.float32))
    tree = {name: record.model_dump() for name, record in records.items()}
    assert tree["event"]["event_timestamp"] == "2025-01-02T00:00:20Z"
    assert (tree["event"]["event_id"], tree["event"]["user_id"], tree["event"]["product_id"]) == (
        "e-4",
        "user7",
        "prod0",
    )
    assert tree["enriched_event"] == {
        "user_id": "user7",
        "sessionFeatures": {"device": "mobile", "current_session_duration": 20, "current_session_clicks": 3},
        "user_demo": {"region": "eu", "age": 37, "segments": ["tech", "deals"]},
        "product_metadata": {
            "product_id": "prod0", "product_name": "product 0", "product_category": ["electronics", "laptop", "gaming"],
            "price": 10.0,
        },
    }  # fmt: skip
    assert tree["user_features"] == {
        "embeddings": [0.12], "recently_viewed": ["prod0", "prod1"], "preferred_categories": ["laptop", "phone"],
        "recency_score": 1.0, "click_through_rate": 4 / 7,
    }  # fmt: skip


def test_an_imported_world_keeps_its_keys(tmp_path: Path) -> None:
    records = sample_records(write_world(tmp_path / "w", LOG, keys=True), Stream(), 7)
    assert records["event"].model_dump()["user_id"] == "u-7"
    assert records["user_features"].model_dump()["recently_viewed"] == ["p-0", "p-1"]


def test_a_user_without_products_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"user 3 of .* has no event with a product; name another user"):
        sample_records(write_world(tmp_path / "w", LOG), Stream(), 3)


def test_feature_records_of_many_users_keep_their_own_lists(tmp_path: Path) -> None:
    world = write_world(tmp_path / "w", [view(1, 1, 0, 3), view(2, 2, 0, 4), view(3, 2, MINUTE_US, 0)])
    plane = StreamPlane(world, Stream(), tmp_path / "lake", sampled=None)
    plane.run_day(plane.days[0], progress=silent)
    rows = plane.feature_rows(np.array([1, 5, 2]), MIDNIGHT_US + MINUTE_US)
    records = user_features(rows, WireIds.of(world), plane.categories)
    assert [record.recently_viewed for record in records] == [["prod3"], [], ["prod0", "prod4"]]
    assert [record.preferred_categories for record in records] == [["laptop"], [], ["laptop"]]
    assert [record.recency_score > 0 for record in records] == [True, False, True]
