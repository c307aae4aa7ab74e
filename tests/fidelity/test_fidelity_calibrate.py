"""Calibration gives back the knobs a world was made with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsim.cli.drawn import Drawn
from recsim.dataset import Dataset
from recsim.fidelity import STATISTICS
from recsim.fidelity.base import About, Measured
from recsim.fidelity.calibrate import Model, model_of
from recsim.fidelity.fits import cut_lognormal, floored_lognormal, poisson_lognormal
from recsim.fidelity.measure import Pass, measure
from recsim.fidelity.tuning import DRAWN, tuned
from recsim.generate.engine import generate
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile
from recsim.scenario.world import Products

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


def test_pauses_are_fitted_where_the_model_cuts_them() -> None:
    z = np.random.default_rng(2).normal(size=50_000)
    gaps = np.minimum(60 * np.exp(1.4 * z), 600.0)
    values = {f"p{p}": float(np.quantile(gaps, p / 100)) for p in (25, 50, 75, 90, 95)}
    assert cut_lognormal(values, most=600.0) == pytest.approx((60, 1.4), rel=0.03)
    assert cut_lognormal(dict.fromkeys(values, 5.0), most=600.0)[0] == pytest.approx(5.0, rel=0.01)


def test_knobs_are_found_together_by_making_worlds_and_others_stay() -> None:
    """A model world in which views again come from one knob and by chance from small categories, too."""

    def shows(model: Model) -> dict[str, Measured]:
        behaviour, products = model["behaviour"], model["products"]
        again = 0.02 + 0.8 * behaviour["review_view_share"] + 4.0 / products["categories"]
        return {name: Measured(About(name, "rates", "marginal", "")) for name in STATISTICS.names()} | {
            "re_view": Measured(About("re_view", "rates", "marginal", ""), {"share": again}),
            "category_stay": Measured(
                About("category_stay", "rates", "joint", ""),
                {"share": 0.3 + 0.6 * behaviour["stay_in_category_share"] + 8.0 / products["categories"]},
            ),
        }

    start: Model = {"behaviour": {"review_view_share": 0.25, "stay_in_category_share": 0.88}, "products": {}}
    start["products"]["categories"] = 100
    aim: Model = {
        "behaviour": {"review_view_share": 0.4, "stay_in_category_share": 0.5}, "products": {"categories": 100},
    }  # fmt: skip
    wanted = shows(aim)
    found = tuned(start, wanted, shows)
    assert shows(found)["re_view"].values["share"] == pytest.approx(wanted["re_view"].values["share"], rel=0.05)
    stays = wanted["category_stay"].values["share"]
    assert shows(found)["category_stay"].values["share"] == pytest.approx(stays, rel=0.1)
    assert found["products"]["popularity_sigma"] == Products().popularity_sigma
    assert "activity_sigma" not in found.get("users", {})


def test_a_world_of_a_model_is_drawn_as_it_is_written(tmp_path: Path) -> None:
    """What tuning measures in memory is what `generate` puts on disk, figure by figure."""
    scenario = load_scenario("smoke", sets=["layout.partitions=1"])
    generate(scenario, tmp_path / "world", workers=1)
    written = measure(Dataset.open(tmp_path / "world"), DRAWN)
    drawn = Drawn.of(scenario)
    run = Pass(drawn.context(users_are_sessions=False), DRAWN)
    for piece in drawn.pieces():
        run.add(piece)
    made = run.finish()
    assert {name: one.values for name, one in made.items()} == {name: one.values for name, one in written.items()}


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
