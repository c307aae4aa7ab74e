"""Where the time of `recsim generate` goes, and how it compares with two simpler things. CPU time, medians.

    python tests/bench/bench_generate.py [--scenario 10m] [--chunks 3]

`write only` writes the columns of the event table from memory with the same encodings, `write only, all` those of all
tables of the chunk: the floor for anything that makes Parquet.
`numpy + pyarrow` is the usual generator without a model: numpy draws the same columns uniformly, sorts them by time,
and pyarrow writes them with its defaults.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsim.behaviour.world import World, build
from recsim.generate import arrival, chunk, sink
from recsim.scenario import load_scenario
from recsim.schema import EVENT_TYPES, TABLES, Event

Timings = dict[str, list[float]]


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


def without_a_model(count: int, world: World, path: Path) -> None:
    """The same columns, uniform and independent."""
    users, products = world.users, world.scenario.products.count
    random = np.random.default_rng(1)
    order = np.argsort(when := random.integers(0, 86_400_000, count) * 1000)
    code = random.integers(0, 9, count).astype(np.int8)
    has_product = code < 5
    columns = {
        "event_id": np.arange(count),
        "event_type": pa.DictionaryArray.from_arrays(pa.array(code), pa.array(EVENT_TYPES)),
        "event_timestamp": pa.array(when[order]).cast(pa.timestamp("us", tz="UTC")),
        "user_id": random.integers(0, users, count),
        "product_id": pa.array(random.integers(0, products, count), mask=~has_product),
        "session": random.integers(0, count // 7, count),
        "device": pa.DictionaryArray.from_arrays(
            pa.array(random.integers(0, 2, count).astype(np.int8)), ["mobile", "web"]
        ),
        "tenant": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), ["default"]),
        "reference_id": pa.array(random.integers(0, count, count), mask=random.random(count) > 0.1),
        "arrival_delay_ms": random.lognormal(5.5, 0.8, count).astype(np.int32),
    }
    pq.write_table(pa.table(columns), path, compression="zstd")


def report(timings: Timings, events: list[int]) -> None:
    mean = statistics.fmean(events)
    ns = {name: statistics.median(times) / mean * 1e9 for name, times in timings.items()}
    print(f"{mean / 1e6:.2f} M events a chunk, {len(events)} chunks; CPU ns an event and M events a CPU second\n")
    for name, value in ns.items():
        print(f"{name:22s} {value:8.1f} ns {1e3 / value:8.2f} M/s")
    print(f"\nwhole chunk / write all tables {ns['whole chunk'] / ns['write only, all']:.2f}")
    print(f"whole chunk / write only      {ns['whole chunk'] / ns['write only']:.2f}")
    print(f"whole chunk / numpy + pyarrow {ns['whole chunk'] / ns['numpy + pyarrow']:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="10m")
    parser.add_argument("--chunks", type=int, default=3)
    chosen = parser.parse_args()
    scenario = load_scenario(chosen.scenario)
    pa.set_cpu_count(1)
    timings: Timings = {}
    world = build(scenario)
    bench = chunk.Workbench(world)
    events = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chunk.write_chunk(world, bench, folder / "warm", 0, 0)
        for partition in range(min(chosen.chunks, scenario.layout.partitions)):
            count, table = split(world, bench, folder, partition, timings)
            events.append(count)
            cpu(timings, "whole chunk", lambda p=partition: chunk.write_chunk(world, bench, folder / "w", 0, p))
            everything = read_all(folder / "w")
            cpu(timings, "write only, all", lambda t=everything: write_all(t, folder / "again"))
            shutil.rmtree(folder / "w")
            cpu(timings, "write only", lambda t=table: write_only(t, folder / "only.parquet"))
            cpu(timings, "numpy + pyarrow", lambda c=count: without_a_model(c, world, folder / "peer.parquet"))
    report(timings, events)


if __name__ == "__main__":
    main()
