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


def intervals(
    values: NDArray[np.float64], users: NDArray[np.int64], *, seed: int, replicates: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 2.5 % and 97.5 % quantiles of the mean of each column of values[users, columns]: two float64[columns].

    The bounds are widened to hold the mean itself where a resample never reaches it (a handful of users).
    """
    totals = np.zeros((replicates, values.shape[1]))
    weights = np.zeros(replicates)
    _resample(key_of(seed, STREAM), users, np.ascontiguousarray(values), _LIMITS, totals, weights)
    filled = weights > 0
    means = totals[filled] / weights[filled, None]
    centre = values.mean(axis=0)
    if not len(means):
        return centre, centre
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return np.minimum(low, centre), np.maximum(high, centre)
