"""Profiles: model values under the scenario's own, targets with a source."""

from pathlib import Path

import pytest

from recsim.errors import BadInput
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile, profile_files

SHOP = """
description = "A shop."
[model.users]
count = 700
sessions_per_day = 0.3
[model.behaviour]
cart_per_view = 0.05
purchase_per_cart = 0.2
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.toml"
    path.write_text(SHOP, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", sorted(profile_files()))
def test_every_shipped_profile_makes_a_valid_scenario_and_names_its_sources(name: str) -> None:
    assert load_scenario("base", sets=[f"profile={name}"]).profile == name
    assert all(target.source and target.evidence for target in load_profile(name).targets.values())


def test_a_profile_stands_over_the_defaults_and_under_everything_a_scenario_says(shop: str, tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_text(f'profile = "{shop}"\n[behaviour]\ncart_per_view = 0.06\n', encoding="utf-8")
    high = tmp_path / "high.toml"
    high.write_text('extends = "low"\n[users]\nsessions_per_day = 0.5\n', encoding="utf-8")
    scenario = load_scenario(str(high), sets=["behaviour.purchase_per_cart=0.4"])
    assert (scenario.users.count, scenario.users.sessions_per_day) == (700, 0.5)
    assert (scenario.behaviour.cart_per_view, scenario.behaviour.purchase_per_cart) == (0.06, 0.4)
    assert scenario.behaviour.bounce_share == load_scenario("base").behaviour.bounce_share


def test_a_profile_comes_from_a_flag_or_the_environment(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_scenario("base", sets=[f"profile={shop}"]).users.count == 700
    monkeypatch.setenv("RECSIM_PROFILE", shop)
    assert load_scenario("base").users.count == 700
    assert load_scenario("base", sets=["users.daily_active=90"]).users.count is None


def test_the_world_hash_holds_what_the_profile_sets(shop: str) -> None:
    plain, profiled = load_scenario("base"), load_scenario("base", sets=[f"profile={shop}"])
    same = load_scenario(
        "base",
        sets=[
            "users.count=700",
            "users.sessions_per_day=0.3",
            "behaviour.cart_per_view=0.05",
            "behaviour.purchase_per_cart=0.2",
        ],
    )
    assert profiled.world_hash() == same.world_hash() != plain.world_hash()


def test_unknown_profiles_and_keys_are_told_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r'unknown profile "oto"\. Did you mean "otto"'):
        load_scenario("base", sets=["profile=oto"])
    with pytest.raises(BadInput, match=r"profile file .*no\.toml does not exist"):
        load_scenario("base", sets=[f"profile={tmp_path}/no.toml"])
    path = tmp_path / "p.toml"
    path.write_text('description = "A shop."\n[model.behavior]\nbounce_share = 0.2\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r'\[model.behavior\] is no part of a world. Did you mean "behaviour"'):
        load_scenario("base", sets=[f"profile={path}"])
    path.write_text('description = "A shop."\n[model.behaviour]\nbonce_share = 0.2\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"behaviour.bonce_share: unknown key"):
        load_scenario("base", sets=[f"profile={path}"])
    path.write_text('description = "A shop."\n[targets.stars]\nvalues = { mean = 4 }\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"targets.stars.source: field required"):
        load_scenario("base", sets=[f"profile={path}"])


def test_the_command_line_lists_profiles(recsim) -> None:
    ended = recsim("list", "profiles")
    assert ended.code == 0
    assert ended.out.splitlines()[1].startswith("amazon\t")
