"""Each user's last products are held out: a share of his history, or a number of products (`leave_last_out`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.rows import TEST, TRAIN, UNUSED, VALIDATION, Rows, check_times
from recsim.evaluate.splits.base import Split, by_labels, rows_of
from recsim.evaluate.task import NEVER, Task, Wanted
from recsim.scenario.system import Evaluation

Count = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""How many of a user's n distinct products to hold out, for an array of n."""


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """The last `test_share` of the products each user met, by first meeting; at least one where he met two.

    Users are cut at different times, so a recommender learns from days after other users' tests.
    """

    def label(rows: Rows) -> NDArray[np.int8]:
        test, validation = _share(evaluation.test_share, least=1), _share(evaluation.validation_share, least=0)
        return labels(rows, test, validation)

    parts = rows_of(world, evaluation)
    yield by_labels(world, parts, label, wanted, kind="user-time", facts={"test_share": evaluation.test_share})


def labels(rows: Rows, test: Count, validation: Count) -> NDArray[np.int8]:
    """TEST for first meetings with a user's last products, VALIDATION with those before, TRAIN for what is earlier.

    A user keeps at least one product in training; what he does again after his training ends is UNUSED.
    """
    order = np.lexsort((rows.times, rows.products, rows.users))
    users, products = rows.users[order], rows.products[order]
    first = order[(np.diff(users, prepend=-1) != 0) | (np.diff(products, prepend=-1) != 0)]
    met = first[np.lexsort((rows.products[first], rows.times[first], rows.users[first]))]
    starts = np.flatnonzero(np.diff(rows.users[met], prepend=-1))
    sizes = np.diff(np.append(starts, len(met)))
    from_end = np.repeat(starts + sizes, sizes) - 1 - np.arange(len(met))
    held = np.minimum(test(sizes), sizes - 1)
    before = np.minimum(held + validation(sizes), sizes - 1)
    found = np.full(len(rows), UNUSED, np.int8)
    is_test, is_held = from_end < np.repeat(held, sizes), from_end < np.repeat(before, sizes)
    cut_us = np.full(int(rows.users.max(initial=0)) + 1, NEVER, np.int64)
    np.minimum.at(cut_us, rows.users[met[is_held]], rows.times[met[is_held]])
    found[rows.times < cut_us[rows.users]] = TRAIN
    found[met[is_held]] = VALIDATION
    found[met[is_test]] = TEST
    return found


def _share(share: float, *, least: int) -> Count:
    return lambda sizes: np.maximum(np.round(share * sizes).astype(np.int64), least)


SPLIT = Split("user-time", masks_seen=True, tasks=tasks, check=check_times)
