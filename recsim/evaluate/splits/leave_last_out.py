"""Hold out the last products each user met for the first time; learn from what he did before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.rows import Rows, check_times
from recsim.evaluate.splits.base import Split, by_labels, rows_of
from recsim.evaluate.splits.user_time import labels
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """`leave_out` products a user; a user with one product keeps it in train. With validation, as many before them.

    Users are cut at different times, so a recommender learns from days after other users' tests: global time has no
    such leak.
    """
    out = evaluation.leave_out
    before = out if evaluation.validation_share > 0 else 0

    def label(rows: Rows) -> NDArray[np.int8]:
        return labels(rows, lambda sizes: np.full_like(sizes, out), lambda sizes: np.full_like(sizes, before))

    parts = rows_of(world, evaluation)
    yield by_labels(world, parts, label, wanted, kind="leave-last-out", facts={"leave_out": out})


SPLIT = Split("leave-last-out", masks_seen=True, tasks=tasks, check=check_times)
