"""Calibration: whether a list holds a user's categories in the proportions of the user's history."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition, Option
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of


@njit(cache=True)
def _divergence(products, k, users, indptr, indices, categories, kinds, alpha, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    history, listed = np.zeros(kinds), np.zeros(kinds)
    for user in range(products.shape[0]):
        history[:] = 0.0
        listed[:] = 0.0
        had = shown = 0
        for at in range(indptr[users[user]], indptr[users[user] + 1]):
            kind = categories[indices[at]]
            if kind >= 0:
                history[kind] += 1.0
                had += 1
        place = 0
        while place < k and products[user, place] >= 0:
            kind = categories[products[user, place]]
            if kind >= 0:
                listed[kind] += 1.0
                shown += 1
            place += 1
        out[user] = np.nan
        if had and shown:
            total = 0.0
            for kind in range(kinds):
                p = history[kind] / had
                if p > 0.0:
                    total += p * np.log2(p / ((1.0 - alpha) * listed[kind] / shown + alpha * p))
            out[user] = total


def calibration(judged: Judged, k: int, *, alpha: float) -> NDArray[np.float64]:
    """KL(p ‖ (1 - α) q + α p) in bits: p the categories of the user's training products, q those of the first k.

    Products without a category are left out; a user without a history or a list has no value.
    """
    context = context_of(judged)
    assert context.categories is not None, "the metric needs categories"
    kinds = int(context.categories.max(initial=-1)) + 1
    out = np.empty(len(judged.users), np.float64)
    train = context.train
    _divergence(judged.products, k, judged.users, train.indptr, train.indices, context.categories, kinds, alpha, out)
    return out


CALIBRATION = Definition(
    "Kullback-Leibler divergence, in bits, of the list's categories from those of the user's history, smoothed by α",
    calibration,
    options={"alpha": Option(0.01, "weight of the history in the smoothed list", 1e-9, 1.0)},
    needs=lambda _: ("categories",),
    better="lower",
    most=np.inf,
    looks_at_truth=False,
    source="Steck, Calibrated recommendations, RecSys 2018",
)
