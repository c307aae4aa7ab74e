"""What counts as relevant, and the figures made from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsim.components.slate import Slate
from recsim.replay.as_of import AS_OF
from recsim.replay.quality import HORIZON_US, Choices, judge_day, relevant_products
from recsim.replay.served import Made, Served
from recsim.replay.truth import Truth, judge_truth
from recsim.scenario import Scenario


def event(user: int, at_us: int, product: int | None, kind: str = "view_product") -> dict[str, Any]:
    return {
        "event_id": at_us, "event_type": kind, "event_timestamp": at_us, "user_id": user, "product_id": product,
        "session": 1, "device": "web", "tenant": "default", "reference_id": None, "recently_viewed": [],
        "preferred_categories": [], "recency_score": 0.0, "click_through_rate": 0.5, "session_clicks": 0,
        "session_duration_s": 0,
    }  # fmt: skip


def choices(*rows: dict[str, Any]) -> Choices:
    return Choices.of([pa.Table.from_pylist(list(rows), schema=AS_OF)])


def made(
    products: list[int], *, user: int = 1, at_us: int = 100, surface: str = "home", hidden: tuple[int, ...] = ()
) -> Made:
    nothing = np.zeros(len(products), np.float32)
    slate = Slate(surface, np.array(products, np.int64), nothing, nothing + 1, nothing.astype(np.int8), "top-k/1", 1)
    return Made(1, at_us, user, "default", surface, 200, "ok", len(products), np.array(hidden, np.int64), slate)


def judged(*requests: Made, after: Choices) -> dict[tuple[str, str], dict[str, Any]]:
    rows = judge_day(Served("d", list(requests)), after, products=50, depth=4, seed=1, replicates=100)
    return {(row["surface"], row["metric"]): row for row in rows}


def test_relevant_is_what_was_chosen_after_the_request_within_a_day_and_was_not_hidden() -> None:
    after = choices(
        event(1, 99, 1), event(1, 100, 2), event(1, 101, 3), event(1, 102, 3, "add_to_cart"),
        event(1, 103, 4, "purchase"), event(1, 104, 5, "upvote"), event(1, 105, None, "search_query"),
        event(1, 106, 6), event(1, 100 + HORIZON_US, 7), event(1, 101 + HORIZON_US, 8), event(2, 101, 9),
    )  # fmt: skip
    assert relevant_products(made([], hidden=(6,)), after).tolist() == [3, 4, 7]


def test_recall_ndcg_and_hit_of_a_slate_by_hand() -> None:
    rows = judged(made([10, 3, 11, 12]), after=choices(event(1, 101, 3), event(1, 102, 4)))
    assert rows["home", "recall@4"]["value"] == 0.5
    assert rows["home", "hit@4"]["value"] == 1.0
    assert rows["home", "ndcg@4"]["value"] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)), abs=1e-6)
    assert rows["home", "recall@4"]["requests"] == rows["home", "recall@4"]["users"] == 1


def test_an_empty_slate_counts_and_a_request_with_nothing_to_find_does_not() -> None:
    after = choices(event(1, 101, 3), event(2, 101, 4))
    rows = judged(made([3]), made([], user=2, surface="cart"), made([5], user=3), after=after)
    everywhere = rows["all", "recall@4"]
    assert (everywhere["value"], everywhere["requests"], everywhere["users"]) == (0.5, 2, 2)
    assert rows["home", "recall@4"]["value"] == 1.0
    assert rows["cart", "recall@4"]["value"] == 0.0


def test_the_interval_holds_the_value_and_widens_when_one_user_makes_all_requests() -> None:
    after = choices(*(event(user, 101, 3) for user in range(40)))
    many = [made([3] if user % 2 else [5], user=user) for user in range(40)]
    one = [made([3] if n % 2 else [5], user=n % 4) for n in range(40)]
    rows, clustered = judged(*many, after=after), judged(*one, after=after)
    spread, wide = (found["all", "recall@4"] for found in (rows, clustered))
    assert spread["low"] < spread["value"] < spread["high"]
    assert wide["high"] - wide["low"] > spread["high"] - spread["low"]


class Known:
    """Ten products of utility 0, 2 … 18, on one day."""

    scenario = Scenario()

    def utility(self, users: np.ndarray, day: int) -> np.ndarray:
        assert (users.tolist(), day) == ([0], 2)
        return 2.0 * np.arange(10, dtype=np.float32)[None, :]

    def sold(self, day: int) -> np.ndarray:
        return np.ones(10, np.bool_)


def truth() -> Truth:
    return Truth(Known(), np.zeros(10, np.int32))


@pytest.mark.parametrize(
    ("products", "share"), [([9, 8], 1.0), ([0, 9], 0.0), ([9], 0.5625), ([], 0.0), ([0, 1], -1.0)]
)
def test_utility_share_is_one_for_the_oracle_and_zero_for_a_random_slate(products: list[int], share: float) -> None:
    rows = judge_truth(
        Served("2025-01-04", [made(products, user=0)]), truth(), ["default"], depth=2, seed=1, replicates=100
    )
    assert rows[0]["metric"] == "utility_share"
    assert rows[0]["value"] == pytest.approx(share)


def test_search_is_not_held_against_the_oracle() -> None:
    served = Served("2025-01-04", [made([9, 8], user=0, surface="search")])
    assert judge_truth(served, truth(), ["default"], depth=2, seed=1, replicates=100) == []
