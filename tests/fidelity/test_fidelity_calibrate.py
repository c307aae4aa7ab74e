"""Calibration gives back the knobs a world was made with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsim.dataset import Dataset
from recsim.fidelity.base import About, Measured
from recsim.fidelity.calibrate import model_of, tuned
from recsim.fidelity.fits import floored_lognormal, poisson_lognormal
from recsim.fidelity.measure import measure
from recsim.generate.engine import generate
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile

KNOBS = {
    "users.sessions_per_day": (0.5, 0.15),
    "users.activity_sigma": (1.2, 0.10),
    "users.mobile_share": (0.4, 0.05),
    "users.count": (4000, 0.10),
    "products.median_price_usd": (40.0, 0.15),
    "products.missing_brand_share": (0.3, 0.15),
    "behaviour.bounce_share": (0.3, 0.05),
    "behaviour.session_length_median": (3.0, 0.10),
    "behaviour.session_length_sigma": (0.7, 0.10),
    "behaviour.gap_median_s": (50.0, 0.10),
    "behaviour.gap_sigma": (0.9, 0.10),
    "behaviour.cart_per_view": (0.12, 0.05),
    "behaviour.purchase_per_cart": (0.5, 0.05),
    "behaviour.search_per_session": (0.2, 0.10),
}
"""Knob, its value, and how far from it (relative) calibration may end, from 4,000 users in four days."""


def test_a_world_gives_back_the_knobs_it_was_made_with(tmp_path: Path) -> None:
    sets = [f"{key}={value}" for key, (value, _) in KNOBS.items()]
    sets += ["calendar.hour_shares=[1,0,0,0,0,0,0,2,4,5,6,6,5,5,5,5,6,7,8,9,9,7,4,2]"]
    scenario = load_scenario("smoke", sets=[*sets, "calendar.days=4", "products.count=1000"])
    generate(scenario, tmp_path / "world", workers=1)
    world = Dataset.open(tmp_path / "world")
    model = model_of(world, measure(world))
    assert (model["calendar"]["days"], model["products"]["count"]) == (4, 1000)
    for key, (value, tolerance) in KNOBS.items():
        section, name = key.split(".")
        assert model[section][name] == pytest.approx(value, rel=tolerance), key
    # Events follow the starts of their sessions by minutes, and sessions end with the UTC day: hours move a little.
    for hours in ("hour_shares", "weekend_hour_shares"):
        made, found = np.array(getattr(scenario.calendar, hours)), np.array(model["calendar"][hours])
        assert np.abs(made / made.sum() - found / found.sum()).sum() / 2 < 0.08, hours


def test_the_fits_find_the_parameters_of_their_own_draws() -> None:
    draws = np.random.default_rng(4)
    counts = draws.poisson(np.exp(2.2 + 1.5 * draws.normal(size=20_000)))
    fit = poisson_lognormal(np.bincount(counts[counts >= 3]), least=3)
    assert fit == pytest.approx((2.2, 1.5), abs=0.08)
    lengths = 1 + np.maximum(np.floor(np.exp(np.log(4) + 0.8 * draws.normal(size=20_000))), 1).astype(int)
    assert floored_lognormal(np.bincount(lengths), least=2) == pytest.approx((4.0, 0.8), rel=0.05)
    assert floored_lognormal(np.bincount(lengths[lengths >= 3]), least=3) == pytest.approx((4.0, 0.8), rel=0.08)
    assert poisson_lognormal(np.zeros(10, np.int64), least=1) is None


def test_knobs_of_the_choice_model_are_found_by_making_worlds() -> None:
    """A model world in which the share of views again is 0.1 + 0.8 of the knob, and staying is the knob itself."""

    def shows(again: float, stay: float) -> dict[str, Measured]:
        return {
            "re_view": Measured(About("re_view", "rates", "marginal", ""), {"share": 0.1 + 0.8 * again}),
            "category_stay": Measured(About("category_stay", "rates", "joint", ""), {"share": stay}),
            "events_per_product": Measured(About("events_per_product", "counts", "marginal", "")),
        }

    found = tuned(
        {},
        shows(0.33, 0.6),
        lambda m: shows(m["behaviour"]["review_view_share"], m["behaviour"]["stay_in_category_share"]),
    )
    assert found["behaviour"]["review_view_share"] == pytest.approx(0.33, abs=0.01)
    assert found["behaviour"]["stay_in_category_share"] == pytest.approx(0.6, abs=0.01)
    assert "products" not in found


def test_the_command_writes_a_profile_that_a_scenario_takes(
    smoke_world: Path, tmp_path: Path, recsim: Callable
) -> None:
    target = tmp_path / "mine.toml"
    ended = recsim("calibrate", smoke_world, "--no-tune", "--out", target)
    assert ended.code == 0, ended.err
    profile = load_profile(str(target))
    assert profile.targets["funnel"].source == "measured on smoke"
    assert profile.targets["events_per_user"].window_days == 3
    scenario = load_scenario("base", sets=[f"profile={target}"])
    assert scenario.calendar.days == 3
    assert scenario.users.count == pytest.approx(2000, rel=0.25)
    first = target.read_bytes()
    assert recsim("calibrate", smoke_world, "--no-tune", "--out", target, "--force").code == 0
    assert target.read_bytes() == first


def test_the_command_refuses_what_it_cannot_do(smoke_world: Path, tmp_path: Path, recsim: Callable) -> None:
    there = tmp_path / "there.toml"
    there.write_text("", encoding="utf-8")
    for arguments, said in (
        ((smoke_world, "--out", there), "exists already"),
        ((smoke_world, "--out", tmp_path / "x.json"), "a profile is a TOML file"),
        (("nowhere",), "there is no world"),
    ):
        ended = recsim("calibrate", *arguments)
        assert ended.code == 2
        assert said in ended.err
