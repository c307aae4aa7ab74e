"""The constants of a scenario: partial overrides, their intervals and their errors."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recsim.errors import BadInput
from recsim.scenario import load_scenario
from recsim.scenario.demand import Capacity
from recsim.scenario.load import validate


def problem(*sets):
    with pytest.raises(BadInput) as caught:
        load_scenario("10m", sets=sets)
    return str(caught.value)


def test_a_part_of_a_constant_can_be_set_and_the_rest_stays():
    pages = load_scenario("10m", sets=["capacity.pages_per_session.high=20"]).capacity.pages_per_session
    assert (pages.low, pages.mid, pages.high, pages.unit) == (5, 8, 20, "pages/session")


def test_a_new_figure_alone_keeps_its_relative_uncertainty():
    pages = load_scenario("10m", sets=["capacity.pages_per_session.mid=16"]).capacity.pages_per_session
    assert (pages.low, pages.mid, pages.high) == (10, 16, 24)


def test_a_new_share_alone_keeps_its_odds_and_stays_below_one():
    hit = Capacity.model_validate({"edge_hit_share": {"mid": 0.99}}).edge_hit_share
    odds = [share / (1 - share) for share in (hit.low, hit.mid, hit.high)]
    assert odds[0] / odds[1] == pytest.approx((0.85 / 0.15) / (0.92 / 0.08))
    assert odds[2] / odds[1] == pytest.approx((0.97 / 0.03) / (0.92 / 0.08))


def test_a_bare_figure_is_the_mid():
    sets = (["capacity.event_day=4"], ["capacity.event_day.mid=4"])
    assert load_scenario("10m", sets=sets[0]).hash() == load_scenario("10m", sets=sets[1]).hash()


def test_a_new_figure_is_assumed_unless_the_scenario_names_its_source():
    bare = Capacity.model_validate({"vcpu_usd": 200}).vcpu_usd
    named = Capacity.model_validate({"vcpu_usd": {"mid": 200, "provenance": "vendor", "source": "our contract"}})
    assert (bare.provenance, bare.source) == ("assumed", "set in the scenario")
    assert (named.vcpu_usd.provenance, named.vcpu_usd.source) == ("vendor", "our contract")


def test_the_default_said_again_keeps_its_source():
    assert Capacity.model_validate({"vcpu_usd": 697.33 / 4}) == Capacity()


def test_a_fixed_constant_stays_fixed():
    gap = Capacity.model_validate({"session_gap_s": 900}).session_gap_s
    assert gap.fixed
    assert gap.mid == 900


def test_a_scenario_file_and_its_dump_are_the_same_scenario(tmp_path):
    file = tmp_path / "shop.toml"
    file.write_text('extends = "10m"\n[capacity.pages_per_session]\nmid = 9\n[capacity]\nevent_day = 2.5\n')
    scenario = load_scenario(str(file))
    dumped = scenario.resolved()
    assert sorted(dumped["capacity"]) == ["event_day", "pages_per_session"]
    assert validate(dumped, place="again").hash() == scenario.hash()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "capacity.pages_per_sesion.mid=9",
            'capacity.pages_per_sesion: unknown key. Did you mean "pages_per_session"?',
        ),
        ("capacity.pages_per_session.midd=9", 'capacity.pages_per_session.midd: unknown key. Did you mean "mid"?'),
        ("capacity.pages_per_session.mid=many", "capacity.pages_per_session.mid: input should be a valid number"),
        ("capacity.pages_per_session=many", "capacity.pages_per_session: input should be a valid dictionary"),
        ("capacity.pages_per_session.mid=-1", "capacity.pages_per_session.mid: input should be greater than or equal"),
        ("capacity.pages_per_session.mid=true", "capacity.pages_per_session: must be a figure, not true or false"),
        ("capacity.pages_per_session.low=9", "capacity.pages_per_session: needs low <= mid <= high, got 9, 8, 12"),
        ("capacity.pages_per_session.low=0", "capacity.pages_per_session: an interval may not touch 0"),
        ("capacity.pages_per_session.unit=km", "the unit is pages/session and can't be changed to km"),
        ("capacity.edge_hit_share.mid=1.2", "capacity.edge_hit_share: a share lies between 0 and 1"),
        ("capacity.edge_hit_share.high=1", "capacity.edge_hit_share: an interval may not touch 0 (or 1, for a share)"),
    ],
)
def test_a_wrong_constant_is_one_clear_problem(setting, sentence):
    message = problem(setting)
    assert sentence in message
    assert "has 1 problem" in message


def test_every_constant_says_what_it_means_and_where_it_comes_from():
    for name, constant in Capacity().constants():
        assert Capacity.model_fields[name].description, name
        assert len(constant.source) > 3, name
        assert constant.low <= constant.mid <= constant.high, name


def test_constants_can_not_be_changed_in_place():
    with pytest.raises(ValidationError, match="frozen"):
        Capacity().event_day = 3
