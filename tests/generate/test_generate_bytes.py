"""Same scenario, same bytes: whatever the workers, the order, and how often the making was interrupted."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recsim.behaviour.world import build
from recsim.errors import BadInput, Interrupted
from recsim.generate import chunk, pool
from recsim.generate.engine import estimate, generate, identity, jobs
from recsim.runs import Manifest, read_manifest, record
from recsim.scenario import Scenario, load_scenario

SETS = ["users.count=3000", "products.count=300", "calendar.days=4", "layout.partitions=4"]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("smoke", sets=SETS)


@pytest.fixture(scope="module")
def reference(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return generate(scenario, tmp_path_factory.mktemp("reference") / "w", workers=1)


def test_two_workers_make_the_same_files_as_one(scenario: Scenario, reference: Manifest, tmp_path: Path) -> None:
    manifest = generate(scenario, tmp_path / "w", workers=2)
    assert manifest.outputs == reference.outputs
    assert manifest.facts == reference.facts


def test_chunks_made_backwards_are_the_same(scenario: Scenario, reference: Manifest, tmp_path: Path) -> None:
    world = build(scenario)
    bench = chunk.Workbench(world)
    for job in reversed(jobs(world)):
        pool.do(world, bench, tmp_path, job)
    made = {path.relative_to(tmp_path).as_posix(): record(path) for path in tmp_path.rglob("part-*.parquet")}
    assert made == reference.outputs


def test_an_interrupted_world_is_finished_without_making_its_chunks_again(
    scenario: Scenario, reference: Manifest, tmp_path: Path
) -> None:
    def interrupt(stage: str, done: int, total: int, unit: str, detail: str = "") -> None:
        if done == 15:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="to go on: 15 of 21 chunks are done"):
        generate(scenario, tmp_path / "w", workers=1, progress=interrupt)
    assert not (tmp_path / "w").exists()
    kept = {path: path.stat().st_ino for path in (tmp_path / ".w.partial").rglob("events/*/part-*.parquet")}
    assert kept
    manifest = generate(scenario, tmp_path / "w", workers=1)
    assert manifest.outputs == reference.outputs
    moved = {tmp_path / "w" / path.relative_to(tmp_path / ".w.partial"): inode for path, inode in kept.items()}
    assert all(path.stat().st_ino == inode for path, inode in moved.items())


def test_a_world_can_be_made_in_slices(scenario: Scenario, reference: Manifest, tmp_path: Path) -> None:
    """No time at all: every attempt does one job a worker."""
    for done in (1, 2, 3):
        with pytest.raises(Interrupted, match=f"stopped as asked.* {done} of 21 chunks are done"):
            generate(scenario, tmp_path / "w", workers=1, stop_after_s=0.0)
    with pytest.raises(Interrupted, match="5 of 21"):
        generate(scenario, tmp_path / "w", workers=2, stop_after_s=0.0)
    generate(scenario, tmp_path / "w", workers=1)
    assert read_manifest(tmp_path / "w").outputs == reference.outputs


def test_a_full_disk_keeps_what_is_finished(
    scenario: Scenario, reference: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = chunk.write_chunk

    def full(*arguments: Any) -> dict[str, int]:
        if len(list((tmp_path / ".w.partial" / ".done").iterdir())) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(*arguments)

    monkeypatch.setattr(chunk, "write_chunk", full)
    with pytest.raises(BadInput, match="is full; free room and the same command then goes on"):
        generate(scenario, tmp_path / "w", workers=1)
    monkeypatch.undo()
    told: list[tuple[int, int]] = []
    generate(scenario, tmp_path / "w", workers=1, progress=lambda stage, done, total, *_: told.append((done, total)))
    assert told[0] == (10, 21)
    assert read_manifest(tmp_path / "w").outputs == reference.outputs


def test_a_disk_that_is_too_small_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsim.generate.room.shutil.disk_usage", lambda _: SimpleNamespace(free=2_000_000_000))
    with pytest.raises(BadInput, match=r"needs about \d.* more and its disk has 2 GB free"):
        generate(load_scenario("100m"), tmp_path / "w")
    assert not list(tmp_path.iterdir())


def test_a_killed_generate_leaves_nothing_visible_and_the_same_call_finishes_it(
    scenario: Scenario, reference: Manifest, tmp_path: Path
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from recsim.generate.engine import generate;"
        "from recsim.scenario import load_scenario;"
        f"slow = lambda *_: time.sleep(0.05); generate(load_scenario('smoke', sets={SETS!r}),"
        f"Path({str(tmp_path / 'w')!r}), workers=1, progress=slow)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )
    marks = tmp_path / ".w.partial" / ".done"
    for _ in range(600):
        if marks.is_dir() and len(list(marks.iterdir())) >= 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "w").exists()
    assert generate(scenario, tmp_path / "w", workers=1).outputs == reference.outputs
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["w"]
    assert not list((tmp_path / "w").rglob(".*"))


def test_a_world_is_not_overwritten_unless_forced(scenario: Scenario, reference: Manifest, tmp_path: Path) -> None:
    generate(scenario, tmp_path / "w", workers=1)
    before = (tmp_path / "w" / "manifest.json").stat().st_ino
    with pytest.raises(BadInput, match="exists already"):
        generate(scenario, tmp_path / "w", workers=1)
    assert (tmp_path / "w" / "manifest.json").stat().st_ino == before
    assert generate(scenario, tmp_path / "w", workers=1, force=True).outputs == reference.outputs


def test_the_identity_follows_the_world_and_nothing_else(scenario: Scenario) -> None:
    same = load_scenario("smoke", sets=[*SETS, "ranking.slate=7"])
    other = load_scenario("smoke", sets=[*SETS, "behaviour.bounce_share=0.4"])
    assert identity(same) == identity(scenario)
    assert identity(other) != identity(scenario)


def test_the_estimate_is_near_what_is_made(tmp_path: Path) -> None:
    """Of users who do not differ much: the mean of 3,000 lognormal activities of sigma 1.9 is itself not certain."""
    even = load_scenario("smoke", sets=[*SETS, "users.activity_sigma=0.5"])
    rows, facts = estimate(even)["rows"], generate(even, tmp_path / "w", workers=1).facts
    for table in ("events", "sessions", "queries"):
        assert rows[table] == pytest.approx(facts[table], rel=0.05)
    assert rows["users"] == facts["users"]


def test_more_tenants_than_categories_is_refused_with_the_remedy(tmp_path: Path) -> None:
    tight = load_scenario("smoke", sets=["products.categories=2", "users.tenants={a=1, b=1, c=1}"])
    with pytest.raises(BadInput, match=r"raise products\.categories"):
        generate(tight, tmp_path / "w", workers=1)
    assert not list(tmp_path.iterdir())
