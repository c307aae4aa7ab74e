"""A share of every user's pairs, drawn by hash."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.rows import TEST, TRAIN, VALIDATION, Rows
from recsim.evaluate.splits.base import Split, by_labels, rows_of
from recsim.evaluate.task import Task, Wanted
from recsim.rng import uniforms
from recsim.scenario.system import Evaluation

STREAM = "evaluate/pairs"


def draws(rows: Rows, products: int, seed: int) -> NDArray[np.float32]:
    """A number in [0, 1) for each row, the same for all rows of a pair: a function of (seed, user, product)."""
    return uniforms(seed, STREAM, (rows.users * products + rows.products).astype(np.uint64))[:, 0]


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """Every pair is tested with the chance `test_share`; its rows stay together. Time plays no part."""

    def label(rows: Rows) -> NDArray[np.int8]:
        drawn = draws(rows, world.products, wanted.seed)
        limit = evaluation.test_share
        kept = np.where(drawn < limit + evaluation.validation_share, VALIDATION, TRAIN)
        return np.where(drawn < limit, TEST, kept).astype(np.int8)

    parts = rows_of(world, evaluation)
    yield by_labels(world, parts, label, wanted, kind="random", facts={"test_share": evaluation.test_share})


SPLIT = Split("random", masks_seen=True, tasks=tasks)
