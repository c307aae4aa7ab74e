"""`recsim evaluate`: which recommender is best, for whom, and is the difference real?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from recsim.cli import options
from recsim.cli.certificate import certificate
from recsim.cli.complete import recommenders, runs, scenarios, worlds
from recsim.cli.finish import finish_run, make, results, run_path, show_plan
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput, ThresholdMissed
from recsim.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from recsim.evaluate.engine import Question


def _worlds_and_runs() -> list[str]:
    return [*worlds(), *runs()]


def evaluate(
    subjects: Annotated[
        list[str],
        typer.Argument(
            metavar="WORLD",
            help="A world; with --rescore a run; with --compare several runs.",
            autocompletion=_worlds_and_runs,
        ),
    ],
    recommender: Annotated[
        list[str] | None,
        typer.Option(
            "--recommender",
            help="A recommender, with options as in als(factors=32), or a class of yours, my.py:Mine; repeatable.",
            autocompletion=recommenders,
        ),
    ] = None,
    recommendations: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="Lists made elsewhere: CSV, Parquet, TREC run; repeatable."),
    ] = None,
    metric: options.Metrics = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="given, random, k-fold, global-time, sliding-windows, user-time, leave-last-out, next-item or "
            "next-basket; by default what the world allows."
        ),
    ] = None,
    mask_seen: Annotated[
        bool | None,
        typer.Option("--mask-seen/--keep-seen", help="Leave out, or keep, what a user has in training."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, max=100, help="Fit every model with this many seeds.")] = None,
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
    fail_on_leak: Annotated[bool, typer.Option(help="Exit 3 when the leakage check finds anything.")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Compare finished runs, user by user.")] = False,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Judge the lists a run kept by other metrics, without fitting.")
    ] = False,
    as_: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="TOOL", help="Print what trec_eval, ranx, recbole, … would; repeatable."),
    ] = None,
    trec: Annotated[bool, typer.Option("--trec", help="Write run files and qrels of TREC as well.")] = False,
    lists: Annotated[bool, typer.Option("--lists/--no-lists", help="Keep every user's list in the run.")] = True,
    per_user: Annotated[bool, typer.Option("--per-user/--no-per-user", help="Keep every user's values.")] = True,
    oracle: Annotated[bool, typer.Option("--oracle/--no-oracle", help="Rank by a synthetic world's truth.")] = True,
    out: options.Out = None,
    seed: options.Seed = None,
    sets: options.Set = None,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare recommenders offline, with 95 % intervals; with --against, hold a world against a real one."""
    thresholds = [_threshold(item) for item in fail_under or []]
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.evaluate.engine import Question

        if compare or rescore:
            asked = {
                "--recommender": recommender, "--recommendations": recommendations, "--split": split, "--seeds": seeds,
                "--mask-seen or --keep-seen": mask_seen, "--seed": seed,
            }  # fmt: skip
            _refuse("--compare" if compare else "--rescore", asked | ({"--rescore": rescore} if compare else {}))
        if compare:
            _refuse("--compare", {"--metric": metric, "--set": sets, "--dry-run": dry_run, "--fail-under": fail_under,
                                  "--trec": trec, "--as": as_, "--fail-on-leak": fail_on_leak})  # fmt: skip
            _compare(subjects, out, terminal, force=force)
            return
        if len(subjects) != 1:
            raise BadInput(
                f"one world is evaluated at a time, {len(subjects)} were named; to compare runs add --compare."
            )
        if against:
            _refuse_beside_against({
                "--recommender": recommender, "--recommendations": recommendations, "--metric": metric,
                "--split": split, "--seeds": seeds, "--fail-under": fail_under, "--set": sets, "--rescore": rescore,
            })  # fmt: skip
            certificate(
                subjects[0], against=against, out=out, seed=seed, dry_run=dry_run, force=force, terminal=terminal
            )
            return
        if rescore:
            chosen, dataset, question = _of_run(subjects[0], metric, sets, as_ or [], trec=trec)
        else:
            chosen = load_scenario(scenario, sets=[*_sets(mask_seen, seeds), *(sets or [])], seed=seed)
            dataset = Dataset.open(subjects[0])
            question = Question(
                recommenders=recommender or ([] if recommendations else chosen.evaluation.recommenders),
                metrics=metric or chosen.evaluation.metrics,
                split=split or chosen.evaluation.split,
                recommendations=recommendations or [],
                log=lists, per_user=per_user, oracle=oracle, trec=trec, tools=as_ or [],
            )  # fmt: skip
        _run(chosen, dataset, question, thresholds, out, terminal, dry_run=dry_run, force=force, leaks=fail_on_leak)


