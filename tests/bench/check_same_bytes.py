"""Is a world the same, byte for byte, however it is made? sha256 of every file, against the world one process makes.

    python tests/bench/check_same_bytes.py --scenario small [--kills 10] [--kill-seed 1] [--without-spark]

Made with 2 and 8 workers; with chunks drawn in smaller pieces; through Spark; and in attempts that are killed
(`kill -9`, the whole process group) at random moments until that many kills were survived; after each kill no world
may be visible and every finished file must be the right one already. In another layout (one partition more) the files
differ by design; there the rows must be the same when ids and order are left out and the funnel is given (that is
solved over a sample which follows the layout where a world has more than some million views).
Exits 1 where anything differs. A world of 100,000 users takes some 5 minutes of CPU.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from recsim.behaviour.world import build
from recsim.generate import chunk, pool
from recsim.generate.engine import generate, unfinished
from recsim.generate.pace import Pace
from recsim.runs import FileRecord, read_manifest, sha256_of
from recsim.scenario import load_scenario

Outputs = dict[str, FileRecord]
IDS = {
    "users": [],
    "products": [],
    "events": ["event_id", "session", "reference_id"],
    "sessions": ["session", "events", "ended_at"],
    "queries": ["query_id", "session"],
    "orders": ["order_id"],
    "reviews": ["review_id"],
}
"""Columns of a table that number rows inside a chunk, or count votes in it."""


class Making:
    """One scenario and the folder its worlds are made in."""

    def __init__(self, scenario: str, sets: list[str], folder: Path) -> None:
        self.words = [scenario, *(word for item in sets for word in ("--set", item))]
        self.folder = folder

    def start(self, name: str, *flags: str) -> subprocess.Popen[bytes]:
        """`recsim generate` in a process group of its own."""
        command = [sys.executable, "-m", "recsim.cli.main", "generate", *self.words, "--out", str(self.folder / name)]
        return subprocess.Popen([*command, "-q", *flags], stdout=subprocess.DEVNULL, start_new_session=True)

    def outputs(self, name: str) -> Outputs:
        """The files of a finished world, hashed again."""
        found = read_manifest(self.folder / name).outputs
        for path, record in found.items():
            assert sha256_of(self.folder / name / path) == record.sha256, f"{path} is not what the manifest says"
        return found

    def make(self, name: str, *flags: str) -> tuple[Outputs, float]:
        """A world and the seconds it took."""
        began = time.monotonic()
        if self.start(name, *flags).wait() != 0:
            sys.exit(f"generate {' '.join(flags)} failed")
        return self.outputs(name), time.monotonic() - began


def differences(one: Outputs, other: Outputs) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def killed(making: Making, expected: Outputs, kills: int, seed: int, whole_s: float) -> tuple[int, int, list[str]]:
    """Kill attempts until there were `kills`; returns kills, worlds finished on the way, files that differ."""
    dice, survived, finished, wrong = random.Random(seed), 0, 0, []
    while True:
        process = making.start("killed", "--workers", "2")
        if survived < kills:
            try:
                process.wait(timeout=dice.uniform(0.0, whole_s))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                survived += 1
        if process.wait() == 0 or (making.folder / "killed" / "manifest.json").exists():  # killed when all was done
            finished += 1
            wrong += differences(making.outputs("killed"), expected)
            if survived == kills:
                return survived, finished, sorted(set(wrong))
            subprocess.run(["rm", "-r", str(making.folder / "killed")], check=True)
            continue
        assert not (making.folder / "killed").exists(), "a world is visible before it is complete"
        begun = making.folder / ".killed.partial"
        for path in begun.rglob("part-*.parquet"):
            if sha256_of(path) != expected[path.relative_to(begun).as_posix()].sha256:
                wrong.append(f"half made: {path.relative_to(begun)}")


def in_other_pieces(scenario: str, sets: list[str], out: Path) -> Outputs:
    """The world with so little room for a chunk's rows that its drawing stops between two users, and goes on, often."""
    before = chunk._EVENTS_A_USER
    chunk._EVENTS_A_USER = 0
    try:
        return generate(load_scenario(scenario, sets=sets), out, workers=1).outputs
    finally:
        chunk._EVENTS_A_USER = before


def rows(folder: Path, table: str, leave_out: list[str]) -> pl.DataFrame:
    """The rows of a table in an order of their own. Votes on reviews of the same day stay inside a chunk: left out."""
    files = sorted((folder / table).rglob("*.parquet"))
    frame = pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files]).drop(leave_out)
    frame = frame.with_columns(pl.selectors.categorical().cast(pl.String))
    if table == "events":
        frame = frame.filter(~pl.col("event_type").is_in(["upvote", "downvote"]))
    return frame.sort(frame.columns)


def in_another_layout(making: Making, scenario: str, sets: list[str]) -> list[str]:
    """Tables whose rows depend on the number of partitions, ids and order left out, under the same funnel."""
    usual = load_scenario(scenario, sets=sets)
    other = load_scenario(scenario, sets=[*sets, f"layout.partitions={usual.layout.partitions + 1}"])
    out = making.folder / "layout"
    out.mkdir()
    world = build(other, build(usual).funnel)
    left = unfinished(world, out)
    pool.run(world, out, left, 1, Pace(left))
    one = making.folder / "one"
    return [table for table, ids in IDS.items() if not rows(one, table, ids).equals(rows(out, table, ids))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="small")
    parser.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--kill-seed", type=int, default=1)
    parser.add_argument("--without-spark", action="store_true")
    chosen = parser.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory() as name:
        making = Making(chosen.scenario, chosen.sets, Path(name))
        expected, _ = making.make("one", "--workers", "1")
        total = sum(record.bytes for record in expected.values())
        print(f"{chosen.scenario}: {len(expected)} files, {total / 1e6:.1f} MB from 1 worker", flush=True)

        def told(how: str, different: list[str]) -> None:
            nonlocal wrong
            wrong |= bool(different)
            print(
                f"{how:42s} {'the same' if not different else f'{len(different)} DIFFER: {different[:3]}'}", flush=True
            )

        two, whole_s = making.make("two", "--workers", "2")
        told("2 workers", differences(two, expected))
        told("8 workers", differences(making.make("eight", "--workers", "8")[0], expected))
        pieces = in_other_pieces(chosen.scenario, chosen.sets, making.folder / "pieces")
        told("chunks drawn in smaller pieces", differences(pieces, expected))
        told(f"rows in another layout ({len(IDS)} tables)", in_another_layout(making, chosen.scenario, chosen.sets))
        if not chosen.without_spark:
            spark, _ = making.make("spark", "--engine", "spark", "--master", "local[2]")
            told("Spark, local[2]", differences(spark, expected))
        survived, finished, different = killed(making, expected, chosen.kills, chosen.kill_seed, whole_s)
        told(f"kill -9 at {survived} moments, {finished} world(s) finished", different)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
