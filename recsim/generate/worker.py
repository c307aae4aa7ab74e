"""One worker process of `recsim generate`; see `pool`. Not a command for users."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import orjson
import pyarrow as pa

from recsim.behaviour.calibration import Funnel
from recsim.behaviour.world import World, build
from recsim.generate.chunk import Workbench
from recsim.generate.pace import Job
from recsim.generate.pool import do
from recsim.scenario import Scenario


def main() -> None:
    """Say that the world is built, do the jobs that come in, one a line, and answer one line each.

    Ends at once when the parent is gone. A signal to the whole group is the parent's to obey.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pa.set_cpu_count(1)
    head = orjson.loads(sys.stdin.buffer.readline())
    jobs: SimpleQueue[bytes] = SimpleQueue()
    busy: list[bool] = [True]
    Thread(target=_listen, args=(jobs, busy), daemon=True).start()
    world = build(Scenario.model_validate(head["scenario"]), Funnel.of(head["funnel"]))
    bench = Workbench(world)
    _answer({"made": []})
    busy[0] = False
    while line := jobs.get():
        busy[0] = True
        _answer(_reply(world, bench, Path(head["out"]), Job(*orjson.loads(line))))
        busy[0] = False


def _listen(jobs: SimpleQueue[bytes], busy: list[bool]) -> None:
    """Pass lines on. A parent closes the input only when all is answered: an end in the middle means it died."""
    for line in sys.stdin.buffer:
        jobs.put(line)
    if busy[0]:
        os._exit(1)
    jobs.put(b"")


def _reply(world: World, bench: Workbench, out: Path, job: Job) -> dict[str, object]:
    try:
        return {"made": list(do(world, bench, out, job))}
    except OSError as error:
        return {"errno": error.errno or 5, "message": error.strerror or str(error)}


def _answer(reply: dict[str, object]) -> None:
    sys.stdout.buffer.write(orjson.dumps(reply) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
