"""`recsim replay`: run a world's traffic through every component."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.complete import worlds
from recsim.cli.finish import finish_run, make, run_path, show_plan
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.runs import MANIFEST, data_dir, read_manifest
from recsim.scenario import Scenario, load_scenario

ARMS_PLAYED = 3
"""Replays of an A/B: arm A, arm B, and arm B with other random numbers."""


def replay(
    scenario: options.Scenario,
    world: Annotated[
        str | None,
        typer.Option(help="The world; by default the scenario's own, made first if missing.", autocompletion=worlds),
    ] = None,
    out: options.Out = None,
    seed: options.Seed = None,
    sets: options.Set = None,
    ab: Annotated[
        list[str] | None,
        typer.Option("--ab", metavar="KEY=VALUE", help="Play a second arm with this value and compare; repeatable."),
    ] = None,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Run a world's traffic through every component."""
    chosen = load_scenario(scenario, sets=sets or [], seed=seed)
    against = load_scenario(scenario, sets=[*(sets or []), *ab], seed=seed) if ab else None
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.replay import engine

        if against is not None:
            engine.check_arms(chosen, against)
        if dry_run:
            from recsim.generate.engine import estimate as generated

            known = Dataset.open(world) if world is not None else _known_world(chosen)
            events = generated(chosen)["rows"]["events"] if known is None else 0
            plan = engine.estimate(chosen, known, events=events)
            if against is not None:
                plan["minutes"] = round(ARMS_PLAYED * plan["minutes"], 3)
            show_plan("replay", chosen, plan, terminal)
            return
        dataset = Dataset.open(world) if world is not None else _own_world(chosen, terminal)
        identity = engine.identity(chosen, dataset, against)
        target = out or run_path("replay", dataset.name, identity)
        manifest = make(
            target,
            identity,
            lambda: engine.replay(chosen, dataset, target, force=force, progress=terminal, against=against),
            force=force,
            terminal=terminal,
        )
        finish_run(target, manifest, terminal, following=f"recsim capacity-plan 10m --from {quote(str(target))}")


def _known_world(scenario: Scenario) -> Dataset | None:
    """The world of a scenario where it is made already, under the scenario's name."""
    from recsim.generate import engine

    target = data_dir() / scenario.name
    made = (target / MANIFEST).is_file() and read_manifest(target).identity == engine.identity(scenario)
    return Dataset.open(target) if made else None


def _own_world(scenario: Scenario, terminal: Terminal) -> Dataset:
    """The world of a scenario, generated where it is missing."""
    from recsim.generate import engine

    target = data_dir() / scenario.name
    if (target / MANIFEST).is_file() and _known_world(scenario) is None:
        raise BadInput(
            f"{target} is not the world of this scenario and seed; replay it with --world {quote(str(target))}, "
            "or make the scenario's own with `recsim generate … --out DIR` and name that."
        )
    make(
        target,
        engine.identity(scenario),
        lambda: engine.generate(scenario, target, progress=terminal),
        force=False,
        terminal=terminal,
    )
    return Dataset.open(target)
