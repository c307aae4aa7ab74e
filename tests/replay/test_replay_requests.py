"""Which requests a day's events imply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from recsim.replay.as_of import AS_OF
from recsim.replay.requests import plan_day, sampled_users
from recsim.scenario.system import Requests


def row(number: int, kind: str, *, session: int = 1, seconds: int = 0, clicks: int = 0) -> dict[str, Any]:
    return {
        "event_id": number, "event_type": kind, "event_timestamp": number, "user_id": 1, "product_id": 3,
        "session": session, "device": "web", "tenant": "default", "reference_id": None, "recently_viewed": [],
        "preferred_categories": [], "recency_score": 0.0, "click_through_rate": 0.5, "session_clicks": clicks,
        "session_duration_s": seconds,
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=AS_OF)


def planned(events: pa.Table, limit: int = 100, *, has_starts: bool = True) -> list[tuple[int, str]]:
    plan = plan_day(events, Requests(limit_per_day=limit), 1, has_starts=has_starts)
    return list(zip(plan.rows.tolist(), plan.surfaces, strict=True))


def test_each_kind_of_event_implies_its_surface() -> None:
    kinds = ["session_start", "search_query", "view_product", "add_to_cart", "purchase", "upvote", "session_end"]
    events = table(*(row(n, kind) for n, kind in enumerate(kinds)))
    assert planned(events) == [
        (0, "home"), (1, "search"), (1, "search_based"), (2, "product"), (2, "bought"), (2, "because"), (3, "cart"),
    ]  # fmt: skip


def test_without_session_starts_the_first_event_of_a_session_opens_the_home_page_first() -> None:
    events = table(
        row(0, "view_product"), row(1, "view_product", seconds=9, clicks=1), row(2, "view_product", session=2),
        row(3, "purchase", session=3), row(4, "view_product", session=4, seconds=700, clicks=3),
    )  # fmt: skip
    expected = [(0, "home"), (0, "product"), (1, "product"), (2, "home"), (2, "product"), (3, "home"), (4, "product")]
    first = [(number, name) for number, name in planned(events, has_starts=False) if name in ("home", "product")]
    assert first == expected


def test_a_larger_limit_only_adds_requests() -> None:
    events = table(*(row(n, "view_product", session=n) for n in range(200)))
    few, more = (set(planned(events, limit, has_starts=False)) for limit in (30, 90))
    assert 28 <= len(few) <= 30
    assert 88 <= len(more) <= 90
    assert few < more
    assert planned(events, 0) == []


def test_a_larger_share_only_adds_users_and_a_share_is_met() -> None:
    few, more = (sampled_users(20_000, Requests(share=share), 1) for share in (0.05, 0.2))
    assert not (few & ~more).any()
    assert np.mean(few) == np.float64(few.sum() / 20_000)
    assert abs(few.mean() - 0.05) < 0.006
    assert sampled_users(10, Requests(share=1.0), 1).all()
    assert not sampled_users(10, Requests(share=0.0), 1).any()
