"""A profile's targets at any size: `python tests/bench/bench_fidelity_sizes.py otto --set users.count=62000000 …`.

Every chunk of the world is drawn in memory and measured; nothing is written, so a world of 200 million events needs a
few gigabytes for its counts and no disk. The rows are those `recsim generate` writes, each event once.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from recsim.behaviour import draft
from recsim.behaviour.world import World, build
from recsim.fidelity import STATISTICS
from recsim.fidelity.base import Limits
from recsim.fidelity.compare import against_target, limits_of
from recsim.fidelity.log import PURCHASE, Piece
from recsim.generate import chunk
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile


def described(world: World) -> Any:
    """What statistics ask of a world, without its files."""
    labels = [world.label(day) for day in range(world.rules.days)]
    products = world.scenario.products.count
    return SimpleNamespace(users=world.users, products=products, days=lambda: labels, has=lambda name: name == "events")


def context_of(world: World) -> Any:
    return SimpleNamespace(world=described(world), timed=True, users_are_sessions=False, zone_minutes=None)


def pieces(world: World) -> Iterator[Piece]:
    """Views, carts and purchases of every chunk, by session and time."""
    bench = chunk.Workbench(world)
    for day in range(world.rules.days):
        for partition in range(world.rules.partitions):
            rows = chunk.draft_chunk(world, bench, day, partition)
            events = rows.events[: rows.counters[draft.UNIQUE]]
            kind = ((events[:, 0] >> np.uint64(draft.DELAY_BITS)) & np.uint64(15)).astype(np.int8)
            events, kind = events[kind <= PURCHASE], kind[kind <= PURCHASE]
            session = (events[:, 1] >> np.uint64(32)).astype(np.int64)
            product = (events[:, 1] & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1
            ms = (events[:, 0] >> np.uint64(32)) - (events[:, 0] & np.uint64(draft.DELAY_MASK))
            time_us = world.day_us(day) + ms.astype(np.int64) * 1000
            yield Piece(rows.session[session, 0], session, product, kind, time_us, None)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("scenario")
    options.add_argument("--set", action="append", default=[], dest="sets")
    chosen = options.parse_args()
    scenario = load_scenario(chosen.scenario, sets=chosen.sets)
    assert scenario.profile is not None, "the scenario names a profile"
    profile = load_profile(scenario.profile)
    started = time.process_time()
    world = build(scenario)
    names = sorted({*profile.targets, "events_per_user"})
    statistics = {name: STATISTICS.load(name)(context_of(world)) for name in names}
    events = 0
    for piece in pieces(world):
        events += len(piece)
        for statistic in statistics.values():
            statistic.add(piece)
    limits = limits_of(profile.targets)
    found = {name: one.finish(limits.get(name, Limits())) for name, one in statistics.items()}
    seen = found["events_per_user"].count
    sizes = f"{world.users:,} registered, {seen:,} seen, {scenario.products.count:,} products, {events:,} events"
    print(f"{scenario.name}: {sizes}")
    for name, target in profile.targets.items():
        check = against_target(target, found[name], described(world), users=seen)
        verdict = {True: "pass", False: "FAIL", None: "  - "}[check.passed]
        for figure, error in check.errors.items():
            real, made = check.real.get(figure), check.synthetic.get(figure)
            told = "" if real is None else f"target {real:<9.4g} made {made:<9.4g}"
            print(f"  {verdict} {name:20} {figure:26} {told} off {error:.1%} of {check.tolerance:.0%}")
        if check.reason:
            print(f"  {verdict} {name:20} {check.reason}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  {time.process_time() - started:.0f} CPU s, {memory:.1f} GB")


if __name__ == "__main__":
    main()
