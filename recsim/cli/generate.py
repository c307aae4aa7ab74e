"""`recsim generate`: make a synthetic world."""

from __future__ import annotations

import re
from shlex import quote
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.finish import make, show_plan
from recsim.cli.terminal import Terminal
from recsim.errors import BadInput
from recsim.registry import did_you_mean
from recsim.runs import Manifest, data_dir
from recsim.scenario import load_scenario
from recsim.scenario.profile import load_profile
from recsim.units import human_bytes, human_count, human_seconds


def generate(
    scenario: options.Scenario,
    out: options.Out = None,
    seed: options.Seed = None,
    sets: options.Set = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; the result does not depend on it.")] = None,
    engine_name: Annotated[
        str, typer.Option("--engine", metavar="local|spark", help="Who makes the chunks; the bytes are the same.")
    ] = "local",
    master: Annotated[
        str | None, typer.Option(help="Spark master of --engine spark; local[*] where none is named.")
    ] = None,
    stop_after: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Begin no chunk after 30m, 2h or 90s; the same command then goes on."),
    ] = None,
    certificate: Annotated[
        bool, typer.Option("--certificate", help="Hold the world against the targets of the scenario's profile.")
    ] = False,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Make a synthetic world: users, products, events, truth."""
    chosen = load_scenario(scenario, sets=sets or [], seed=seed)
    chosen_master = _master(engine_name, master, workers)
    stop_after_s = None if stop_after is None else _seconds(stop_after)
    if certificate:
        if chosen.profile is None:
            raise BadInput("--certificate needs a profile; add --set profile=otto (`recsim list profiles` shows them).")
        load_profile(chosen.profile)
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.generate import engine
        from recsim.report.summary import summary

        if dry_run:
            show_plan("generate", chosen, engine.estimate(chosen), terminal)
            return
        target = out or data_dir() / chosen.name
        there = target.exists() and not force
        manifest = make(
            target,
            engine.identity(chosen),
            lambda: engine.generate(
                chosen,
                target,
                workers=workers,
                master=chosen_master,
                force=force,
                stop_after_s=stop_after_s,
                progress=terminal,
            ),
            force=force,
            terminal=terminal,
        )
        if certificate:
            from recsim.cli.certificate import certificate as certify

            certify(target, profile=chosen.profile, force=force, terminal=terminal)
            return
        if json:
            terminal.document(
                {"verb": "generate", "world": str(target), "facts": manifest.facts, "process": manifest.process}
            )
        else:
            terminal.summary(summary(target))
        if not there:
            terminal.hint(_cost(manifest))
        terminal.hint(f"wrote {target}")
        terminal.hint(f"next: recsim replay {quote(scenario)} --world {quote(str(target))}")


def _cost(manifest: Manifest) -> str:
    """What the making took, in a line."""
    took = manifest.process
    events, cpu_s = took["events_made"], took["cpu_s"]
    size = sum(file.bytes for file in manifest.outputs.values())
    return (
        f"made {human_count(events)} events in {human_seconds(took['wall_s'])}: "
        f"{human_count(events / max(cpu_s, 1e-9))} events a CPU second, "
        f"{size / max(manifest.facts['events'], 1):.1f} bytes an event with all tables, "
        f"{human_bytes(took['peak_memory_bytes'])} of memory in the largest process"
    )


def _seconds(written: str) -> float:
    """`90s`, `30m`, `2h` or a number of seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", written.strip())
    if found is None:
        raise BadInput(f'--stop-after "{written}" is no time; write 90s, 30m or 2h.')
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _master(engine: str, master: str | None, workers: int | None) -> str | None:
    """The Spark master asked for; None of the local engine."""
    if engine not in ("local", "spark"):
        raise BadInput(f'unknown engine "{engine}".{did_you_mean(engine, ["local", "spark"])}')
    if engine == "local":
        if master is not None:
            raise BadInput(f"--master {master} needs --engine spark.")
        return None
    if workers is not None:
        raise BadInput("--workers is for --engine local; on Spark name them in the master, as in --master local[4].")
    return master or "local[*]"
