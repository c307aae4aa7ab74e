"""Where the time of `recsim generate` goes, and how it compares with two simpler things. CPU time, medians.

    python tests/bench/bench_generate.py [--scenario 10m] [--chunks 3] [--nexmark CHECKOUT] [--tpc FOLDER]

`drawing alone` draws the same users and sessions over pages of one product, so that nobody has a choice; what it takes
less is the choosing. `write only` writes the columns of the event table from memory with the same encodings,
`write only, all` those of all tables of the chunk: the floor for anything that makes Parquet.
`numpy + pyarrow` is the usual generator without a model: numpy draws the same columns uniformly, sorts them by time,
and pyarrow writes them with its defaults. After the stages every peer of `generate_peers.py` runs in processes of its
own; that file says what each is and where CHECKOUT and FOLDER come from.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from generate_peers import uniform_events

from recsim.behaviour.world import World, build
from recsim.generate import arrival, chunk, sink
from recsim.scenario import load_scenario
from recsim.schema import TABLES, Event

Timings = dict[str, list[float]]
NO_CHOICE = ["behaviour.consideration=1", "behaviour.niches_per_page=1"]


def cpu(timings: Timings, name: str, work: Callable[[], object]) -> object:
    start = time.process_time()
    result = work()
    timings.setdefault(name, []).append(time.process_time() - start)
    return result


def split(world: World, bench: chunk.Workbench, folder: Path, partition: int, timings: Timings) -> tuple[int, pa.Table]:
    """One chunk, stage by stage; returns its events and its event table."""
    rows = cpu(timings, "draw and choose", lambda: chunk.draft_chunk(world, bench, 0, partition))
    log = cpu(timings, "order by arrival", lambda: arrival.by_arrival(rows))
    arrived, bases = log.order[: chunk._delivered(rows, log)], chunk.bases_of(world, 0, partition)
    emitting = encoding = 0.0
    batches = []
    with sink.part(folder / "split.parquet", Event) as writer:
        for some, out in chunk._groups(bench, arrived):
            start = time.process_time()
            arrival.emit(rows, log, some, out, bases, True)
            middle = time.process_time()
            columns = {**chunk._event_columns(world, out, len(some)), "arrival_delay_ms": out.delay_ms[: len(some)]}
            batch = sink.table(Event, columns, len(some))
            writer.write_batch(batch)
            emitting, encoding = emitting + middle - start, encoding + time.process_time() - middle
            batches.append(copied(batch))
    timings.setdefault("columns of events", []).append(emitting)
    timings.setdefault("encode events", []).append(encoding)
    return len(arrived), pa.Table.from_batches(batches)


def copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows in memory of their own: the bench's columns are used again for the next row group."""
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return pa.ipc.open_stream(stream.getvalue()).read_next_batch()


def write_only(table: pa.Table, path: Path) -> None:
    with sink.part(path, Event) as writer:
        for batch in table.to_batches(max_chunksize=sink.ROW_GROUP):
            writer.write_batch(batch)


def write_all(tables: dict[str, pa.Table], folder: Path) -> None:
    """Every table of a chunk again, from memory: events, sessions, queries, orders, reviews, votes, media, truth."""
    for name, table in tables.items():
        with sink.part(folder / name / "again.parquet", TABLES[name]) as writer:
            for batch in table.combine_chunks().to_batches(max_chunksize=sink.ROW_GROUP):
                writer.write_batch(batch)


def read_all(folder: Path) -> dict[str, pa.Table]:
    """The tables of a written chunk, by name."""
    files = sorted(folder.rglob("part-*.parquet"))
    return {str(file.parent.parent.relative_to(folder)): pq.ParquetFile(file).read() for file in files}


