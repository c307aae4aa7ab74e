"""What a user meets off the beaten track: odd names, links, full pipes, extreme settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

Recsim = Callable[..., Any]

LOG = "user_id,product_id,event_type,event_timestamp\n1,10,view_product,1700000000\n2,10,looked_at,1700000100\n"


@pytest.fixture
def shop(tmp_path: Path, smoke_world: Path) -> Path:
    """A private copy of a world at data/smoke."""
    target = tmp_path / "data" / "smoke"
    shutil.copytree(smoke_world, target)
    return target


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_refused_rows_of_an_import_are_named_with_their_lines(recsim: Recsim, log: Path) -> None:
    said = recsim("import", "events", log).err
    assert "1 of 2 rows were refused: log.csv line 3" in said


def test_a_name_is_no_way_out_of_the_data_folder(recsim: Recsim, log: Path, tmp_path: Path) -> None:
    outcome = recsim("import", "events", log, "--name", "../elsewhere")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--out" in outcome.err
    assert not (tmp_path / "elsewhere").exists()


def test_the_next_command_can_be_pasted_where_a_path_has_spaces(recsim: Recsim, log: Path, tmp_path: Path) -> None:
    said = recsim("import", "events", log, "--out", tmp_path / "my world").err
    assert f"next: recsim evaluate '{tmp_path / 'my world'}'" in said


def test_a_link_is_followed_and_stays(recsim: Recsim, log: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for flags in ([], ["--force"], ["--force"]):
        assert recsim("import", "events", log, "--out", tmp_path / "link", *flags).code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "manifest.json").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_said_in_a_sentence() -> None:
    command = [sys.executable, "-m", "recsim.cli.main", "list", "scenarios"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=dict(os.environ), check=False
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("recsim: the disk written to is full")
    assert "Traceback" not in ended.stderr


def test_replay_of_a_scenario_whose_world_differs_says_how_to_go_on(recsim: Recsim, shop: Path) -> None:
    outcome = recsim("replay", "smoke", "--seed", 9)
    assert outcome.code == 2
    assert f"--world {shop}" in outcome.err
    assert "--force" not in outcome.err


def test_a_dry_replay_counts_the_events_of_the_world_that_is_there(recsim: Recsim, shop: Path) -> None:
    events = orjson.loads((shop / "manifest.json").read_bytes())["facts"]["events"]
    assert orjson.loads(recsim("replay", "smoke", "--dry-run", "--json").out)["estimate"]["events"] == events


def test_a_dry_replay_of_a_missing_world_counts_as_generate_does(recsim: Recsim) -> None:
    made = orjson.loads(recsim("generate", "smoke", "--dry-run", "--json").out)["estimate"]["rows"]["events"]
    assert orjson.loads(recsim("replay", "smoke", "--dry-run", "--json").out)["estimate"]["events"] == made


@pytest.mark.parametrize("flag", [["--metric", "bogus"], ["--split", "bogus"], ["--split", "given"]])
def test_a_dry_evaluation_refuses_what_the_evaluation_would(recsim: Recsim, shop: Path, flag: list[str]) -> None:
    assert recsim("evaluate", shop, "--dry-run", *flag).code == 2


def test_a_threshold_is_a_number(recsim: Recsim, shop: Path) -> None:
    assert recsim("evaluate", shop, "--fail-under", "ndcg@20=nan").code == 2


def test_one_damaged_world_does_not_hide_the_others(recsim: Recsim, shop: Path) -> None:
    shutil.copytree(shop, shop.parent / "broken")
    (shop.parent / "broken" / "manifest.json").write_text("{}", encoding="utf-8")
    outcome = recsim("list", "worlds")
    assert outcome.code == 0
    assert "broken\tunusable: " in outcome.out
    assert "2,000 users" in outcome.out


def test_a_slate_of_one_candidate_is_served(recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    flags = ["--set", "ranking.candidates=1", "--set", "ranking.slate=1", "--set", "requests.limit_per_day=60"]
    assert recsim("replay", "smoke", "--world", shop, "--out", tmp_path / "run", *flags).code == 0


def test_weights_that_overflow_training_are_refused(recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    flags = ["--set", "training.alpha=10000", "--set", "evaluation.signals.view_product=1e6"]
    outcome = recsim("replay", "smoke", "--world", shop, "--out", tmp_path / "run", *flags)
    assert outcome.code == 2
    assert "training.alpha" in outcome.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "setting",
    [
        "calendar.first_day=0001-01-01",
        "calendar.first_day=9999-12-30",
        "users.regions={a=1e308,b=1e308}",
        "products.median_price_usd=1e30",
        "transport.delay_median_ms=1e300",
        "stream.allowed_lateness_minutes=0",
        "evaluation.signals={purchse=1}",
    ],
)
def test_settings_that_no_world_can_have_are_refused(recsim: Recsim, setting: str) -> None:
    outcome = recsim("generate", "smoke", "--set", setting)
    assert outcome.code == 2
    assert setting.partition("=")[0] in outcome.err
