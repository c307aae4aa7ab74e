"""`recsim rerun`: make a world or a run again from its manifest alone, and compare every byte."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput, ThresholdMissed
from recsim.runs import Manifest, read_manifest
from recsim.scenario import Scenario
from recsim.scenario.load import validate

_SHOWN = 3
"""Differing files named in the sentence; `--json` lists them all."""


def rerun(
    directory: Annotated[Path, typer.Argument(help="A world or a run.")],
    out: Annotated[Path, typer.Option(help="Where to make it again.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a run again from its manifest and compare."""
    before = read_manifest(directory)
    with Terminal(json=json, quiet=quiet) as terminal:
        after = _again(before, out, terminal)
        different = sorted(
            name
            for name in before.outputs.keys() | after.outputs.keys()
            if before.outputs.get(name) != after.outputs.get(name)
        )
        if json:
            terminal.document({"verb": "rerun", "outputs": len(after.outputs), "different": different})
        else:
            print(f"{len(after.outputs) - len(different)} of {len(after.outputs)} outputs are identical")
        if different:
            shown = ", ".join(different[:_SHOWN]) + (" …" if len(different) > _SHOWN else "")
            raise ThresholdMissed(f"{len(different)} outputs of {out} differ from {directory}: {shown}.")


def _again(manifest: Manifest, out: Path, terminal: Terminal) -> Manifest:
    if manifest.verb == "generate":
        from recsim.generate.engine import generate

        return generate(_scenario(manifest), out, progress=terminal)
    if manifest.verb == "replay":
        from recsim.replay.engine import replay

        return replay(_scenario(manifest), _world(manifest), out, force=False, progress=terminal)
    if manifest.verb == "evaluate":
        from recsim.evaluate.engine import Question, evaluate

        question = Question.of(manifest.arguments)
        return evaluate(_scenario(manifest), _world(manifest), out, question, force=False, progress=terminal)
    if manifest.verb == "capacity-plan":
        from recsim.capacity.engine import plan

        source = manifest.arguments.get("from_run")
        return plan(
            _scenario(manifest),
            out,
            audit=manifest.arguments["audit"],
            from_run=Path(source) if source else None,
            force=False,
            progress=terminal,
        )
    if manifest.verb == "certificate":
        from recsim.cli.certificate import made

        asked = manifest.arguments
        again, _ = made(
            _world(manifest).path, against=asked["against"], profile=asked["profile"], seed=asked["seed"],
            sized=asked["sized"], out=out, dry_run=False, force=False, terminal=terminal,
        )  # fmt: skip
        assert again is not None, "not a dry run"
        return again
    raise BadInput(f"{manifest.name} was imported; run `recsim import` on the same files instead.")


def _scenario(manifest: Manifest) -> Scenario:
    if manifest.scenario is None:
        raise BadInput(f"the manifest of {manifest.name} holds no scenario; run `recsim {manifest.verb}` instead.")
    return validate(manifest.scenario, place=f"of {manifest.name}")


def _world(manifest: Manifest) -> Dataset:
    world = Dataset.open(manifest.arguments["world"])
    expected = manifest.inputs.get("world")
    if expected is not None and world.manifest.identity != expected:
        raise BadInput(f"world {world.path} is not the one {manifest.name} was made from; make that one again first.")
    return world
