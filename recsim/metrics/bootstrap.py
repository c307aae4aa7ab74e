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


def corrected_bounds(
    means: NDArray[np.float64], values: NDArray[np.float64], users: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of 95 % intervals from resampled means[replicates, columns] of values[n, columns] of users[n].

    Quantiles corrected for bias and skewness (BCa: Efron, JASA 82, 1987, with the acceleration of a mean, the skewness
    of the users' sums ÷ 6), and widened as Student's t is wider than the normal (the expanded percentile interval of
    Hesterberg, The American Statistician 69, 2015). Both matter below some hundred users. The ends hold the mean
    itself; they are NaN where nobody has a value.
    """
    from scipy.stats import norm, t

    _, group = np.unique(users, return_inverse=True)
    low, high = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    for column in range(values.shape[1]):
        has = ~np.isnan(values[:, column])
        known = means[~np.isnan(means[:, column]), column]
        if not has.any():
            continue
        mean = values[has, column].mean()
        low[column] = high[column] = mean
        sums = np.bincount(group[has], values[has, column] - mean)
        people, spread = np.count_nonzero(np.bincount(group[has])), (sums**2).sum()
        if people < 2 or not len(known) or spread <= 0:
            continue
        lean = (sums**3).sum() / (6.0 * spread**1.5)
        under = (np.count_nonzero(known < mean) + 0.5 * np.count_nonzero(known == mean)) / len(known)
        bias = norm.ppf(np.clip(under, 0.5 / len(known), 1 - 0.5 / len(known)))
        reach = np.sqrt(people / (people - 1)) * t.ppf(0.975, people - 1)
        ends = bias + np.array([-reach, reach])
        first, last = np.quantile(known, norm.cdf(bias + ends / np.maximum(1.0 - lean * ends, 0.1)))
        low[column], high[column] = min(first, mean), max(last, mean)
    return low, high


def intervals(
    values: NDArray[np.float64], users: NDArray[np.int64], *, seed: int, replicates: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % interval of the mean of each column of values[users, columns]: two float64[columns].

    A user may have several rows; they are resampled together. Rows without a value (NaN) are left out of that column;
    the ends are NaN where nobody has one.
    """
    return corrected_bounds(resampled_means(values, users, seed=seed, replicates=replicates), values, users)
