"""Killed at any moment: nothing half made is visible, and the same command then gives the same bytes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsim.runs import FileRecord, read_manifest

pytestmark = pytest.mark.slow

GENERATE = ["generate", "smoke", "--set", "users.count=20000", "--set", "layout.partitions=6", "--workers", "2"]


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "RECSIM_DATA_DIR": str(folder / "data"), "RECSIM_REPORTS_DIR": str(folder / "reports")}
    command = [sys.executable, "-m", "recsim.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def half_made(folder: Path) -> list[Path]:
    """What is visible and not complete."""
    places = [folder / "data", folder / "reports"]
    entries = [entry for place in places if place.is_dir() for entry in place.iterdir() if entry.name[0] != "."]
    return [entry for entry in entries if not (entry / "manifest.json").is_file()]


def kill_at(moments_s: list[float], folder: Path, *arguments: str) -> None:
    for moment_s in moments_s:
        process = start(folder, *arguments)
        time.sleep(moment_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert half_made(folder) == []


def outputs(folder: Path) -> dict[str, FileRecord]:
    return read_manifest(folder).outputs


def test_a_killed_generate_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    assert start(tmp_path / "whole", *GENERATE).wait() == 0
    kill_at([0.6, 2.0, 2.8], tmp_path / "killed", *GENERATE)
    assert start(tmp_path / "killed", *GENERATE).wait() == 0
    assert outputs(tmp_path / "killed" / "data" / "smoke") == outputs(tmp_path / "whole" / "data" / "smoke")


def test_a_killed_replay_starts_clean_and_gives_the_same_bytes(tmp_path: Path, smoke_world: Path) -> None:
    arguments = ["replay", "smoke", "--world", str(smoke_world), "--set", "requests.limit_per_day=200"]
    assert start(tmp_path, *arguments, "--out", str(tmp_path / "reports" / "whole")).wait() == 0
    killed = [*arguments, "--out", str(tmp_path / "reports" / "killed")]
    kill_at([1.5, 3.0], tmp_path, *killed)
    assert start(tmp_path, *killed).wait() == 0
    assert outputs(tmp_path / "reports" / "killed") == outputs(tmp_path / "reports" / "whole")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_exits_130_and_says_how_to_go_on(tmp_path: Path, stop: signal.Signals) -> None:
    environment = {**os.environ, "RECSIM_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "recsim.cli.main", "generate", "small", "--set", "users.count=400000"]
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
