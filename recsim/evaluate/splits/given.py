"""The split a data set came with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.rows import TRAIN, Rows, read_rows
from recsim.evaluate.splits.base import Split, by_labels
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation


def has_given(world: Dataset) -> bool:
    """Whether the data set brings rows of a test part."""
    if not world.has("interactions"):
        return False
    labels = world.scan("interactions").select("split").unique().collect()["split"].cast(str)
    return "test" in labels.to_list()


def check(world: Dataset) -> None:
    """Raises `BadInput` where the world brings no test part."""
    if not has_given(world):
        raise BadInput(f"world {world.name} brings no test split; use --split global-time or --split leave-last-out.")


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """Train on the rows marked train, or on the event log where none is; validation rows are used for neither."""
    given = list(read_rows(world, "interactions", evaluation.signals))
    learned = any(rows.given is not None and (rows.given == TRAIN).any() for rows in given)

    def read(*, sessions: bool) -> Iterator[Rows]:
        if not learned and world.has("events"):
            yield from read_rows(world, "events", evaluation.signals, sessions=sessions)
        yield from given

    sets = all(rows.times_us is None and rows.sessions is None for rows in given)
    yield by_labels(world, read, _label, wanted, kind="given", sets=sets)


def _label(rows: Rows) -> NDArray[np.int8]:
    return np.full(len(rows), TRAIN, np.int8) if rows.given is None else rows.given


SPLIT = Split("given", masks_seen=True, tasks=tasks, check=check)
