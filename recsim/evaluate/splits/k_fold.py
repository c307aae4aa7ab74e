"""Every pair is tested once: k folds of all pairs, drawn by hash, one task a fold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.rows import TEST, TRAIN, VALIDATION, Rows
from recsim.evaluate.splits.base import Label, Split, by_labels, rows_of
from recsim.evaluate.splits.random import draws
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """Fold i is tested on what the others are learned from; a validation part comes out of those."""
    for fold in range(evaluation.folds):
        parts = rows_of(world, evaluation)
        yield by_labels(
            world, parts, _label(world.products, fold, evaluation, wanted.seed), wanted,
            kind="k-fold", name=f"fold {fold + 1}",
        )  # fmt: skip


def _label(products: int, fold: int, evaluation: Evaluation, seed: int) -> Label:
    def label(rows: Rows) -> NDArray[np.int8]:
        drawn = draws(rows, products, seed).astype(np.float64) * evaluation.folds
        folds = drawn.astype(np.int64)
        held = (drawn - folds) < evaluation.validation_share
        return np.where(folds == fold, TEST, np.where(held, VALIDATION, TRAIN)).astype(np.int8)

    return label


SPLIT = Split("k-fold", masks_seen=True, tasks=tasks)
