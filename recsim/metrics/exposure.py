"""What a whole run shows: how much of the catalogue, and how unevenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged


def exposures(judged: Judged, k: int) -> NDArray[np.int64]:
    """int64[products]: lists that show each product in their first k."""
    shown = judged.products[:, :k]
    return np.bincount(shown[shown >= 0], minlength=judged.truth.shape[1]).astype(np.int64)


def catalogue_coverage(judged: Judged, k: int) -> float:
    """Products in the first k of any list ÷ products of the catalogue."""
    return float(np.count_nonzero(exposures(judged, k)) / judged.truth.shape[1])


def gini(judged: Judged, k: int) -> float:
    """Gini coefficient of exposure over the whole catalogue: 0 where all are shown alike, near 1 where one is."""
    counts = np.sort(exposures(judged, k))
    n, total = len(counts), counts.sum()
    return float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * total)) if total else float("nan")


CATALOGUE_COVERAGE = Definition(
    "products in the first k of any list ÷ products of the catalogue",
    whole_run=catalogue_coverage,
    looks_at_truth=False,
    source="Ge, Delgado-Battenfeld and Jannach, RecSys 2010",
)
GINI = Definition(
    "Gini coefficient of how often each product of the catalogue is in a list's first k",
    whole_run=gini,
    better="lower",
    looks_at_truth=False,
    source="Fleder and Hosanagar, Management Science 55(5), 2009",
)
