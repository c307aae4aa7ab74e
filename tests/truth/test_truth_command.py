"""`recsim truth` as a user calls it: of worlds, of scenarios nothing was generated of, and where nobody knows."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from test_truth_answers import SETS

Command = Callable[..., "object"]
SMALLER = [word for one in [*SETS, "users.count=600"] for word in ("--set", one)]


@pytest.fixture
def world(recsim: Command, tmp_path: Path) -> Path:
    assert recsim("generate", "smoke", *SMALLER, "--out", tmp_path / "w").code == 0
    return tmp_path / "w"


def test_a_scenario_answers_as_its_world_does(recsim: Command, world: Path) -> None:
    question = ("--user", 7, "--product", 12, "--slate", "5,12", "--query", 0, "--event", 3, "--json")
    of_world = json.loads(recsim("truth", world, *question).out)
    of_scenario = json.loads(recsim("truth", "smoke", *SMALLER, *question).out)
    assert of_world.pop("of") == f"world {world}"
    assert of_scenario.pop("of") == "scenario smoke"
    assert of_world == of_scenario


def test_a_world_answers_after_its_tables_are_read_by_nobody(recsim: Command, world: Path) -> None:
    """What it says comes from the manifest: tables with other bytes of the same length change nothing."""
    before = recsim("truth", world, "--user", 7, "--json").out
    for file in world.rglob("*.parquet"):
        file.write_bytes(b"\0" * file.stat().st_size)
    assert recsim("truth", world, "--user", 7, "--json").out == before


def test_an_account_that_is_no_customer_has_a_label_and_chooses_nothing(recsim: Command, world: Path) -> None:
    asked = json.loads(recsim("truth", world, "--user", 0, "--product", 1, "--json").out)
    assert asked["user"]["adversary"] is None
    assert asked["choice"]["session_opens"] is not None
    import polars as pl

    crawler = pl.read_parquet(world / "truth/adversaries/*.parquet")["user_id"][0]
    asked = json.loads(recsim("truth", world, "--user", crawler, "--product", 1, "--json").out)
    assert asked["user"]["adversary"]["kind"] == "crawler"
    assert asked["choice"]["session_opens"] is None


def test_where_nobody_knows_the_truth_that_is_said(recsim: Command, world: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("user,item,at,what\n1,2,2025-01-01T00:00:00,view\n1,3,2025-01-01T01:00:00,view\n")
    pairs = ("user=user_id", "item=product_id", "at=event_timestamp", "what=event_type")
    maps = [word for pair in pairs for word in ("--map", pair)]
    imported = tmp_path / "imported"
    assert recsim("import", "events", log, "--out", imported, *maps).code == 0
    other = copytree(world, tmp_path / "other")
    manifest = other / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace("recsim-world/", "recsim-world/0.").replace('"identity": "', '"identity": "0')
    )
    for reference, words, more in (
        (imported, "nobody knows the truth behind a real log", ()),
        (other, "made by another version (recsim-world/0.", ()),
        ("smoek", 'no world and no scenario "smoek". Did you mean "smoke"?', ()),
        (world, "--set and --seed are for the name of a scenario", ("--seed", 3)),
    ):
        ended = recsim("truth", reference, "--user", 0, *more)
        assert ended.code == 2
        assert words in ended.err
        assert ended.out == ""
