"""The fidelity certificate, behind `recsim evaluate WORLD --against REAL` and `recsim generate … --certificate`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from recsim.cli.finish import finish_run, make, run_path
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.runs import Manifest
from recsim.scenario import Scenario
from recsim.scenario.load import validate
from recsim.scenario.profile import load_profile

if TYPE_CHECKING:
    from recsim.fidelity.base import Limits
    from recsim.fidelity.cut import Cut
    from recsim.fidelity.ladder import Size

LEAST_CATEGORIES = 45
"""Prices differ from category to category by a sigma of 0.8, so the median of fewer is not steady within 15 %."""
LEAST_USERS, MOST_USERS = 1_000, 300_000
_TENTH, _THIRD = 10, 3


def certificate(
    world: str | Path,
    *,
    against: Sequence[str] = (),
    profile: str | None = None,
    out: Path | None = None,
    seed: int | None = None,
    dry_run: bool = False,
    force: bool = False,
    sized: bool = True,
    terminal: Terminal,
) -> None:
    """Make, print and report the certificate of a world against real worlds or a profile."""
    manifest, target = made(
        world, against=against, profile=profile, out=out, seed=seed, dry_run=dry_run, force=force, sized=sized,
        terminal=terminal,
    )  # fmt: skip
    if manifest is not None:
        finish_run(target, manifest, terminal, following=f"open {quote(str(target / 'report.html'))}")


def made(
    world: str | Path,
    *,
    against: Sequence[str],
    profile: str | None,
    out: Path | None,
    seed: int | None,
    dry_run: bool,
    force: bool,
    sized: bool,
    terminal: Terminal,
) -> tuple[Manifest | None, Path]:
    """The manifest of the certificate (None of a dry run) and its directory."""
    from recsim.fidelity import engine

    dataset = Dataset.open(world)
    reals = [Dataset.open(one) for one in against]
    if any(one.manifest.identity == dataset.manifest.identity for one in reals):
        raise BadInput(f"--against names {dataset.name} itself; name another world.")
    chosen = load_profile(profile) if profile is not None else None
    scenario = _scenario(dataset) if sized else None
    steps = [] if scenario is None else other_sizes(scenario)
    chosen_seed = 1 if seed is None else seed
    identity = engine.identity(dataset, against=reals, profile=chosen, sized=bool(steps), seed=chosen_seed)
    target = out or run_path("certificate", dataset.name, identity)
    if dry_run:
        rows = [["run", str(target)], ["worlds measured", str(1 + len(reals))]]
        rows += [["worlds made to compare sizes", ", ".join(f"{users:,} users" for users, _ in steps) or "none"]]
        terminal.table("the certificate would take", ["what", "estimate"], rows)
        terminal.hint("nothing was written")
        return None, target
    manifest = make(
        target,
        identity,
        lambda: engine.certify(
            dataset, target, against=reals, profile=chosen, profile_name=profile or "", seed=chosen_seed, force=force,
            sizes=partial(measured_sizes, scenario, steps, terminal) if scenario and steps else None, progress=terminal,
        ),
        force=force,
        terminal=terminal,
    )  # fmt: skip
    return manifest, target


def _scenario(world: Dataset) -> Scenario | None:
    """The scenario a world was generated from; None of an imported one."""
    if world.manifest.verb != "generate" or world.manifest.scenario is None:
        return None
    return validate(world.manifest.scenario, place=f"of {world.name}")


def other_sizes(scenario: Scenario) -> list[tuple[int, int]]:
    """Two other sizes of a world, (users, products): smaller where it is large, else half and twice."""
    from recsim.scenario.activity import registered

    users, products = registered(scenario.users), scenario.products.count
    if users >= LEAST_USERS * _TENTH:
        wanted = [min(users // _TENTH, MOST_USERS // _THIRD), min(users // _THIRD, MOST_USERS)]
    else:
        wanted = [max(users // 2, 1), users * 2]
    return [(count, max(50, round(products * count / users))) for count in wanted]


def measured_sizes(
    scenario: Scenario,
    steps: Sequence[tuple[int, int]],
    terminal: Terminal,
    limits: Mapping[str, Limits],
    cut: Cut,
) -> list[Size]:
    """Worlds of the same scenario at other sizes: their statistics; the first is made twice to compare its bytes.

    They are measured within the same limits, and cut alike, as the world they are held against.
    """
    from recsim.fidelity.ladder import SCALE_FREE, Size
    from recsim.fidelity.measure import measure
    from recsim.generate.engine import generate

    found = []
    for at, (users, products) in enumerate(steps):
        tree = scenario.resolved()
        tree["users"] |= {"count": users, "daily_active": None}
        tree["products"]["count"] = products
        share = products / scenario.products.count
        categories = max(2, min(round(scenario.products.categories * share), products))
        tree["products"]["categories"] = categories
        small = validate(tree, place="of another size")
        with tempfile.TemporaryDirectory(prefix="recsim-certificate-") as folder:
            manifest = generate(small, Path(folder) / "one", workers=1, progress=terminal)
            same = None
            if at == 0:
                again = generate(small, Path(folder) / "two", workers=2, progress=terminal)
                same = again.outputs == manifest.outputs
            world = Dataset.open(Path(folder) / "one")
            figures = measure(world, SCALE_FREE, limits=limits, cut=cut)
        unsteady = frozenset({"price_usd"} if categories < LEAST_CATEGORIES else ())
        found.append(Size(f"{users:,} users", figures, same, unsteady))
    return found
