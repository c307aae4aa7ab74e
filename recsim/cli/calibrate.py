"""`recsim calibrate`: measure a world and write a profile that makes worlds like it."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput

if TYPE_CHECKING:
    from recsim.fidelity.calibrate import Found, Model
    from recsim.fidelity.measure import Published


def calibrate(
    world: options.World,
    name: Annotated[str | None, typer.Option(help="Name of the profile; by default the world's.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; by default NAME.toml here.")] = None,
    tune: Annotated[
        bool, typer.Option(help="Find what acts through the choice model by drawing up to 35 worlds (a minute or two).")
    ] = True,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure a world and write a profile: its figures as targets, and the model values that come near them."""
    from recsim.fidelity.calibrate import model_of, profile_tree, scenario_of
    from recsim.fidelity.measure import published
    from recsim.fidelity.writing import toml

    dataset = Dataset.open(world)
    target = out or Path(f"{name or dataset.name}.toml")
    if target.suffix != ".toml":
        raise BadInput(f"a profile is a TOML file; name --out {target}.toml.")
    if target.exists() and not force:
        raise BadInput(f"{target} exists already; name another --out, or replace it with --force.")
    with Terminal(json=json, quiet=quiet) as terminal:
        rows = dataset.manifest.facts.get("events") or dataset.manifest.facts.get("interactions") or 0
        if dry_run:
            plan = [["profile", str(target)], ["rows read", f"{rows:,}"], ["worlds drawn", "up to 35" if tune else "0"]]
            terminal.table("calibrate would write", ["what", "estimate"], plan)
            terminal.hint("nothing was written")
            return
        log = published(dataset, progress=terminal)
        model = model_of(dataset, log.found)
        scenario_of(model)
        if tune:
            model = _tuned(model, log, terminal)
        tree = profile_tree(dataset, log.found, model, log.cut)
        if name:
            tree["description"] = f"{name}: {tree['description'][0].lower()}{tree['description'][1:]}"
        text = toml(tree)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{target} can't be written: {error.strerror}; name another --out.") from None
        if json:
            terminal.document({"verb": "calibrate", "profile": str(target), **tree})
        else:
            rows_shown = [[f"{part}.{key}", str(value)] for part, keys in model.items() for key, value in keys.items()]
            terminal.table("model", ["key", "value"], rows_shown)
            told = [[key, one["values_text"]] for key, one in _texts(tree).items()]
            terminal.table("targets", ["statistic", "measured"], told)
        terminal.hint(f"wrote {target}")
        made = quote(f"data/like-{dataset.name}")
        terminal.hint(f"next: recsim generate base --set profile={quote(str(target))} --out {made}")
        terminal.hint(f"then: recsim evaluate {made} --against {quote(str(world))}")


def _tuned(model: Model, log: Published, terminal: Terminal) -> Model:
    """The model with the knobs of the choice model set: worlds are drawn in memory and measured as the log is."""
    from recsim.cli.drawn import Drawn
    from recsim.fidelity.calibrate import scaled, scenario_of, small_scale
    from recsim.fidelity.cut import through
    from recsim.fidelity.measure import Pass
    from recsim.fidelity.tuning import STEPS, answering, fitting, tuned

    scale = small_scale(model, log.found)
    names = answering(log.found, scale)
    total = 1 + len(fitting(log.found)) + STEPS
    done = 0
    funnel = None

    def simulate(candidate: Model) -> Found:
        nonlocal done, funnel
        made = Drawn.of(scenario_of(scaled(candidate, scale)), funnel)
        funnel = made.world.funnel
        run = Pass(made.context(users_are_sessions=log.cut.sessions_only), names)
        rows = list(made.pieces())
        for piece in through(log.cut, lambda: iter(rows), made.products)():
            run.add(piece)
        done += 1
        terminal("fit the model", done, total, "worlds")
        return run.finish(log.limits)

    return tuned(model, log.found, simulate, scale=scale)


def _texts(tree: dict[str, dict[str, dict[str, dict[str, float]]]]) -> dict[str, dict[str, str]]:
    return {
        name: {"values_text": ", ".join(f"{key} {value:g}" for key, value in list(target["values"].items())[:8])}
        for name, target in tree["targets"].items()
    }
