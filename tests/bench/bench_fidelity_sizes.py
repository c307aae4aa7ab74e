"""A profile's targets at any size: `python tests/bench/bench_fidelity_sizes.py otto --set users.count=62000000 …`.

Every chunk of the world is drawn in memory and measured; nothing is written, so a world of 200 million events needs a
few gigabytes for its counts and no disk. The rows are those `recsim generate` writes, each event once.
"""

import argparse
import resource
import time

from recsim.cli.drawn import Drawn
from recsim.fidelity.compare import against_target, limits_of
from recsim.fidelity.measure import Pass
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("scenario")
    options.add_argument("--set", action="append", default=[], dest="sets")
    chosen = options.parse_args()
    scenario = load_scenario(chosen.scenario, sets=chosen.sets)
    assert scenario.profile is not None, "the scenario names a profile"
    profile = load_profile(scenario.profile)
    started = time.process_time()
    world = Drawn.of(scenario)
    context = world.context(users_are_sessions=False)
    run = Pass(context, sorted({*profile.targets, "events_per_user"}))
    events = 0
    for piece in world.pieces():
        events += len(piece)
        run.add(piece)
    found = run.finish(limits_of(profile.targets))
    seen = found["events_per_user"].count
    registered = scenario.users.count
    print(f"{scenario.name}: {registered:,} registered, {seen:,} seen, {world.products:,} products, {events:,} events")
    for name, target in profile.targets.items():
        check = against_target(target, found[name], context.world, users=seen)
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
