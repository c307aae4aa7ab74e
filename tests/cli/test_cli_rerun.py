"""A manifest alone is enough to make the same bytes again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Recsim = Callable[..., Any]

SETTINGS = ["--set", "users.count=300", "--set", "users.regions.br=0.2", "--set", "requests.limit_per_day=50"]
RUNS = {
    "generate": ["generate", "smoke", *SETTINGS],
    "replay": ["replay", "smoke", *SETTINGS],
    "evaluate": ["evaluate", "smoke", "--recommender", "als", "--recommender", "random", "--metric", "map@5"],
    "capacity-plan": ["capacity-plan", "10m", "--audit", "--set", "capacity.pages_per_session.mid=9"],
}


@pytest.mark.parametrize("verb", RUNS)
def test_every_verb_makes_the_same_bytes_from_its_manifest(verb: str, recsim: Recsim, tmp_path: Path) -> None:
    assert recsim(*RUNS["generate"]).code == 0
    out = tmp_path / "data" / "smoke" if verb == "generate" else tmp_path / "first"
    if verb != "generate":
        assert recsim(*RUNS[verb], "--out", out).code == 0
    again = recsim("rerun", out, "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert "identical" in again.out


def test_a_difference_is_named_and_exits_3(recsim: Recsim, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    assert recsim("capacity-plan", "10m", "--out", out).code == 0
    manifest = out / "manifest.json"
    text = manifest.read_text()
    sha = text.split('"sha256": "')[1][:64]
    manifest.write_text(text.replace(sha, "0" * 64))
    ended = recsim("rerun", out, "--out", tmp_path / "again")
    assert ended.code == 3
    assert "results.json" in ended.err


def test_a_replay_of_a_world_outside_the_data_directory_is_made_again(
    recsim: Recsim, smoke_world: Path, tmp_path: Path
) -> None:
    few = ["--set", "requests.limit_per_day=20"]
    assert recsim("replay", "smoke", "--world", smoke_world, *few, "--out", tmp_path / "first").code == 0
    again = recsim("rerun", tmp_path / "first", "--out", tmp_path / "again")
    assert again.code == 0, again.err
