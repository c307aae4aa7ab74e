"""Train until an instant, test on the window after it, roll on: one task a window."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recsim.clock import iso
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.rows import TEST, TRAIN, UNUSED, VALIDATION, Rows, check_times
from recsim.evaluate.splits.base import Label, Split, by_labels, rows_of, time_span
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """The last `test_share` of the time in `windows` equal windows; every model learns anew from all before its own."""
    first, last = time_span(world, evaluation)
    start = first + round((1.0 - evaluation.test_share) * (last - first))
    edges = [start + round(part * (last + 1 - start) / evaluation.windows) for part in range(evaluation.windows + 1)]
    if len(set(edges)) < len(edges):
        raise BadInput(
            f"world {world.name} is too short for {evaluation.windows} windows; set evaluation.windows to fewer."
        )
    reserve_us = round(evaluation.validation_share * (last - first))
    for number, (cut_us, end_us) in enumerate(pairwise(edges), start=1):
        validated = wanted.judge_on == "validation"
        yield by_labels(
            world,
            rows_of(world, evaluation),
            _label(cut_us - reserve_us, cut_us, end_us),
            wanted,
            kind="sliding-windows",
            name=f"window {number}, from {iso(cut_us)}",
            facts={"cut": iso(cut_us), "end": iso(end_us)},
            cut_us=cut_us - reserve_us if validated else cut_us,
            end_us=cut_us if validated else end_us,
        )


def _label(before_us: int, cut_us: int, end_us: int) -> Label:
    def label(rows: Rows) -> NDArray[np.int8]:
        codes = np.array([TRAIN, VALIDATION, TEST, UNUSED], np.int8)
        return codes[np.searchsorted(np.array([before_us, cut_us, end_us]), rows.times, side="right")]

    return label


SPLIT = Split("sliding-windows", masks_seen=True, tasks=tasks, check=check_times)
