"""Means over what a list shows, whether relevant or not."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.context import Context
from recsim.metrics.judged import Judged


def context_of(judged: Judged) -> Context:
    """The context, which `Metric.check` has asked for."""
    if judged.context is None:
        raise ValueError("this metric needs a context; judge(..., context=...)")
    return judged.context


def needs_nothing_more(_: object) -> tuple[str, ...]:
    """The need of metrics that look at the training part alone."""
    return ("train",)


def mean_over_list(judged: Judged, k: int, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[n]: the mean of `worth[products]` over the first k products of each list; NaN without a list."""
    out = np.empty(len(judged.users), np.float64)
    _mean(judged.products, k, worth, out)
    return out


@njit(cache=True)
def _mean(products, k, worth, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(products.shape[0]):
        size = 0
        total = 0.0
        while size < k and products[user, size] >= 0:
            total += worth[products[user, size]]
            size += 1
        out[user] = total / size if size else np.nan
