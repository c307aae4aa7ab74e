"""`--engine spark`: the same jobs, done by the executors of an Apache Spark cluster through `mapInArrow`.

Every job is a pure function of the scenario that writes its files under the world's directory, so which process does
it changes no byte. On a cluster, that directory must be on storage which every executor mounts, and recsim must be
installed there.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from recsim.behaviour.world import World
from recsim.errors import BadInput, ServiceUnavailable
from recsim.generate.pace import Job, Pace
from recsim.generate.pool import do, is_done, made

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

LOCAL = "local[*]"
CONNECT_TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.5
SCHEMA = "errno long, message string"


def run(world: World, out: Path, jobs: list[Job], master: str, pace: Pace) -> None:
    """Do the jobs on the Spark at `master`; raises `BadInput` or `ServiceUnavailable` where there is none.

    Each job is a partition of its own, so an executor that is free takes the next one. What is done shows in the
    world's directory, which this process looks at every second.
    """
    if not jobs:
        return
    pace.note(f"starting Spark at {master}")
    session = _session(master)
    tree = {"scenario": world.scenario.resolved(), "funnel": world.funnel.tree(), "out": str(out.resolve())}
    head = orjson.dumps(tree)
    plain = [tuple(job) for job in jobs]
    numbers = session.range(0, len(jobs), 1, len(jobs))
    answers: SimpleQueue[list[Any] | Exception] = SimpleQueue()
    Thread(
        target=_collect,
        args=(numbers.mapInArrow(lambda batches: work(head, plain, batches), SCHEMA), answers),
        daemon=True,
    ).start()
    try:
        pace.start()
        waiting = list(jobs)
        while answers.empty() and not pace.time_is_up:
            time.sleep(LOOK_EVERY_S)
            waiting = _look(world, out, waiting, pace)
        rows = [] if answers.empty() else answers.get()
    finally:
        session.stop()
    if isinstance(rows, Exception):
        raise rows
    for row in rows:
        if row.errno:
            raise OSError(row.errno, row.message)
    _look(world, out, waiting, pace)


def _collect(frame: DataFrame, answers: SimpleQueue[list[Any] | Exception]) -> None:
    try:
        answers.put(frame.collect())
    except Exception as error:  # raised again where the answer is awaited
        answers.put(error)


def _look(world: World, out: Path, waiting: list[Job], pace: Pace) -> list[Job]:
    """Count the jobs that are done by now; returns those that are not."""
    still = []
    for job in waiting:
        if is_done(world, out, job):
            pace.finished(job, made(world, out, job))
        else:
            still.append(job)
    return still


def work(head: bytes, jobs: list[tuple[Any, ...]], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """On an executor: do the jobs of the numbers that come in; a row each, of what the disk said if it failed."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    for batch in batches:
        rows = [_answer(head, Job(*jobs[number])) for number in batch.column(0).to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=pa.schema([("errno", pa.int64()), ("message", pa.string())]))


def _answer(head: bytes, job: Job) -> dict[str, object]:
    world, bench, out = _workshop(head)
    try:
        do(world, bench, out, job)
    except OSError as error:
        return {"errno": error.errno or 5, "message": error.strerror or str(error)}
    return {"errno": 0, "message": ""}


@lru_cache(1)
def _workshop(head: bytes) -> tuple[Any, Any, Path]:
    """World and bench of a Python worker, which Spark uses again for its next tasks."""
    from recsim.behaviour.calibration import Funnel
    from recsim.behaviour.world import build
    from recsim.generate.chunk import Workbench
    from recsim.scenario import Scenario

    tree = orjson.loads(head)
    world = build(Scenario.model_validate(tree["scenario"]), Funnel.of(tree["funnel"]))
    return world, Workbench(world), Path(tree["out"])


def _session(master: str) -> SparkSession:
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BadInput(
            "--engine spark needs PySpark, which is not installed; pip install 'recsim-workbench[spark]'."
        ) from None
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise BadInput(
            "--engine spark needs Java 17 or later, and there is no java here; install one or set JAVA_HOME."
        )
    _check_answers(master)
    # Executors on this machine run this Python and this recsim.
    package = str(Path(__file__).resolve().parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.master(master)
        .appName("recsim generate")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1")
    )
    try:
        return builder.getOrCreate()
    except Exception as error:  # whatever Py4J wraps: a wrong URL, a JVM that does not start
        said = str(error).strip().splitlines()
        reason = next((line for line in said if "Exception" in line), said[0] if said else type(error).__name__)
        raise ServiceUnavailable(
            f"no Spark answers at --master {master} ({reason[:200]}); name one such as local[*] or spark://host:7077."
        ) from None


def _check_answers(master: str) -> None:
    """A standalone master that is not there would be tried for a minute; ask its port first."""
    address = urlsplit(master)
    if address.scheme != "spark" or address.hostname is None:
        return
    try:
        socket.create_connection((address.hostname, address.port or 7077), CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise ServiceUnavailable(
            f"no Spark answers at --master {master} ({error}); start one, or leave --master out for {LOCAL}."
        ) from None