def _run(
    chosen: Scenario,
    dataset: Dataset,
    question: Question,
    thresholds: list[tuple[str, float]],
    out: Path | None,
    terminal: Terminal,
    *,
    dry_run: bool,
    force: bool,
    leaks: bool,
) -> None:
    from recsim.evaluate import engine

    for name, _ in thresholds:
        if name not in question.metrics:
            raise BadInput(f'--fail-under names "{name}", which is not computed; add --metric {name}.')
    checked = engine.prepare(chosen, dataset, question)
    if dry_run:
        show_plan("evaluate", chosen, engine.estimate(chosen, dataset, checked), terminal)
        return
    target = out or run_path("evaluate", dataset.name, checked.identity)
    manifest = make(
        target,
        checked.identity,
        lambda: engine.evaluate(chosen, dataset, target, question, force=force, progress=terminal),
        force=force,
        terminal=terminal,
    )
    finish_run(target, manifest, terminal, following=f"open {quote(str(target / 'report.html'))}")
    document = results(target)
    _tell_leaks(document, terminal, fail=leaks)
    _judge(document["scores"], thresholds)


def _sets(mask_seen: bool | None, seeds: int | None) -> list[str]:
    """Flags that are values of the scenario: what the manifest keeps is then all there is to know."""
    found = [] if seeds is None else [f"evaluation.seeds={seeds}"]
    return found if mask_seen is None else [*found, f"evaluation.seen={'mask' if mask_seen else 'keep'}"]


def _refuse(flag: str, others: Mapping[str, object]) -> None:
    given = [name for name, value in others.items() if value not in (None, False, [])]
    if given:
        raise BadInput(f"{flag} works on finished runs, so {given[0]} has no meaning with it; leave it out.")


def _refuse_beside_against(others: Mapping[str, object]) -> None:
    given = [name for name, value in others.items() if value]
    if given:
        raise BadInput(f"--against has a protocol of its own, so {given[0]} has no meaning with it; leave it out.")


def _of_run(
    reference: str, metric: list[str] | None, sets: list[str] | None, tools: list[str], *, trec: bool
) -> tuple[Scenario, Dataset, Question]:
    from recsim.evaluate.rescore import question_of

    return question_of(Path(reference), metric or [], sets or [], tools, trec=trec)


def _compare(subjects: list[str], out: Path | None, terminal: Terminal, *, force: bool) -> None:
    from recsim.evaluate import compare

    paths = [Path(subject) for subject in subjects]
    identity = compare.identity(paths)
    target = out or run_path("compare", f"{len(paths)}-runs", identity)
    manifest = make(
        target, identity, lambda: compare.compare_runs(paths, target, force=force), force=force, terminal=terminal
    )
    finish_run(target, manifest, terminal, following=f"open {quote(str(target / 'report.html'))}")


def _tell_leaks(document: dict[str, object], terminal: Terminal, *, fail: bool) -> None:
    leakage = document["leakage"]
    assert isinstance(leakage, dict), "results hold the leakage check"
    findings = leakage["findings"]
    for finding in findings:
        examples = "; ".join(finding["examples"])
        where = "" if finding["where"] == "split" else f"{finding['where']}: "
        print_line = f"leak: {where}{finding['count']:,} of {finding['of']:,} {finding['says']} ({examples})"
        terminal.hint(print_line)
    if findings and fail:
        kinds = ", ".join(dict.fromkeys(finding["leak"] for finding in findings))
        raise ThresholdMissed(f"the leakage check found {kinds}; the figures can't be trusted.")


def _threshold(item: str) -> tuple[str, float]:
    name, _, value = item.rpartition("=")
    try:
        least = float(value)
    except ValueError:
        least = math.nan
    if not name or not math.isfinite(least):
        raise BadInput(f'--fail-under "{item}" is not metric=value; write for example ndcg@20=0.12.')
    return name, least


def _judge(scores: list[dict[str, object]], thresholds: list[tuple[str, float]]) -> None:
    for name, least in thresholds:
        values = [
            float(str(score["value"]))
            for score in scores
            if score["metric"] == name and score["segment"] == "all" and score["recommender"] != "oracle"
            and score["value"] is not None
        ]  # fmt: skip
        if not values or max(values) < least:
            best = f"{max(values):.4f}, below the {least}" if values else f"no number, so not the {least}"
            raise ThresholdMissed(f"the best {name} is {best} of --fail-under.")
