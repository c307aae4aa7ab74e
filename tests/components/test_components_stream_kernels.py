"""Ordering, admission, recent products and category scores, on literal arrays."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim.components.arrival_kernels import event_order
from recsim.components.event_log import Deliveries
from recsim.components.stream_kernels import HALF_LIFE_US, strongest
from recsim.components.stream_processor import PartitionState, Processed, StreamProcessor
from recsim.scenario.system import Stream
from recsim.schema import EVENT_TYPES

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


class Bench:
    """One partition with its processor, fed with literal rows."""

    def __init__(self, directory: Path, *, categories: list[int], **settings: int) -> None:
        self.processor = StreamProcessor(
            Stream(**settings), users=10, category_of=np.array(categories, np.int32), stride=1
        )
        self.state = PartitionState(directory, 0, self.processor.settings.recently_viewed)

    def take(self, *rows: tuple[int, int, str, int, int], sampled: bool = False) -> Processed:
        """Rows are (event id, user, type, µs, product or -1)."""
        return self.processor.process(
            deliveries(*rows),
            self.state,
            remember_from_us=2**62,
            sampled=np.ones(10, np.bool_) if sampled else None,
        )

    def features(self, user: int, now_us: int) -> dict[str, object]:
        rows = self.processor.features(self.state, np.array([user]), now_us)
        return {
            "recent": [p for p in rows.recently_viewed[0].tolist() if p >= 0],
            "categories": [c for c in rows.preferred_categories[0].tolist() if c >= 0],
            "recency": float(rows.recency_score[0]),
            "rate": float(rows.click_through_rate[0]),
        }


def deliveries(*rows: tuple[int, int, str, int, int]) -> Deliveries:
    ids, users, kinds, times, products = (list(column) for column in zip(*rows, strict=True))
    n = len(rows)
    codes = [EVENT_TYPES.index(kind) if kind in EVENT_TYPES else -1 for kind in kinds]
    return Deliveries(
        np.array(ids), np.array(codes, np.int8), np.array(times), np.array(users), np.array(products),
        np.zeros(n, np.int16), np.zeros(n, np.int16), np.full(n, -1), np.zeros(n, np.int32),
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 2**45) | st.integers(0, 3), st.integers(0, 2**40)), max_size=300))
@settings(deadline=None)
def test_events_are_ordered_by_time_then_id(pairs: list[tuple[int, int]]) -> None:
    times = np.array([at for at, _ in pairs], np.int64)
    ids = np.array([number for _, number in pairs], np.int64)
    order = event_order(times, ids)
    assert [pairs[i] for i in order] == sorted(pairs)
    assert sorted(order.tolist()) == list(range(len(pairs)))


def test_a_thousand_events_of_one_instant_are_ordered_by_id() -> None:
    ids = np.random.default_rng(3).permutation(1000)
    assert ids[event_order(np.zeros(1000, np.int64), ids)].tolist() == list(range(1000))


def test_the_recently_viewed_are_distinct_and_the_newest_come_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0] * 9, recently_viewed=3)
    bench.take(*[(n, 1, "view_product", n * MINUTE_US, product) for n, product in enumerate([5, 6, 5, 7, 8])])
    assert bench.features(1, HOUR_US)["recent"] == [8, 7, 5]


def test_only_views_are_recently_viewed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0] * 9)
    bench.take((1, 1, "view_product", 0, 4), (2, 1, "add_to_cart", 1, 5), (3, 1, "purchase", 2, 6))
    assert bench.features(1, HOUR_US)["recent"] == [4]


def test_a_purchase_outweighs_four_views_and_not_six(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0, 1])
    bench.take((0, 1, "purchase", 0, 1), *[(n, 1, "view_product", n, 0) for n in range(1, 5)])
    assert bench.features(1, HOUR_US)["categories"] == [1, 0]
    bench.take((5, 1, "view_product", 5, 0), (6, 1, "view_product", 6, 0))
    assert bench.features(1, HOUR_US)["categories"] == [0, 1]


def test_a_category_score_halves_in_seven_days(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[1, 2])
    bench.take((0, 1, "add_to_cart", 0, 0), (1, 1, "view_product", HALF_LIFE_US, 1))
    _, state, _ = bench.state.open(0)
    scores = {code: score for code, score in zip(state["category"][0], state["score"][0], strict=True) if score > 0}
    assert scores == {1: pytest.approx(1.5), 2: pytest.approx(1.0)}


def test_the_ninth_category_takes_the_place_of_the_weakest(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=list(range(9)), preferred_categories=8)
    views = [(n, 1, "view_product", n, n % 8) for n in range(1, 16)]
    bench.take(*views, (99, 1, "view_product", 99, 8))
    assert 0 not in bench.features(1, HOUR_US)["categories"]
    assert 8 in bench.features(1, HOUR_US)["categories"]


def test_a_product_without_a_category_scores_none(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[-1])
    bench.take((0, 1, "view_product", 0, 0))
    assert bench.features(1, HOUR_US)["categories"] == []


def test_equal_scores_put_the_smaller_code_first() -> None:
    out = np.full(2, -1, np.int32)
    taken = strongest(np.array([7, 3, 5], np.int32), np.array([2, 2, 0], np.float32), out)
    assert (taken, out.tolist()) == (2, [3, 7])


def test_recency_falls_to_one_over_e_in_a_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0])
    bench.take((0, 1, "session_start", 5, -1))
    assert bench.features(1, 5)["recency"] == 1.0
    assert bench.features(1, 5 + 24 * HOUR_US)["recency"] == pytest.approx(math.exp(-1))
    assert bench.features(2, 5)["recency"] == 0.0


def test_the_click_rate_is_views_over_pages_smoothed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0])
    assert bench.features(1, 0)["rate"] == 1 / 2
    bench.take((0, 1, "session_start", 0, -1), (1, 1, "search_query", 1, -1), (2, 1, "view_product", 2, 0))
    assert bench.features(1, 9)["rate"] == (1 + 1) / (1 + 1 + 1 + 2)  # a view of: home, results, product page


def test_a_session_ends_after_the_gap_and_not_at_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0])
    gap = 30 * MINUTE_US
    found = bench.take(
        (0, 1, "view_product", 0, 0), (1, 1, "view_product", gap, 0), (2, 1, "view_product", 2 * gap + 1, 0)
    )
    assert found.session.tolist() == [0, 0, 1]
    assert found.session_clicks.tolist() == [1, 2, 1]
    assert found.session_seconds.tolist() == [0, 1800, 0]
    assert found.begun_events.tolist() == [2, 1]


def test_as_of_features_do_not_know_the_event_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[4, 5])
    found = bench.take((0, 1, "view_product", 0, 0), (1, 1, "view_product", HOUR_US // 6, 1), sampled=True).as_of
    assert found.recently_viewed_count.tolist() == [0, 1]
    assert found.recently_viewed[1, 0] == 0
    assert found.preferred_categories[:, 0].tolist() == [-1, 4]
    assert found.recency_score.tolist() == [0.0, pytest.approx(math.exp(-1 / 6 / 24))]
    assert found.session_clicks.tolist() == [0, 1]
    assert found.session_duration_s.tolist() == [0, 600]


def test_state_survives_growth_and_is_found_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0] * 10)
    for user in range(10):
        bench.take((user, user, "view_product", user, user))
    assert bench.state.owned == 10
    assert [bench.features(user, HOUR_US)["recent"] for user in range(10)] == [[user] for user in range(10)]


def test_refusals_name_a_wrong_type_a_missing_user_and_an_unknown_product(tmp_path: Path) -> None:
    bench = Bench(tmp_path, categories=[0])
    rows = [
        (1, 1, "click", 0, 0), (2, -1, "view_product", 0, 0), (3, 10, "view_product", 0, 0),
        (4, 1, "view_product", 0, 1), (5, 1, "purchase", 0, -1), (6, 1, "search_query", 0, -1),
    ]  # fmt: skip
    counts = bench.take(*rows).counts
    assert (counts["read"], counts["refused"], counts["kept"]) == (6, 5, 1)
