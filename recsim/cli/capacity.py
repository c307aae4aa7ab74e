"""`recsim capacity-plan`: how many shards, nodes and dollars, how sure are we?"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.complete import runs
from recsim.cli.finish import finish_run, make, run_path, show_plan
from recsim.cli.terminal import Terminal
from recsim.scenario import load_scenario


def capacity_plan(
    scenario: options.Scenario,
    audit: Annotated[
        bool, typer.Option("--audit", help="Recompute the written design's figures, line by line.")
    ] = False,
    from_run: Annotated[
        Path | None,
        typer.Option("--from", help="A replay run whose measurements replace assumptions.", autocompletion=runs),
    ] = None,
    out: options.Out = None,
    seed: options.Seed = None,
    sets: options.Set = None,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Plan shards, nodes and cost, every figure sourced."""
    chosen = load_scenario(scenario, sets=sets or [], seed=seed)
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.capacity import engine

        if dry_run:
            show_plan("capacity-plan", chosen, engine.estimate(chosen), terminal)
            return
        identity = engine.identity(chosen, audit=audit, from_run=from_run)
        target = out or run_path("capacity-plan", chosen.name, identity)
        manifest = make(
            target,
            identity,
            lambda: engine.plan(chosen, target, audit=audit, from_run=from_run, force=force, progress=terminal),
            force=force,
            terminal=terminal,
        )
        finish_run(target, manifest, terminal, following=f"open {quote(str(target / 'report.html'))}")
