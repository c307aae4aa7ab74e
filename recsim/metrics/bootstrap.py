"""95 % intervals by the Poisson bootstrap over users (Hanley and MacGibbon 2006; Chamandy et al., Google 2012).

In replicate r a user counts w times, w Poisson distributed with mean 1, and w is a pure function of (seed, user, r):
one pass over the users in any chunks, the same resamples for every metric and every recommender.
"""

from __future__ import annotations

from math import exp, factorial

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.rng import draw, key_of

STREAM = "metrics/bootstrap"

_LIMITS = np.array([round(2**32 * sum(exp(-1) / factorial(j) for j in range(n + 1))) for n in range(12)], np.uint64)
"""A word counts as n where n of these are not above it: the distribution function of Poisson(1), in units of 2**-32."""


@njit(cache=True)
def _resample(key, users, values, limits, totals, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    replicates = totals.shape[0]
    for row in range(users.shape[0]):
        for block in range((replicates + 3) // 4):
            words = draw(key, users[row], block)
            for part in range(min(4, replicates - 4 * block)):
                word = np.uint64(words[part])
                count = 0
                while count < limits.shape[0] and word >= limits[count]:
                    count += 1
                if count:
                    weights[4 * block + part] += count
                    line = totals[4 * block + part]
                    for column in range(values.shape[1]):
                        line[column] += count * values[row, column]


def resampled_means(
    values: NDArray[np.float64], users: NDArray[np.int64], *, seed: int, replicates: int
) -> NDArray[np.float64]:
    """The mean of each column of values[users, columns] in every resample: float64[replicates, columns].

    Users without a value (NaN) count in neither the sum nor the number. A mean over nobody is NaN.
    """
    unknown = np.isnan(values)
    gaps = np.flatnonzero(unknown.any(axis=0))
    table = np.hstack([np.where(unknown, 0.0, values), (~unknown[:, gaps]).astype(np.float64)])
    totals, weights = np.zeros((replicates, table.shape[1])), np.zeros(replicates)
    _resample(key_of(seed, STREAM), users, np.ascontiguousarray(table), _LIMITS, totals, weights)
    counts = np.repeat(weights[:, None], values.shape[1], axis=1)
    counts[:, gaps] = totals[:, values.shape[1] :]
    return np.divide(totals[:, : values.shape[1]], counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def quantile_bounds(
    means: NDArray[np.float64], centre: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 2.5 % and 97.5 % quantiles of means[replicates, columns], widened to hold the centre; NaN where it is NaN."""
    low, high = centre.copy(), centre.copy()
    for column in range(means.shape[1]):
        known = means[~np.isnan(means[:, column]), column]
        if len(known) and not np.isnan(centre[column]):
            bounds = np.quantile(known, [0.025, 0.975])
            low[column], high[column] = min(bounds[0], centre[column]), max(bounds[1], centre[column])
    return low, high


def intervals(
    values: NDArray[np.float64], users: NDArray[np.int64], *, seed: int, replicates: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 2.5 % and 97.5 % quantiles of the mean of each column of values[users, columns]: two float64[columns].

    Users without a value (NaN) are left out of that column; bounds are NaN where nobody has one. The bounds are
    widened to hold the mean itself where a resample never reaches it (a handful of users).
    """
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    centre = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return quantile_bounds(resampled_means(values, users, seed=seed, replicates=replicates), centre)
