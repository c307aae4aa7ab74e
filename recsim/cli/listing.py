"""`recsim list`: what there is to name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.errors import BadInput
from recsim.registry import did_you_mean
from recsim.runs import complete_directories, data_dir, read_manifest, reports_dir

Rows = list[list[str]]


def list_things(
    what: Annotated[
        str | None,
        typer.Argument(help="scenarios, profiles, worlds, runs, recommenders, metrics, importers or components."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List what can be named: scenarios, worlds, runs …"""
    kinds: dict[str, Callable[[], Rows]] = {
        "scenarios": _scenarios,
        "profiles": _profiles,
        "worlds": _worlds,
        "runs": _runs,
        "recommenders": _recommenders,
        "metrics": _metrics,
        "importers": _importers,
        "components": _components,
    }
    if what is not None and what not in kinds:
        raise BadInput(f'can\'t list "{what}".{did_you_mean(what, kinds)}')
    chosen = [what] if what is not None else list(kinds)
    found = {kind: kinds[kind]() for kind in chosen}
    with Terminal(json=json, quiet=False) as terminal:
        if json:
            terminal.document({kind: [row[0] for row in rows] for kind, rows in found.items()})
            return
        for kind, rows in found.items():
            terminal.table(kind, [kind, "what it is"], rows)


def _scenarios() -> Rows:
    from recsim.scenario import load_scenario, scenario_files

    return [[name, load_scenario(str(path)).description] for name, path in sorted(scenario_files().items())]


def _profiles() -> Rows:
    from recsim.scenario.profile import load_profile, profile_files

    return [[name, load_profile(name).description] for name in profile_files()]


def _worlds() -> Rows:
    rows = []
    for path in complete_directories(data_dir()):
        try:
            manifest = read_manifest(path)
        except BadInput as error:
            rows.append([path.name, f"unusable: {error}"])
            continue
        facts = manifest.facts
        size = f"{facts['users']:,} users, {facts['products']:,} products, {facts.get('events') or 0:,} events"
        rows.append([manifest.name, f"{manifest.verb}, {size}"])
    return rows


def _runs() -> Rows:
    return [[str(path), _verb(path)] for path in complete_directories(reports_dir())]


def _verb(run: Path) -> str:
    try:
        return read_manifest(run).verb
    except BadInput as error:
        return f"unusable: {error}"


def _recommenders() -> Rows:
    from recsim.recommenders import RECOMMENDERS

    return [[name, _first_line(RECOMMENDERS.load(name))] for name in RECOMMENDERS.names()]


def _metrics() -> Rows:
    from recsim.metrics import METRICS

    return [[name, METRICS.load(name).formula] for name in METRICS.names()]


def _importers() -> Rows:
    from recsim.importers import IMPORTERS

    return [[name, IMPORTERS.load(name).summary] for name in IMPORTERS.names()]


def _components() -> Rows:
    from recsim.components import COMPONENTS

    return [[name, f"stands for {component.stands_for}"] for name, component in COMPONENTS.items()]


def _first_line(thing: object) -> str:
    return (thing.__doc__ or "").strip().split("\n")[0]
