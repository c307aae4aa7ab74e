"""Learn from everything before one instant, be judged on what comes from then on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.clock import iso
from recsim.dataset import Dataset
from recsim.evaluate.rows import TEST, TRAIN, VALIDATION, Rows, check_times
from recsim.evaluate.splits.base import Split, by_labels, rows_of, time_span
from recsim.evaluate.task import Task, Wanted
from recsim.scenario.system import Evaluation


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """One instant cuts all users: nothing learned is later than anything judged."""
    first, last = time_span(world, evaluation)
    cut_us = first + round((1.0 - evaluation.test_share) * (last - first))
    before_us = cut_us - round(evaluation.validation_share * (last - first))

    def label(rows: Rows) -> NDArray[np.int8]:
        late = np.where(rows.times < cut_us, VALIDATION, TEST)
        return np.where(rows.times < before_us, TRAIN, late).astype(np.int8)

    facts = {"cut": iso(cut_us), "test_share": evaluation.test_share}
    if before_us < cut_us:
        facts["validation_from"] = iso(before_us)
    parts = rows_of(world, evaluation)
    begin, end = (before_us, cut_us) if wanted.judge_on == "validation" else (cut_us, None)
    yield by_labels(world, parts, label, wanted, kind="global-time", facts=facts, cut_us=begin, end_us=end)


SPLIT = Split("global-time", masks_seen=True, tasks=tasks, check=check_times)
