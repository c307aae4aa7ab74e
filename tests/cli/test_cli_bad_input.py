"""Bad input: one clear sentence, the right exit code, nothing written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

Recsim = Callable[..., Any]


@pytest.fixture
def shop(tmp_path: Path, smoke_world: Path) -> Path:
    """A private copy of a world, to be damaged, at data/smoke."""
    target = tmp_path / "data" / "smoke"
    shutil.copytree(smoke_world, target)
    return target


def scenario(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(outcome: Any, *words: str, code: int = 2) -> None:
    assert outcome.code == code, outcome
    assert outcome.out == ""
    message = outcome.err.strip()
    assert message.startswith("recsim: ")
    assert "Traceback" not in message
    assert message[-1] in ".?"
    for word in words:
        assert word in message


def nothing_written(folder: Path) -> bool:
    return not any(any((folder / name).glob("*")) for name in ("data", "reports"))


SCENARIOS = {
    "wrong key": ("[users]\ncuont = 5\n", ["users.cuont", 'Did you mean "count"']),
    "wrong section": ("[usres]\ncount = 5\n", ["usres", 'Did you mean "users"']),
    "wrong type": ('[users]\ncount = "many"\n', ["users.count", "integer"]),
    "negative count": ("[products]\ncount = -4\n", ["products.count", "-4"]),
    "share above one": ("[behaviour]\nbounce_share = 1.5\n", ["behaviour.bounce_share", "1.5"]),
    "both sizes": ("[users]\ncount = 5\ndaily_active = 3\n", ["exactly one of users.count"]),
    "seed out of range": ("seed = -3\n", ["seed", "-3"]),
    "infinite number": ("[users]\ncount = 5\nsessions_per_day = inf\n", ["users.sessions_per_day"]),
    "unknown policy": ('[ranking]\npolicy = "best"\n', ["ranking.policy", "softmax"]),
    "extends nothing known": ('extends = "smok"\n', ["smok", 'Did you mean "smoke"']),
    "extends itself": ('extends = "mine"\n', ["mine.toml → mine.toml"]),
    "extends a number": ("extends = 3\n", ["extends", "3"]),
    "not TOML": ("[users\ncount = 5\n", ["not valid TOML", "line 1"]),
    "not text": ("\udcff", ["can't be read"]),
}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_a_bad_scenario_is_refused_by_generate(kind: str, recsim: Recsim, tmp_path: Path) -> None:
    text, words = SCENARIOS[kind]
    path = tmp_path / "mine.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(recsim("generate", path), *words)
    assert nothing_written(tmp_path)


COMMANDS = {
    "unknown scenario": (["generate", "smal"], ['unknown scenario "smal"', 'Did you mean "small"']),
    "missing file": (["generate", "nowhere/x.toml"], ["nowhere/x.toml", "does not exist"]),
    "bad --set": (["generate", "smoke", "--set", "users.count"], ["key=value"]),
    "unknown --set key": (["generate", "smoke", "--set", "user.count=3"], ['Did you mean "users"']),
    "unknown world": (["evaluate", "smoek"], ['no world "smoek"']),
    "unknown world of replay": (["replay", "smoke", "--world", "elsewhere"], ['no world "elsewhere"']),
    "unknown importer": (["import", "retailrockt", "."], ['Did you mean "retailrocket"']),
    "import of nothing": (["import", "retailrocket", "nowhere"], ["nowhere"]),
    "bad --map": (["import", "events", ".", "--map", "user"], ["column=field"]),
    "bad --fail-under": (["evaluate", "smoke", "--fail-under", "ndcg@20"], ["metric=value"]),
    "report of nothing": (["report", "nowhere"], ["no run or world nowhere"]),
    "rerun of nothing": (["rerun", "nowhere", "--out", "x"], ["nowhere"]),
    "unknown list": (["list", "recomenders"], ['Did you mean "recommenders"']),
    "plan from nothing": (["capacity-plan", "10m", "--from", "nowhere"], ["nowhere"]),
    "unknown capacity constant": (
        ["capacity-plan", "10m", "--set", "capacity.pages_per_sesion.mid=3"],
        ["pages_per_sesion", 'Did you mean "pages_per_session"'],
    ),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_bad_command_line_is_refused(kind: str, recsim: Recsim, tmp_path: Path) -> None:
    arguments, words = COMMANDS[kind]
    refused(recsim(*arguments), *words)
    assert nothing_written(tmp_path)


EVALUATIONS = {
    "unknown recommender": (["--recommender", "populr"], ['"populr"', 'Did you mean "popular"']),
    "unknown metric": (["--metric", "ndgc@20"], ['Did you mean "ndcg"']),
    "metric without a cutoff": (["--metric", "recall"], ["recall"]),
    "metric with a zero cutoff": (["--metric", "recall@0"], ["recall@0"]),
    "unknown split": (["--split", "globaltime"], ["globaltime", "global-time"]),
    "a split the world does not bring": (["--split", "given"], ["brings no test split"]),
    "a threshold on what is not computed": (
        ["--recommender", "popular", "--metric", "hit@5", "--fail-under", "ndcg@20=0.1"],
        ["ndcg@20", "--metric"],
    ),
}


@pytest.mark.parametrize("kind", EVALUATIONS)
def test_a_bad_evaluation_is_refused(kind: str, recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    arguments, words = EVALUATIONS[kind]
    refused(recsim("evaluate", shop, *arguments), *words)
    assert not any((tmp_path / "reports").glob("*"))


def test_a_missed_threshold_exits_3_and_keeps_the_run(recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    command = ["evaluate", shop, "--recommender", "popular", "--metric", "hit@5", "--fail-under", "hit@5=1.01"]
    outcome = recsim(*command)
    assert outcome.code == 3
    assert "below the 1.01" in outcome.err
    assert next(path.name for path in (tmp_path / "reports").iterdir()).startswith("evaluate-smoke-")


URLS = {
    "unknown feature store": ("stores.features=reddis://x", 2, ["reddis", 'Did you mean "redis"']),
    "unknown product store": ("stores.products=mongo://x", 2, ["mongo://x"]),
    "silent Redis": ("stores.features=redis://127.0.0.1:1/0", 4, ["redis://127.0.0.1:1"]),
    "silent MongoDB": ("stores.products=mongodb://127.0.0.1:1/shop?serverSelectionTimeoutMS=200", 4, ["127.0.0.1:1"]),
}


@pytest.mark.parametrize("kind", URLS)
def test_a_store_that_is_not_there_is_named(kind: str, recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    setting, code, words = URLS[kind]
    refused(recsim("replay", "smoke", "--world", shop, "--set", setting), *words, code=code)
    assert not any((tmp_path / "reports").glob("*"))


def first_events(world: Path) -> Path:
    return sorted(world.glob("events/*/*.parquet"))[0]


def damage_truncate(world: Path) -> None:
    os.truncate(first_events(world), 100)


def damage_garble(world: Path) -> None:
    file = first_events(world)
    file.write_bytes(b"x" * file.stat().st_size)


def damage_remove(world: Path) -> None:
    first_events(world).unlink()


def damage_manifest(world: Path) -> None:
    (world / "manifest.json").write_text("{", encoding="utf-8")


def damage_no_manifest(world: Path) -> None:
    (world / "manifest.json").unlink()


def damage_version(world: Path) -> None:
    tree = orjson.loads((world / "manifest.json").read_bytes())
    (world / "manifest.json").write_bytes(orjson.dumps({**tree, "schema_version": 99}))


def damage_manifest_keys(world: Path) -> None:
    tree = orjson.loads((world / "manifest.json").read_bytes())
    del tree["outputs"]
    (world / "manifest.json").write_bytes(orjson.dumps(tree))


DAMAGES = {
    "truncated Parquet": (damage_truncate, ["has 100 bytes instead of", "--force"]),
    "garbled Parquet": (damage_garble, ["can't be read"]),
    "missing file": (damage_remove, ["is missing", "--force"]),
    "broken manifest": (damage_manifest, ["manifest.json", "can't be read"]),
    "no manifest": (damage_no_manifest, ["no manifest.json"]),
    "another schema version": (damage_version, ["schema version 99", "recsim generate"]),
    "incomplete manifest": (damage_manifest_keys, ["not a valid manifest"]),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_world_is_refused(kind: str, recsim: Recsim, shop: Path, tmp_path: Path) -> None:
    damage, words = DAMAGES[kind]
    damage(shop)
    refused(recsim("replay", "smoke", "--world", shop), *words)
    assert not any((tmp_path / "reports").glob("*"))


def test_a_directory_that_cannot_be_written_is_named(recsim: Recsim, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    refused(recsim("generate", "smoke", "--out", tmp_path / "file" / "world"), "can't be written", "--out")


def test_a_directory_that_is_something_else_is_left_alone(recsim: Recsim, tmp_path: Path) -> None:
    precious = tmp_path / "photos"
    precious.mkdir()
    (precious / "cat.jpg").write_text("cat", encoding="utf-8")
    refused(recsim("generate", "smoke", "--out", precious), "not a recsim directory")
    refused(recsim("generate", "smoke", "--out", precious, "--force"), "not a recsim directory")
    assert (precious / "cat.jpg").exists()


def test_a_full_disk_shows_nothing_half_made_and_keeps_the_chunks(
    recsim: Recsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recsim.runs.write_json", full)
    refused(recsim("generate", "smoke", "--workers", 1), "disk", "full")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".smoke.partial"]
    assert list((tmp_path / "data").rglob("part-*.parquet"))


def test_a_world_of_another_scenario_is_not_overwritten(recsim: Recsim, shop: Path) -> None:
    refused(recsim("generate", "smoke", "--set", "users.count=10"), "holds another world", "--force")
    assert shop.is_dir()


def test_an_unknown_option_exits_2(recsim: Recsim) -> None:
    assert recsim("generate", "smoke", "--wrokers", 3).code == 2


def test_a_misspelled_environment_variable_is_refused(recsim: Recsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSIM_USERS_COUNT", "5")
    refused(recsim("generate", "smoke"), "RECSIM_USERS_COUNT", "RECSIM_USERS__COUNT")
