"""`recsim evaluate`: which recommender is best, for whom, and is the difference real?"""

from __future__ import annotations

import math
from shlex import quote
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.certificate import certificate
from recsim.cli.complete import scenarios
from recsim.cli.finish import finish_run, make, results, run_path, show_plan
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput, ThresholdMissed
from recsim.scenario import load_scenario


def evaluate(
    world: options.World,
    recommender: options.Recommenders = None,
    metric: options.Metrics = None,
    split: Annotated[
        str | None, typer.Option(help="given, leave-last-out or global-time; by default what the world allows.")
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="Scenario whose [evaluation] is used.", autocompletion=scenarios)
    ] = "base",
    against: Annotated[
        list[str] | None,
        typer.Option(help="A real world: print the fidelity certificate. More of them: how alike real worlds are."),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="Exit 3 when the best recommender stays below; repeatable."),
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
    """Compare recommenders offline, with 95 % intervals; with --against, a world with a real one."""
    if against:
        with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
            certificate(world, against=against, out=out, seed=seed, dry_run=dry_run, force=force, terminal=terminal)
        return
    chosen = load_scenario(scenario, sets=sets or [], seed=seed)
    thresholds = [_threshold(item) for item in fail_under or []]
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.evaluate import engine

        dataset = Dataset.open(world)
        names = recommender or chosen.evaluation.recommenders
        metrics = metric or chosen.evaluation.metrics
        chosen_split = split or chosen.evaluation.split
        for name, _ in thresholds:
            if name not in metrics:
                raise BadInput(f'--fail-under names "{name}", which is not computed; add --metric {name}.')
        if dry_run:
            engine.check(dataset, recommenders=names, metrics=metrics, split=chosen_split)
            show_plan("evaluate", chosen, engine.estimate(chosen, dataset, names), terminal)
            return
        identity = engine.identity(chosen, dataset, recommenders=names, metrics=metrics, split=chosen_split)
        target = out or run_path("evaluate", dataset.name, identity)
        manifest = make(
            target,
            identity,
            lambda: engine.evaluate(
                chosen,
                dataset,
                target,
                recommenders=names,
                metrics=metrics,
                split=chosen_split,
                force=force,
                progress=terminal,
            ),
            force=force,
            terminal=terminal,
        )
        finish_run(target, manifest, terminal, following=f"open {quote(str(target / 'report.html'))}")
        _judge(results(target)["scores"], thresholds)


def _threshold(item: str) -> tuple[str, float]:
    name, _, value = item.partition("=")
    try:
        least = float(value)
    except ValueError:
        least = math.nan
    if not math.isfinite(least):
        raise BadInput(f'--fail-under "{item}" is not metric=value; write for example ndcg@20=0.12.')
    return name, least


def _judge(scores: list[dict[str, object]], thresholds: list[tuple[str, float]]) -> None:
    for name, least in thresholds:
        values = [
            float(str(score["value"]))
            for score in scores
            if score["metric"] == name and score["segment"] == "all" and score["recommender"] != "oracle"
        ]
        if max(values) < least:
            raise ThresholdMissed(f"the best {name} is {max(values):.4f}, below the {least} of --fail-under.")
