"""Replay a world: day by day, the stream plane takes every event, the request plane makes a sample of the requests
they imply, and at midnight the batch trains on what came in and swaps the new version in.

Everything outside `measured/` is a function of (scenario, world, version).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from recsim import __version__
from recsim.behaviour.world import World
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.progress import Progress, silent
from recsim.replay.days import Days
from recsim.replay.documents import write_run
from recsim.replay.estimate import check_world, estimate
from recsim.replay.loop import Shoppers, world_of
from recsim.replay.loop_results import arm_of, by_rank, compare, per_user
from recsim.runs import Manifest, Stopwatch, seal, staged, write_table
from recsim.scenario import Scenario
from recsim.scenario.model import digest
from recsim.schema.tables import LoopOutcome

__all__ = ["estimate", "identity", "replay"]


def identity(scenario: Scenario, world: Dataset, against: Scenario | None = None) -> str:
    """sha256 of everything the results depend on; `against` is arm B of an A/B."""
    return digest(
        {
            "verb": "replay",
            "scenario": scenario.resolved(),
            "world": {name: record.sha256 for name, record in sorted(world.manifest.outputs.items())},
            "version": __version__,
            **({} if against is None else {"against": against.resolved()}),
        }
    )


def replay(
    scenario: Scenario,
    world: Dataset,
    out: Path,
    *,
    force: bool,
    progress: Progress = silent,
    against: Scenario | None = None,
) -> Manifest:
    """Replay a world under a scenario into the run directory `out`; raises `BadInput`.

    With `against` the same world is replayed under that scenario too, with the same random numbers of the users, and
    then once more with others. The run is that of `scenario`; its results hold what differs, under `ab`.
    """
    watch = Stopwatch()
    check_world(world)
    if against is not None:
        check_arms(scenario, against)
    name = identity(scenario, world, against)
    model = world_of(world) if scenario.loop.adoption > 0 or (against and against.loop.adoption > 0) else None
    with staged(out, identity=name, resume=False, force=force) as directory, threadpool_limits(1):
        days = _days(scenario, world, directory, progress, model)
        try:
            days.play()
            ab = None if against is None else _compared(days, against, world, directory, progress, model)
            facts = write_run(directory, days, ab)
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


def check_arms(scenario: Scenario, against: Scenario) -> None:
    """Raise `BadInput` where two scenarios are not two arms of one A/B."""
    if not scenario.loop.adoption > 0 or not against.loop.adoption > 0:
        raise BadInput("an A/B needs users who look at slates; add --set loop.adoption=0.5.")
    fixed = ("seed", "requests")
    if scenario.world_hash() != against.world_hash() or any(
        getattr(scenario, name) != getattr(against, name) for name in fixed
    ):
        raise BadInput("both arms of an A/B stand in one world with the same requests; change what serves, not those.")


def _days(scenario: Scenario, world: Dataset, directory: Path, progress: Progress, model: World | None) -> Days:
    shoppers = Shoppers(model, scenario) if model is not None and scenario.loop.adoption > 0 else None
    return Days(scenario, world, directory, progress, shoppers)


def _compared(
    days: Days, against: Scenario, world: Dataset, directory: Path, progress: Progress, model: World | None
) -> dict[str, Any]:
    """Arm B, and arm B with other random numbers, against the arm that was played."""
    loop = against.loop.model_copy(update={"salt": against.loop.salt ^ 0x5BD1E995})
    arms = [against, against.model_copy(update={"loop": loop})]
    tables = [pa.concat_tables(days.loop_outcomes)]
    for arm in arms:
        with TemporaryDirectory(prefix=".arm-", dir=directory) as scratch:
            other = _days(arm, world, Path(scratch), progress, model)
            try:
                other.play()
                tables.append(pa.concat_tables(other.loop_outcomes))
            finally:
                other.close()
    write_table(directory / "ab" / "part-0000.parquet", tables[1], LoopOutcome)
    users = np.unique(np.concatenate([days.served_users, *(table["user_id"].to_numpy() for table in tables)]))
    a, b, redrawn = (per_user(table, users) for table in tables)
    settings = {"seed": against.seed, "replicates": against.evaluation.bootstrap}
    return {
        "changed": differences(days.scenario, against),
        "seeds": 1,
        "arms": [
            {"arm": name, **arm_of(table, len(users)), "ranks": by_rank(table)}
            for name, table in zip("AB", tables, strict=False)
        ],
        "rows": compare(a, b, redrawn, **settings) if len(users) else [],
    }


def differences(scenario: Scenario, against: Scenario) -> dict[str, list[Any]]:
    """The values in which two scenarios differ, by dotted key: those of A and B."""
    left, right = (dict(_leaves(one.resolved(), "")) for one in (scenario, against))
    return {
        key: [left.get(key), right.get(key)]
        for key in sorted(left.keys() | right.keys())
        if left.get(key) != right.get(key)
    }


def _leaves(tree: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
