"""A finished replay as a plan reads it: its documents, its manifest, and its world's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsim.errors import BadInput
from recsim.runs import MEASURED, Manifest, data_dir, read_document, read_manifest
from recsim.scenario.model import digest


@dataclass(frozen=True)
class ReplayRun:
    """The documents of a finished replay, and the manifest of its world where that is still there, unchanged."""

    path: Path
    manifest: Manifest
    results: dict[str, Any]
    measured: dict[str, Any]
    world: Manifest | None

    @property
    def name(self) -> str:
        """The run, for a source: the world it replayed and the head of its identity."""
        world = self.manifest.arguments.get("world", self.manifest.name)
        return f"replay of {world}, {self.manifest.identity[:8]}"


def read_replay(path: Path) -> ReplayRun:
    """A finished replay; raises `BadInput` for anything else."""
    manifest = read_manifest(path)
    if manifest.kind != "run" or manifest.verb != "replay":
        what = "is a world" if manifest.kind == "world" else f"was made by `recsim {manifest.verb}`"
        raise BadInput(f"--from {path} {what}, and only a replay measures what a plan can use; name a replay run.")
    measured = path / MEASURED / "measured.json"
    return ReplayRun(
        path=path,
        manifest=manifest,
        results=read_document(path / "results.json"),
        measured=read_document(measured) if measured.is_file() else {},
        world=_world(manifest),
    )


def _world(run: Manifest) -> Manifest | None:
    try:
        world = read_manifest(data_dir() / str(run.arguments.get("world")))
    except BadInput:
        return None
    return world if world.kind == "world" and world.identity == run.inputs.get("world") else None


def inputs(run: ReplayRun) -> dict[str, str]:
    """What a plan takes from a replay, as sha256: its identity, its measurements, and the world if it is there."""
    found = {"replay": run.manifest.identity, "results": digest(run.results), "measured": digest(run.measured)}
    return {**found, "world": run.world.identity} if run.world else found
