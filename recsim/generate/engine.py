"""`recsim generate`: a scenario becomes a world."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import orjson

from recsim.behaviour.world import GENERATOR, World, build
from recsim.errors import Interrupted
from recsim.generate import products, room, spark
from recsim.generate.estimate import estimate, seconds_a_job
from recsim.generate.pace import Job, Pace
from recsim.generate.pool import is_done, run
from recsim.generate.warm import compile_kernels
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
    stop_after_s: float | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Make the world of a scenario in `out` with that many processes (as many as help if None), or on a Spark master.

    The bytes do not depend on the workers. A stopped attempt is continued: chunks it finished are kept. With
    `stop_after_s` no chunk is begun after so many seconds. Raises `BadInput` where `out` exists and `force` is not
    given, where it can't be written or its disk is too small; `Interrupted` where it was stopped before the end.
    """
    watch = Stopwatch()
    expected = estimate(scenario)
    room.check(out, expected["disk_bytes"])
    pace: Pace | None = None
    try:
        with staged(out, identity=identity(scenario), resume=True, force=force) as partial:
            compile_kernels(lambda remark: progress(remark, 0, 0, ""))
            world = build(scenario)
            everything, left = jobs(world), unfinished(world, partial)
            pace = Pace(
                left,
                before=len(everything) - len(left),
                cost_s=seconds_a_job(scenario),
                stop_after_s=stop_after_s,
                progress=progress,
            )
            if master is None:
                run(world, partial, left, workers or useful_workers(expected["rows"]["events"]), pace)
            else:
                spark.run(world, partial, left, master, pace)
            if pace.done < pace.total:
                raise KeyboardInterrupt
            return _seal(scenario, world, partial, out.name, watch, pace)
    except KeyboardInterrupt:
        raise Interrupted(_how_to_go_on(pace)) from None


def _how_to_go_on(pace: Pace | None) -> str:
    if pace is None:
        return "interrupted before the first chunk; run the same command again."
    if pace.done == pace.total:
        return "interrupted when all chunks were done; run the same command again and it only closes the world."
    why = "stopped as asked" if pace.time_is_up else "interrupted"
    return f"{why}; run the same command again to go on: {pace.done} of {pace.total} chunks are done."


def _seal(scenario: Scenario, world: World, partial: Path, name: str, watch: Stopwatch, pace: Pace) -> Manifest:
    for leftover in partial.rglob(".*.tmp"):
        leftover.unlink()
    watch.counted = {"events_made": pace.events, "bytes_made": pace.bytes}
    manifest = seal(
        partial,
        kind="world",
        verb="generate",
        name=name,
        identity=identity(scenario),
        scenario=scenario.resolved(),
        arguments={},
        facts=facts(world, partial),
        inputs={},
        watch=watch,
    )
    shutil.rmtree(partial / ".done")
    return manifest


def useful_workers(events: int) -> int:
    """One worker a core; a single one where a second would take longer to start than the world takes to make."""
    cores = os.cpu_count() or 1
    return cores if events > WORTH_A_WORKER else 1


def jobs(world: World) -> list[Job]:
    """All there is to make, catalogue first. The order does not matter to the result."""
    days, partitions = world.scenario.calendar.days, world.scenario.layout.partitions
    return [
        *(Job("products", number, 0) for number in range(len(products.ranges(world)))),
        *(Job("users", partition, 0) for partition in range(partitions)),
        *(Job("events", partition, day) for day in range(days) for partition in range(partitions)),
    ]


def unfinished(world: World, out: Path) -> list[Job]:
    """What of it is not there yet."""
    (out / ".done").mkdir(exist_ok=True)
    return [job for job in jobs(world) if not is_done(world, out, job)]


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
