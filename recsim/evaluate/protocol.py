"""From what the user asked to a split that the world allows, and the tasks it makes."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from recsim.dataset import Dataset
from recsim.evaluate.splits import SPLITS
from recsim.evaluate.splits.base import Split
from recsim.evaluate.splits.given import has_given
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation

AUTO = "auto"


def resolve(world: Dataset, kind: str) -> Split:
    """The split of a name, or what `auto` means for a world; raises `BadInput` where the world can't be split so."""
    name = _auto(world) if kind == AUTO else kind
    split: Split = SPLITS.load(name)
    split.check(world)
    return split


def _auto(world: Dataset) -> str:
    """The split the data set brings, judged as its kind is published: sessions by next item, baskets by next basket."""
    if not has_given(world):
        return "global-time"
    facts = (
        world.scan("interactions")
        .select(
            sessions=pl.col("session").null_count() == 0,
            positions=pl.col("position").null_count() == 0,
        )
        .collect()
        .row(0, named=True)
    )
    if not facts["sessions"]:
        return "given"
    return "next-item" if facts["positions"] else "next-basket"


def masks_seen(split: Split, evaluation: Evaluation) -> bool:
    """Whether lists leave out what the user has in training."""
    return split.masks_seen if evaluation.seen == "auto" else evaluation.seen == "mask"


def tasks_of(world: Dataset, split: Split, evaluation: Evaluation, *, seed: int) -> Iterator[Task]:
    """The tasks of a split, each made when it is asked for."""
    wanted = Wanted(
        seed=seed,
        judge_on=evaluation.judge_on,
        mask_seen=masks_seen(split, evaluation),
        users=evaluation.users,
    )
    return split.tasks(world, evaluation, wanted)
