"""Lists and truths written by hand, for tests of metrics."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recsim.metrics.judged import Judged, judge


def truth_of(*relevant: list[int], products: int = 50) -> csr_matrix:
    """One user a list of relevant products."""
    rows = np.repeat(np.arange(len(relevant)), [len(row) for row in relevant])
    columns = np.array([product for row in relevant for product in row], np.int32)
    return csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(relevant), products))


def judged(listed: list[list[int]], *relevant: list[int]) -> Judged:
    """Lists of users 0, 1, …; -1 is an empty place."""
    return judge(np.arange(len(listed)), np.array(listed, np.int64), truth_of(*relevant))
