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
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

import orjson
import pyarrow as pa

from recsim.behaviour.world import World
from recsim.generate import chunk, products, users
from recsim.generate.pace import Job, Made, Pace
from recsim.schema.tables import TABLES

Told = tuple[Job, Made] | Literal["ready", "ended"] | Exception


def run(world: World, out: Path, jobs: list[Job], workers: int, pace: Pace) -> None:
    """Do the jobs, all or until the time is up; with one worker in this process, else in `workers` others."""
    count = min(workers, len(jobs))
    for job, made in _alone(world, out, jobs, pace) if count <= 1 else _together(world, out, jobs, count, pace):
        pace.finished(job, made)


def do(world: World, bench: chunk.Workbench, out: Path, job: Job) -> Made:
    """Do one job."""
    if job.what == "products":
        products.write(world, out, job.number)
    elif job.what == "users":
        users.write(world, out, job.number)
    else:
        chunk.write_chunk(world, bench, out, job.day, job.number)
    return made(world, out, job)


def is_done(world: World, out: Path, job: Job) -> bool:
    """Whether everything a job writes is there."""
    name = f"part-{job.number:04d}.parquet"
    if job.what == "products":
        return (out / "products" / name).exists()
    if job.what == "users":
        return all((out / table / name).exists() for table in ("users", "truth/users"))
    return chunk.done_mark(out, world, job.day, job.number).exists()


def made(world: World, out: Path, job: Job) -> Made:
    """What a finished job wrote."""
    events = 0
    if job.what == "events":
        events = orjson.loads(chunk.done_mark(out, world, job.day, job.number).read_bytes())["delivered"]
    return Made(events, sum(path.stat().st_size for path in _files(world, out, job)))


def _files(world: World, out: Path, job: Job) -> list[Path]:
    """What a job may have written. The reviews on the eve of the first day belong to the products' files."""
    name = f"part-{job.number:04d}.parquet"
    folder = "" if job.what == "users" else f"day={world.label(job.day if job.what == 'events' else -1)}"
    own = [f"{job.what}/{name}", f"truth/{job.what}/{name}"] if job.what != "events" else []
    dated = [f"{table}/{folder}/{name}" for table in TABLES] if folder else []
    return [path for path in (out / found for found in own + dated) if path.exists()]


def _alone(world: World, out: Path, jobs: list[Job], pace: Pace) -> Iterator[tuple[Job, Made]]:
    before = pa.cpu_count()
    bench = chunk.Workbench(world)
    pa.set_cpu_count(1)
    try:
        pace.start()
        for job in jobs:
            yield job, do(world, bench, out, job)
            if pace.time_is_up:
                return
    finally:
        pa.set_cpu_count(before)


def _together(world: World, out: Path, jobs: list[Job], count: int, pace: Pace) -> Iterator[tuple[Job, Made]]:
    """Each job as the workers finish it; raises what the first failing worker met."""
    tree = {"scenario": world.scenario.resolved(), "funnel": world.funnel.tree(), "out": str(out.resolve())}
    head = orjson.dumps(tree) + b"\n"
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    told: SimpleQueue[Told] = SimpleQueue()
    pace.note(f"starting {count} workers")
    workers = [_start() for _ in range(count)]
    started = ended = 0
    try:
        for worker in workers:
            Thread(target=_feed, args=(worker, head, waiting, told, pace), daemon=True).start()
        while ended < count:
            match told.get():
                case Exception() as error:
                    raise error
                case "ready":
                    started += 1
                    if started == 1:
                        pace.start()
                case "ended":
                    ended += 1
                case answer:
                    yield answer
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
    worker: subprocess.Popen[bytes], head: bytes, waiting: SimpleQueue[Job], told: SimpleQueue[Told], pace: Pace
) -> None:
    assert worker.stdin is not None
    try:
        worker.stdin.write(head)
        worker.stdin.flush()
        _reply(worker, "starting")
        told.put("ready")
        while True:
            try:
                job = waiting.get_nowait()
            except Empty:
                break
            worker.stdin.write(orjson.dumps(list(job)) + b"\n")
            worker.stdin.flush()
            told.put((job, Made(*_reply(worker, f"making {job}"))))
            if pace.time_is_up:
                break
        worker.stdin.close()
        told.put("ended")
    except Exception as error:  # raised again where the results are awaited
        told.put(error)


def _reply(worker: subprocess.Popen[bytes], doing: str) -> list[int]:
    """The next answer of a worker; raises `OSError` as the worker met it."""
    assert worker.stdout is not None
    answer = worker.stdout.readline()
    if not answer:
        raise RuntimeError(f"a generate worker ended with code {worker.wait()} while {doing}")
    reply = orjson.loads(answer)
    if "errno" in reply:
        raise OSError(reply["errno"], reply["message"])
    made: list[int] = reply["made"]
    return made
