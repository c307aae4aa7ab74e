"""Statistics of small logs whose figures are known by counting, and of a synthetic world whose manifest counts too."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.dataset import Dataset
from recsim.fidelity import STATISTICS
from recsim.fidelity.base import Limits
from recsim.fidelity.clicks import sample
from recsim.fidelity.measure import measure
from recsim.fidelity.sketch import Sketch

LOG = """user,product,type,at
1,a,view,2025-01-06 10:00:00
1,b,view,2025-01-06 10:00:30
1,a,view,2025-01-06 10:01:30
1,a,view,2025-01-06 10:01:40
1,a,cart,2025-01-06 10:02:00
1,a,purchase,2025-01-06 10:03:00
1,b,purchase,2025-01-06 10:03:00
2,b,view,2025-01-06 20:00:00
2,c,view,2025-01-08 20:00:00
2,c,cart,2025-01-08 20:00:20
"""


@pytest.fixture
def shop(tmp_path: Path, recsim: Callable) -> Dataset:
    log = tmp_path / "log.csv"
    log.write_text(LOG, encoding="utf-8")
    maps = ("user=user_id", "product=product_id", "type=event_type", "at=event_timestamp")
    ended = recsim("import", "events", log, "--name", "shop", *[word for pair in maps for word in ("--map", pair)])
    assert ended.code == 0, ended.err
    return Dataset.open("shop")


def test_the_figures_of_a_log_are_those_one_counts_by_hand(shop: Dataset) -> None:
    found = {name: one.values for name, one in measure(shop).items()}
    assert found["funnel"] == {"cart_per_view": 2 / 6, "purchase_per_cart": 1.0, "purchase_per_view": 2 / 6}
    assert found["session_funnel"] == {"cart_share": 2 / 3, "purchase_share": 1 / 3, "abandonment_share": 1 / 2}
    assert found["user_funnel"] == {"cart_share": 1.0, "purchase_share": 0.5}
    assert found["bounce"] == {"share": 2 / 3}
    assert found["re_view"] == {"share": 2 / 4, "immediate_share": 1 / 4}
    assert found["views_per_session"]["mean"] == 4.0
    assert found["gap_s"]["mean"] == pytest.approx(100 / 3)
    assert found["items_per_order"]["mean"] == 2.0
    assert found["events_per_product"]["mean"] == 10 / 3
    assert found["events_per_user"]["mean"] == 5.0
    assert found["sessions_per_user"]["mean"] == 1.5
    assert found["repeat_visits"] == {"share": 0.0}
    assert found["hour_of_day"]["h10"] == 0.7
    assert sum(found["hour_of_day"].values()) == pytest.approx(1)


def test_what_a_log_cannot_tell_says_why(shop: Dataset) -> None:
    found = measure(shop)
    assert found["price_usd"].reason == "no product has a price"
    assert found["day_of_week"].reason == "the log has fewer than 14 days"
    assert found["stars"].reason == "the world has no reviews"
    assert all(bool(one.values) != bool(one.reason) for one in found.values())


def test_limits_leave_out_small_counts(shop: Dataset) -> None:
    found = measure(shop, ["events_per_product"], limits={"events_per_product": Limits(least=3)})["events_per_product"]
    assert (found.count, found.values["mean"]) == (2, 4.0)


def test_a_second_delivery_of_an_event_is_counted_once(smoke_world: Path) -> None:
    world = Dataset.open(smoke_world)
    facts = world.manifest.facts
    assert facts["duplicates"] > 0
    found = measure(world, ["funnel", "views_per_session", "searches"])
    assert found["funnel"].values["cart_per_view"] == facts["carts"] / facts["views"]
    assert found["funnel"].values["purchase_per_view"] == facts["purchases"] / facts["views"]
    assert found["searches"].values["per_session"] == facts["queries"] / facts["sessions"]


def test_every_statistic_finds_something_in_a_synthetic_world_but_for_those_of_a_longer_one(smoke_world: Path) -> None:
    found = measure(Dataset.open(smoke_world))
    assert set(found) == set(STATISTICS.names())
    assert {name for name, one in found.items() if not one.values} == {"day_of_week", "repeat_buying"}


def test_a_sample_of_sessions_is_the_same_whatever_its_pieces(smoke_world: Path) -> None:
    world = Dataset.open(smoke_world)
    few, many = sample(world, least=2, most=500), sample(world, least=2, most=10**6)
    assert 200 < len(few) <= 500 < len(many)
    assert np.isin(few.session, many.session).all()
    assert (np.diff(few.start_us) >= 0).all()
    assert few.share == pytest.approx(len(few) / len(many), rel=0.2)


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=200), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_quantile_of_a_sketch_lies_within_one_per_cent(values: list[float], probability: float) -> None:
    sketch = Sketch(whole=False)
    sketch.add(np.array(values))
    exact = np.quantile(values, probability, method="inverted_cdf")
    assert sketch.quantile(probability) == pytest.approx(exact, rel=0.01)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=100))
def test_a_quantile_of_counts_rounds_to_the_count_and_the_parts_make_the_whole(values: list[int]) -> None:
    sketch = Sketch(whole=True)
    sketch.add(np.array(values[::2]))
    sketch.add(np.array(values[1::2]))
    exact = np.quantile(values, 0.5, method="inverted_cdf")
    assert abs(sketch.quantile(0.5) - exact) <= 0.5
    assert sketch.mean == pytest.approx(np.mean(values))
    assert sketch.between(10, None).count + sketch.between(0, 9).count == len(values)


@pytest.mark.real
def test_a_public_log_measures_as_it_was_measured_before(real_data: Path, recsim: Callable) -> None:
    """Against figures of the same copy made independently with pandas."""
    assert recsim("import", "sessions", real_data / "yoochoose-clicks-100k").code == 0
    found = measure(Dataset.open("yoochoose-clicks-100k"), ["views_per_session", "gap_s", "hour_of_day"])
    assert found["views_per_session"].values["mean"] == pytest.approx(3.953, abs=0.001)
    assert found["views_per_session"].count == 21_210
    assert found["gap_s"].values["p50"] == pytest.approx(54.98, rel=0.03)
    assert found["hour_of_day"].values["h16"] == pytest.approx(0.08346, abs=1e-4)
