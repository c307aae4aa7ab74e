"""Judge the lists an earlier run kept by other metrics: same world, same split, nothing fitted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.engine import VERB, Question
from recsim.metrics.base import depth_of, parse
from recsim.runs import Manifest, read_document, read_manifest
from recsim.scenario import Scenario
from recsim.scenario.load import validate


def read_evaluation(path: Path) -> Manifest:
    """The manifest of a finished evaluation; raises `BadInput` for anything else."""
    manifest = read_manifest(path)
    if manifest.kind != "run" or manifest.verb != VERB:
        raise BadInput(f"{path} is a {manifest.kind} of {manifest.verb}; name a run that `recsim evaluate` made.")
    return manifest


def question_of(
    path: Path, metrics: Sequence[str], sets: Sequence[str], tools: Sequence[str] = (), *, trec: bool
) -> tuple[Scenario, Dataset, Question]:
    """What to ask to judge a run again: its own scenario and world, its lists, and these metrics (or its own)."""
    if sets:
        raise BadInput("--rescore keeps the scenario of the run, so --set has no meaning with it; leave it out.")
    manifest = read_evaluation(path)
    lists = manifest.facts.get("lists") or {}
    if not lists:
        raise BadInput(f"{path} kept no lists (it was made with --no-lists), so nothing can be judged again.")
    if manifest.scenario is None:
        raise BadInput(f"the manifest of {path} holds no scenario; evaluate again.")
    world = Dataset.open(manifest.arguments["world"])
    if world.manifest.identity != manifest.inputs.get("world"):
        raise BadInput(f"world {world.path} is not the one {path} was made from; make that one again first.")
    asked = list(metrics) or list(manifest.arguments["metrics"])
    depth = int(read_document(path / "results.json")["protocol"]["list_depth"])
    needed = depth_of([parse(name) for name in asked])
    if needed > depth:
        deepest = next(name for name in asked if (parse(name).k or 0) > depth)
        raise BadInput(f"the lists of {path} are {depth} deep, so {deepest} can't be computed; evaluate again with it.")
    question = Question(
        recommenders=[],
        metrics=asked,
        split=manifest.facts["split"],
        log=False,
        oracle=False,
        trec=trec,
        tools=tools,
        stored=[(name, (path / file).resolve()) for name, file in lists.items()],
    )
    return validate(manifest.scenario, place=f"of {path}"), world, question
