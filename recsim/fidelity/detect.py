"""Can a classifier tell synthetic sessions from real ones? Features of sessions, cross-validated AUC, and its null."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.fidelity.clicks import Clicks, popularity_levels
from recsim.fidelity.protocol import Prepared
from recsim.rng import words

PASSING_AUC = 0.75
"""Assumed: a tree ensemble that ranks a random real session above a random synthetic one three times out of four has
found a difference that a user of the data would notice."""
SESSIONS = 8_000
FOLDS = 5
FEATURES = ("views", "products", "immediate_repeats", "later_repeats", "popularity_first", "popularity_mean",
            "popularity_spread", "mean_gap_s", "longest_gap_s", "duration_s")  # fmt: skip


@dataclass(frozen=True)
class Detection:
    """AUC of telling two logs apart, and of telling halves of each apart by the same means (the null)."""

    auc: float
    null_auc: float
    sessions: int
    features: tuple[str, ...]
    importance: dict[str, float]
    """How much the AUC falls when one feature is shuffled."""


def features(clicks: Clicks) -> NDArray[np.float64]:
    """float64[sessions, features]: lengths, repeats, popularity of the products, pauses.

    Popularity is the level of a product's rank share, in doublings: a finer figure would betray which catalogue it is.
    """
    n, lengths = len(clicks), clicks.lengths
    row = np.repeat(np.arange(n), lengths)
    rank = popularity_levels(clicks.product)
    inner = row[1:] == row[:-1]
    at_once = np.bincount(row[1:][inner & (clicks.product[1:] == clicks.product[:-1])], minlength=n)
    most = int(clicks.product.max(initial=0)) + 1
    different = np.bincount(np.unique(row * most + clicks.product) // most, minlength=n)
    mean = np.bincount(row, rank, n) / lengths
    spread = np.sqrt(np.maximum(np.bincount(row, rank**2, n) / lengths - mean**2, 0))
    columns = [lengths, different, at_once, lengths - different - at_once, rank[clicks.indptr[:-1]], mean, spread]
    if clicks.time_us is not None:
        gaps = np.diff(clicks.time_us)[inner] / 1e6
        owner = row[1:][inner]
        longest = np.zeros(n)
        np.maximum.at(longest, owner, gaps)
        duration = np.bincount(owner, gaps, n)
        columns += [duration / np.maximum(lengths - 1, 1), longest, duration]
    return np.column_stack(columns).astype(np.float64)


def detect(real: Prepared, synthetic: Prepared, *, seed: int = 1) -> Detection:
    """How well a gradient-boosted ensemble tells the training sessions of two logs apart, in 5-fold cross-validation.

    Both sides give the same number of sessions, chosen by hash. The null tells two halves of the real sessions apart.
    """
    from threadpoolctl import threadpool_limits

    sides = [features(_some(side.train, seed)) for side in (real, synthetic)]
    width = min(side.shape[1] for side in sides)
    most = min(len(side) for side in sides)
    with threadpool_limits(1):
        auc, importance = _auc(sides[0][:most, :width], sides[1][:most, :width], seed)
        half = most // 2
        null, _ = _auc(sides[0][:half, :width], sides[0][half : 2 * half, :width], seed)
    named = dict(zip(FEATURES[:width], importance, strict=True))
    return Detection(auc, null, most, FEATURES[:width], named)


def _some(clicks: Clicks, seed: int) -> Clicks:
    mark = words(seed, "fidelity/detect", clicks.session.astype(np.uint64))[:, 0]
    return clicks.take(np.argsort(mark, kind="stable")[:SESSIONS].astype(np.int64))


def _auc(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> tuple[float, list[float]]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    data = np.vstack([first, second])
    label = np.repeat([0, 1], [len(first), len(second)])
    chance = np.zeros(len(data))
    shuffled = np.zeros((data.shape[1], len(data)))
    draws = np.random.Generator(np.random.Philox(seed))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(data, label):
        model = HistGradientBoostingClassifier(max_iter=60, max_depth=4, random_state=seed, early_stopping=False)
        model.fit(data[train], label[train])
        chance[test] = model.predict_proba(data[test])[:, 1]
        for column in range(data.shape[1]):
            other = data[test].copy()
            other[:, column] = draws.permutation(other[:, column])
            shuffled[column, test] = model.predict_proba(other)[:, 1]
    auc = float(roc_auc_score(label, chance))
    return auc, [auc - float(roc_auc_score(label, one)) for one in shuffled]
