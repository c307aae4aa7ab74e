"""Scenarios: extends, overrides, and every problem at once."""

from pathlib import Path

import pytest

from recsim.errors import BadInput
from recsim.scenario import Scenario, load_scenario, scenario_files


def write(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", sorted(scenario_files()))
def test_every_shipped_scenario_is_valid_and_described(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.description


def test_the_shipped_sizes_are_the_documented_ones() -> None:
    sizes = {
        n: (s.users.count or s.users.daily_active, s.products.count, s.calendar.days)
        for n in scenario_files()
        if (s := load_scenario(n))
    }
    assert sizes["smoke"] == (2_000, 500, 3)
    assert sizes["small"] == (100_000, 10_000, 7)
    assert sizes["10m"] == (10_000_000, 100_000, 1)
    assert sizes["100m"] == (100_000_000, 1_000_000, 1)


def test_a_file_says_only_what_differs_from_what_it_extends(tmp_path: Path) -> None:
    write(tmp_path, "shop", "seed = 7\n[users]\ncount = 50\n[products]\ncount = 300\n")
    path = write(tmp_path, "shop2", 'extends = "shop"\n[products]\ncount = 400\n')
    scenario = load_scenario(path)
    assert (scenario.name, scenario.seed, scenario.users.count, scenario.products.count) == ("shop2", 7, 50, 400)


def test_a_flag_beats_set_beats_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "shop", "seed = 1\n[users]\ncount = 10\nsessions_per_day = 1.0\n[products]\ncount = 110\n")
    monkeypatch.setenv("RECSIM_SEED", "2")
    monkeypatch.setenv("RECSIM_USERS__COUNT", "20")
    monkeypatch.setenv("RECSIM_PRODUCTS__COUNT", "210")
    scenario = load_scenario(path, sets=["products.count=310", "seed=3"], seed=4)
    assert (scenario.seed, scenario.users.count, scenario.products.count) == (4, 20, 310)


def test_naming_one_size_of_users_takes_the_inherited_other_out() -> None:
    scenario = load_scenario("smoke", sets=["users.daily_active=900"])
    assert (scenario.users.count, scenario.users.daily_active) == (None, 900)


def test_all_problems_are_reported_at_once_with_suggestions(tmp_path: Path) -> None:
    path = write(tmp_path, "bad", "seed = -1\n[users]\ncuont = 3\ncount = 5\n[products]\ncount = 'many'\n")
    with pytest.raises(BadInput, match="3 problems") as caught:
        load_scenario(path)
    assert "seed: " in str(caught.value)
    assert 'users.cuont: unknown key. Did you mean "count"?' in str(caught.value)
    assert "products.count: " in str(caught.value)


def test_a_cycle_of_extends_is_shown_as_a_chain(tmp_path: Path) -> None:
    write(tmp_path, "a", 'extends = "b"\n')
    write(tmp_path, "b", 'extends = "a"\n')
    with pytest.raises(BadInput, match=r"a\.toml → b\.toml → a\.toml"):
        load_scenario(str(tmp_path / "a.toml"))


def test_both_sizes_of_users_at_once_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "two", "[users]\ncount = 5\ndaily_active = 2\n")
    with pytest.raises(BadInput, match="exactly one of users"):
        load_scenario(path)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="line 1"):
        load_scenario(write(tmp_path, "broken", "seed = = 3\n"))


def test_an_unknown_scenario_suggests_a_close_one() -> None:
    with pytest.raises(BadInput, match='Did you mean "smoke"'):
        load_scenario("smok")


def test_the_world_hash_ignores_what_no_world_depends_on() -> None:
    base, other = load_scenario("smoke"), load_scenario("smoke", sets=["ranking.slate=5"])
    assert base.world_hash() == other.world_hash()
    assert base.hash() != other.hash()


def test_a_resolved_scenario_reads_back_as_itself() -> None:
    scenario = load_scenario("10m")
    assert Scenario.model_validate(scenario.resolved()) == scenario
