"""The workers: processes that make chunks, whichever is free the next one.

A worker is a fresh interpreter (`python -m recsim.generate.worker`) that gets the scenario and then one job a line on
its standard input and answers a line a finished job. So it works from a script, a notebook or a test alike, shares no
lock or thread with its parent, and ends when its parent does, because its input ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

import orjson
import pyarrow as pa

from recsim.behaviour.world import World
from recsim.generate import chunk, products, users
from recsim.progress import Progress


class Job(NamedTuple):
    """`products` (number of the product file), `users` (partition) or `events` (partition and day)."""

    what: str
    number: int
    day: int


def run(world: World, out: Path, jobs: list[Job], workers: int, progress: Progress) -> None:
    """Do all jobs; with one worker in this process, else in `workers` others."""
    count = min(workers, len(jobs))
    finished = _alone(world, out, jobs) if count <= 1 else _together(world, out, jobs, count)
    events = 0
    for done, made in enumerate(finished, start=1):
        events += made
        progress("generate", done, len(jobs), "chunks")
    if events:
        progress("generate", events, events, "events")


def do(world: World, bench: chunk.Workbench, out: Path, job: Job) -> int:
    """Do one job; returns the events written."""
    if job.what == "products":
        products.write(world, out, job.number)
    elif job.what == "users":
        users.write(world, out, job.number)
    else:
        return chunk.write_chunk(world, bench, out, job.day, job.number)["delivered"]
    return 0


def _alone(world: World, out: Path, jobs: list[Job]) -> Iterator[int]:
    before = pa.cpu_count()
    bench = chunk.Workbench(world)
    pa.set_cpu_count(1)
    try:
        for job in jobs:
            yield do(world, bench, out, job)
    finally:
        pa.set_cpu_count(before)


def _together(world: World, out: Path, jobs: list[Job], count: int) -> Iterator[int]:
    """Events of each job, as the workers finish them; raises what the first failing worker met."""
    tree = {"scenario": world.scenario.resolved(), "funnel": world.funnel.tree(), "out": str(out.resolve())}
    head = orjson.dumps(tree) + b"\n"
    waiting: SimpleQueue[Job | None] = SimpleQueue()
    for job in [*jobs, *[None] * count]:
        waiting.put(job)
    finished: SimpleQueue[int | Exception] = SimpleQueue()
    workers = [_start() for _ in range(count)]
    try:
        for worker in workers:
            Thread(target=_feed, args=(worker, head, waiting, finished), daemon=True).start()
        for _ in jobs:
            made = finished.get()
            if isinstance(made, Exception):
                raise made
            yield made
        for worker in workers:
            worker.wait()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "recsim.generate.worker"]
    # The package's own folder leads the path, so that a worker is the recsim that started it.
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )


def _feed(
    worker: subprocess.Popen[bytes],
    head: bytes,
    waiting: SimpleQueue[Job | None],
    finished: SimpleQueue[int | Exception],
) -> None:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(head)
        while (job := waiting.get()) is not None:
            worker.stdin.write(orjson.dumps(list(job)) + b"\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
            if not answer:
                raise RuntimeError(f"a generate worker ended with code {worker.wait()} while making {job}")
            reply = orjson.loads(answer)
            if "errno" in reply:
                raise OSError(reply["errno"], reply["message"])
            finished.put(reply["events"])
        worker.stdin.close()
    except Exception as error:  # raised again where the results are awaited
        finished.put(error)
