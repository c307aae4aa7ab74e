"""Killed at any moment: nothing half made is visible, and the same command then gives the same bytes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recsim.generate.engine import generate
from recsim.runs import FileRecord, read_manifest
from recsim.scenario import load_scenario

SETS = ["users.count=40000", "layout.partitions=6"]
GENERATE = ["generate", "smoke", *(word for item in SETS for word in ("--set", item)), "--workers", "2"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "RECSIM_DATA_DIR": str(folder / "data"), "RECSIM_REPORTS_DIR": str(folder / "reports")}
    command = [sys.executable, "-m", "recsim.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def half_made(folder: Path) -> list[Path]:
    """What is visible and not complete."""
    places = [folder / "data", folder / "reports"]
    entries = [entry for place in places if place.is_dir() for entry in place.iterdir() if entry.name[0] != "."]
    return [entry for entry in entries if not (entry / "manifest.json").is_file()]


def kill_when(begun: Callable[[], bool], folder: Path, *arguments: str) -> None:
    """Start, kill as soon as `begun`, and look that nothing half made is visible."""
    process = start(folder, *arguments)
    while not begun():
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert half_made(folder) == []


def outputs(folder: Path) -> dict[str, FileRecord]:
    return read_manifest(folder).outputs


def test_a_killed_generate_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    """Killed before the first file and between the chunks; its workers outlive it for a moment."""
    world = tmp_path / "data" / "smoke"
    begun = world.parent / ".smoke.partial"
    kill_when((begun / ".identity").exists, tmp_path, *GENERATE)
    kill_when(lambda: len(list(begun.glob(".done/.*.json"))) >= 2, tmp_path, *GENERATE)
    assert start(tmp_path, *GENERATE).wait() == 0
    whole = generate(load_scenario("smoke", sets=SETS), tmp_path / "whole", workers=1)
    assert read_manifest(world).outputs == whole.outputs


def test_a_killed_replay_starts_clean_and_gives_the_same_bytes(tmp_path: Path, smoke_world: Path) -> None:
    arguments = ["replay", "smoke", "--world", str(smoke_world), "--set", "requests.limit_per_day=200"]
    assert start(tmp_path, *arguments, "--out", str(tmp_path / "reports" / "whole")).wait() == 0
    killed = [*arguments, "--out", str(tmp_path / "reports" / "killed")]
    kill_when(lambda: len(list(tmp_path.glob("reports/.killed.partial/**/*.parquet"))) >= 2, tmp_path, *killed)
    assert start(tmp_path, *killed).wait() == 0
    assert outputs(tmp_path / "reports" / "killed") == outputs(tmp_path / "reports" / "whole")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_exits_130_and_says_how_to_go_on(tmp_path: Path, stop: signal.Signals) -> None:
    environment = {**os.environ, "RECSIM_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "recsim.cli.main", "generate", "small", "--set", "users.count=3000000"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    for _ in range(600):
        if list(tmp_path.glob(".small.partial/users/part-*")):
            break
        time.sleep(0.1)
    process.send_signal(stop)
    _, said = process.communicate()
    if process.returncode == 0:
        pytest.skip("this machine made the whole world before it could be interrupted")
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert re.search(rb"run the same command again to go on: [1-9]\d* of \d+ chunks are done", said)
    assert not list(tmp_path.rglob(".*.tmp"))