def report(timings: Timings, events: list[int]) -> None:
    mean = statistics.fmean(events)
    ns = {name: statistics.median(times) / mean * 1e9 for name, times in timings.items()}
    print(f"{mean / 1e6:.2f} M events a chunk, {len(events)} chunks; CPU ns an event and M events a CPU second\n")
    for name, value in ns.items():
        print(f"{name:22s} {value:8.1f} ns {1e3 / value:8.2f} M/s")
    print(f"\nwhole chunk / write all tables {ns['whole chunk'] / ns['write only, all']:.2f}")
    print(f"whole chunk / write only      {ns['whole chunk'] / ns['write only']:.2f}")
    print(f"whole chunk / numpy + pyarrow {ns['whole chunk'] / ns['numpy + pyarrow']:.2f}")


COUNTS = {
    "recsim": 2,
    "numpy": 4_000_000,
    "duckdb": 4_000_000,
    "faker": 5_000,
    "tpch": 20,
    "tpcds": 20,
    "nexmark": 5_000_000,
}


def peers(scenario: str, nexmark: str, tpc: str, repeats: int) -> None:
    """Each peer alone, medians of its CPU time; peak memory of its process, Python and libraries included."""
    print(
        f"\n{'peer':10s} {'M rows':>7s} {'M rows a CPU s':>15s} {'recsim is':>10s} {'bytes a row':>12s} {'peak MB':>8s}"
    )
    ours = 0.0
    for name, count in COUNTS.items():
        runs = [alone(name, count, scenario, nexmark, tpc) for _ in range(repeats)]
        if "absent" in runs[0]:
            print(f"{name:10s} skipped: {runs[0]['absent']}")
            continue
        rows, peak = runs[0]["rows"], max(run["peak_bytes"] for run in runs)
        rate = rows / statistics.median(run["cpu_s"] for run in runs)
        ours = ours or rate
        size = f"{runs[0]['bytes'] / rows:12.1f}" if runs[0]["bytes"] else f"{'not written':>12s}"
        print(
            f"{name:10s} {rows / 1e6:7.2f} {rate / 1e6:15.3f} {ours / rate:9.2f}x {size} {peak / 1e6:8.0f}", flush=True
        )


def alone(name: str, count: int, scenario: str, nexmark: str, tpc: str) -> dict[str, Any]:
    path = [tpc] if tpc and name in ("tpch", "tpcds") else []
    own = {
        "PYTHONPATH": os.pathsep.join([*path, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "BENCH_SCENARIO": scenario,
        "NEXMARK": nexmark,
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).with_name("generate_peers.py")), name, str(count), folder]
        ended = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if ended.returncode:
        return {"absent": (ended.stderr.strip().splitlines() or ["it failed"])[-1]}
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="10m")
    parser.add_argument("--chunks", type=int, default=3)
    parser.add_argument("--nexmark", default="", metavar="CHECKOUT")
    parser.add_argument("--tpc", default="", metavar="FOLDER")
    chosen = parser.parse_args()
    scenario = load_scenario(chosen.scenario)
    pa.set_cpu_count(1)
    timings: Timings = {}
    world = build(scenario)
    bare = build(load_scenario(chosen.scenario, sets=NO_CHOICE), world.funnel)
    bench = chunk.Workbench(world)
    events = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chunk.write_chunk(world, bench, folder / "warm", 0, 0)
        for partition in range(min(chosen.chunks, scenario.layout.partitions)):
            count, table = split(world, bench, folder, partition, timings)
            events.append(count)
            cpu(timings, "drawing alone", lambda p=partition: chunk.draft_chunk(bare, bench, 0, p))
            cpu(timings, "whole chunk", lambda p=partition: chunk.write_chunk(world, bench, folder / "w", 0, p))
            everything = read_all(folder / "w")
            cpu(timings, "write only, all", lambda t=everything: write_all(t, folder / "again"))
            shutil.rmtree(folder / "w")
            cpu(timings, "write only", lambda t=table: write_only(t, folder / "only.parquet"))
            cpu(
                timings,
                "numpy + pyarrow",
                lambda c=count: uniform_events(c, world.users, world.scenario.products.count, folder / "peer.parquet"),
            )
    report(timings, events)
    peers(chosen.scenario, chosen.nexmark, chosen.tpc, repeats=3)


if __name__ == "__main__":
    main()
