"""The invariants, each with something that breaks it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsim.components.catalogue import Catalogue
from recsim.components.model_store import Model
from recsim.components.quota import Rate
from recsim.components.slate import Slate
from recsim.replay.as_of import AS_OF
from recsim.replay.invariants import Audit, over_rate
from recsim.replay.latency import latency
from recsim.replay.served import Made, Served
from recsim.schema import Call, arrow_schema

COUNTS = {"read": 10, "kept": 8, "duplicates": 1, "refused": 1}
CATALOGUE = Catalogue(
    ["a", "b", "c"],
    np.ones(3),
    np.zeros(3, np.int32),
    ["x"],
    np.array([0, 0, 1], np.int32),
    ["t", "u"],
    np.ones(3, np.int64),
)
SLATE = Slate(
    "home", np.array([0, 1]), np.zeros(2, np.float32), np.ones(2, np.float32), np.zeros(2, np.int8), "top-k/1", 1
)
GOOD = Made(1, 500, 7, "t", "home", 200, "ok", 2, np.empty(0, np.int64), SLATE)
MODEL = Model(1, "als", 400, 400, {}, {})


def row(at_us: int, product: int, recent: list[int]) -> dict[str, Any]:
    return {
        "event_id": at_us, "event_type": "view_product", "event_timestamp": at_us, "user_id": 7, "product_id": product,
        "session": 1, "device": "web", "tenant": "t", "reference_id": None, "recently_viewed": recent,
        "preferred_categories": [], "recency_score": 0.0, "click_through_rate": 0.5, "session_clicks": 0,
        "session_duration_s": 0,
    }  # fmt: skip


def broken(
    *requests: Made,
    counts: dict[str, int] | None = None,
    planned: int | None = None,
    events: tuple[dict[str, Any], ...] = (),
) -> list[str]:
    audit = Audit(CATALOGUE, Rate(1_000, 2))
    as_of = pa.Table.from_pylist(list(events), schema=AS_OF)
    audit.take(Served("d", list(requests)), len(requests) if planned is None else planned, as_of, [MODEL])
    return [found["name"] for found in audit.invariants(counts or COUNTS) if not found["holds"]]


def with_slate(**changes: Any) -> Made:
    return replace(GOOD, slate=replace(SLATE, **changes))


def test_a_clean_day_breaks_nothing() -> None:
    assert broken(GOOD, events=(row(100, 1, []), row(200, 2, [1]), row(300, 1, [2, 1]))) == []


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (with_slate(products=np.array([0, 3])), "every product served exists"),
        (replace(GOOD, results=1), "every product served has its document"),
        (with_slate(products=np.array([0, 2])), "no product of another tenant is served"),
        (with_slate(propensities=np.array([1.0, 0.0])), "every propensity is above 0 and at most 1"),
        (with_slate(propensities=np.array([1.0, 1.5])), "every propensity is above 0 and at most 1"),
        (replace(GOOD, at_us=399), "a model serves only after its promotion"),
        (with_slate(model=2), "a model serves only after its promotion"),
        (replace(GOOD, outcome=""), "every request has an outcome"),
    ],
)
def test_each_kind_of_harm_breaks_its_invariant(request_: Made, name: str) -> None:
    assert broken(request_) == [name]


def test_a_lost_event_and_a_lost_request_are_seen() -> None:
    assert broken(GOOD, counts=COUNTS | {"kept": 7}) == ["every event is accounted for"]
    assert broken(GOOD, planned=2) == ["every request has an outcome"]


def test_a_feature_from_the_future_is_seen() -> None:
    assert broken(events=(row(100, 1, [2]), row(200, 2, [1]))) == ["no feature comes from the future"]


def test_three_requests_at_once_break_a_quota_of_two_unless_one_was_refused() -> None:
    refused = replace(GOOD, status=429, outcome="over-quota", slate=None)
    assert broken(GOOD, GOOD, GOOD) == ["no user is admitted over quota"]
    assert broken(GOOD, GOOD, refused) == []


def test_over_rate_counts_the_requests_that_a_window_cannot_hold() -> None:
    rate = Rate(interval_us=10, burst=2)
    assert over_rate(np.array([0, 0, 10, 20, 30]), rate) == 0
    assert over_rate(np.array([0, 0, 9]), rate) == 1
    assert over_rate(np.array([], np.int64), rate) == 0


def test_latency_has_a_row_a_box_and_sums_hops_to_requests() -> None:
    hops = [(1, "gateway", 1_000.0), (1, "search", 3_000.0), (2, "gateway", 2_000.0)]
    made = [
        {
            "request_id": r,
            "component": c,
            "operation": "o",
            "start_us": 0,
            "queue_us": 0.0,
            "service_us": s,
            "outcome": "ok",
        }
        for r, c, s in hops
    ]
    rows = {found["component"]: found for found in latency(pa.Table.from_pylist(made, schema=arrow_schema(Call)))}
    assert list(rows) == ["gateway", "search", "end_to_end"]
    assert (rows["gateway"]["calls"], rows["gateway"]["p50_ms"]) == (2, 1.5)
    assert (rows["end_to_end"]["calls"], rows["end_to_end"]["mean_ms"]) == (2, 3.0)
    assert latency(arrow_schema(Call).empty_table()) == []
