"""`recsim generate`: a scenario becomes a world."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import orjson

from recsim.behaviour.world import GENERATOR, World, build
from recsim.generate import chunk, products, spark
from recsim.generate.estimate import estimate
from recsim.generate.pool import Job, run
from recsim.progress import Progress, silent
from recsim.rng import ALGORITHM
from recsim.runs import Manifest, Stopwatch, seal, staged
from recsim.scenario import Scenario

WORTH_A_WORKER = 6_000_000
"""Events that take one process about as long as it takes to start a second."""

__all__ = ["estimate", "generate", "identity"]


def identity(scenario: Scenario) -> str:
    """What a world is a function of: the scenario's world sections, the random numbers and the model's version."""
    parts = f"{scenario.world_hash()} {ALGORITHM} {GENERATOR}"
    return hashlib.sha256(parts.encode()).hexdigest()


def generate(
    scenario: Scenario,
    out: Path,
    *,
    workers: int | None = None,
    master: str | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Make the world of a scenario in `out` with that many processes (as many as help if None), or on a Spark master.

    The bytes do not depend on the workers. An interrupted attempt is continued: chunks it finished are kept. Raises
    `BadInput` where `out` exists and `force` is not given, or where it can't be written.
    """
    watch = Stopwatch()
    with staged(out, identity=identity(scenario), resume=True, force=force) as partial:
        world = build(scenario)
        if master is None:
            run(world, partial, jobs(world, partial), workers or useful_workers(scenario), progress)
        else:
            spark.run(world, partial, jobs(world, partial), master, progress)
        for leftover in partial.rglob(".*.tmp"):
            leftover.unlink()
        manifest = seal(
            partial,
            kind="world",
            verb="generate",
            name=out.name,
            identity=identity(scenario),
            scenario=scenario.resolved(),
            arguments={},
            facts=facts(world, partial),
            inputs={},
            watch=watch,
        )
        shutil.rmtree(partial / ".done")
    return manifest


def useful_workers(scenario: Scenario) -> int:
    """One worker a core; a single one where a second would take longer to start than the world takes to make."""
    cores = os.cpu_count() or 1
    return cores if estimate(scenario)["rows"]["events"] > WORTH_A_WORKER else 1


def jobs(world: World, out: Path) -> list[Job]:
    """What is still to be made, catalogue first. The order does not matter to the result."""
    (out / ".done").mkdir(exist_ok=True)
    days, partitions = world.scenario.calendar.days, world.scenario.layout.partitions
    catalogue = [
        Job("products", number, 0)
        for number in range(len(products.ranges(world)))
        if not (out / "products" / f"part-{number:04d}.parquet").exists()
    ]
    users = [
        Job("users", partition, 0)
        for partition in range(partitions)
        if not all((out / table / f"part-{partition:04d}.parquet").exists() for table in ("users", "truth/users"))
    ]
    chunks = [
        Job("events", partition, day)
        for day in range(days)
        for partition in range(partitions)
        if not chunk.done_mark(out, world, day, partition).exists()
    ]
    return catalogue + users + chunks


def facts(world: World, out: Path) -> dict[str, Any]:
    """Small figures of a finished world, summed over its chunks."""
    total: dict[str, int] = {}
    for mark in sorted((out / ".done").iterdir()):
        for key, count in orjson.loads(mark.read_bytes()).items():
            total[key] = total.get(key, 0) + count
    days = world.scenario.calendar.days
    old_reviews = int(world.catalogue.reviews_before[-1])
    return {
        "users": world.users,
        "products": world.scenario.products.count,
        "events": total["delivered"],
        "unique_events": total["unique"],
        "duplicates": total["delivered"] - total["unique"],
        "lost": total["lost"],
        "sessions": total["sessions"],
        "views": total["view_product"],
        "carts": total["add_to_cart"],
        "purchases": total["purchase"],
        "queries": total["search_query"],
        "reviews": total["submit_review"] + old_reviews,
        "reviews_before": old_reviews,
        "votes": total["upvote"] + total["downvote"],
        "adversaries": world.rules.hostile,
        "daily_active": round(total["active"] / days, 1),
        "events_per_daily_active": round(total["unique"] / max(total["active"], 1), 2),
        "cart_per_view": round(total["add_to_cart"] / max(total["view_product"], 1), 5),
        "purchase_per_cart": round(total["purchase"] / max(total["add_to_cart"], 1), 5),
        "first_day": world.label(0),
        "days": days,
        "partitions": world.scenario.layout.partitions,
        "generator": GENERATOR,
        "random_numbers": ALGORITHM,
    }
