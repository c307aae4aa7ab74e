"""Replay a world: day by day, the stream plane takes every event, the request plane makes a sample of the requests
they imply, and at midnight the batch trains on what came in and swaps the new version in.

Everything outside `measured/` is a function of (scenario, world, version).
"""

from __future__ import annotations

from pathlib import Path

from threadpoolctl import threadpool_limits

from recsim import __version__
from recsim.dataset import Dataset
from recsim.progress import Progress, silent
from recsim.replay.days import Days
from recsim.replay.documents import write_run
from recsim.replay.estimate import check_world, estimate
from recsim.runs import Manifest, Stopwatch, seal, staged
from recsim.scenario import Scenario
from recsim.scenario.model import digest

__all__ = ["estimate", "identity", "replay"]


def identity(scenario: Scenario, world: Dataset) -> str:
    """sha256 of everything the results depend on."""
    return digest(
        {
            "verb": "replay",
            "scenario": scenario.resolved(),
            "world": {name: record.sha256 for name, record in sorted(world.manifest.outputs.items())},
            "version": __version__,
        }
    )


def replay(scenario: Scenario, world: Dataset, out: Path, *, force: bool, progress: Progress = silent) -> Manifest:
    """Replay a world under a scenario into the run directory `out`; raises `BadInput`."""
    watch = Stopwatch()
    check_world(world)
    name = identity(scenario, world)
    with staged(out, identity=name, resume=False, force=force) as directory, threadpool_limits(1):
        days = Days(scenario, world, directory, progress)
        try:
            days.play()
            facts = write_run(directory, days)
        finally:
            days.close()
        return seal(
            directory,
            kind="run",
            verb="replay",
            name=scenario.name,
            identity=name,
            scenario=scenario.resolved(),
            arguments={"world": str(world.path)},
            facts=facts,
            inputs={"world": world.manifest.identity},
            watch=watch,
        )
