"""Whether the difference between recommenders is more than luck, how large it is, and what could have been seen at all.

The unit is the user: values[n, m] hold one metric of m recommenders for the same n users, so every
comparison is paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.bootstrap import corrected_bounds, resampled_means
from recsim.rng import draw, key_of

STREAM = "metrics/randomisation"

Test = Literal["randomisation", "t"]

_GROUP = 8
"""Users whose signs make one byte: their 256 possible sums are tabled once and looked up in every replicate."""


@dataclass(frozen=True)
class Difference:
    """One metric of two recommenders, paired over `users` users who have a value of every recommender compared.

    `difference`: mean of first - mean of second, `low` and `high` its 95 % interval. `p`: two-sided; `p_holm`: the same
    corrected for all pairs compared. `effect_size`: Cohen's d_z, the mean difference ÷ its standard deviation over
    users. `wins`, `ties`, `losses`: users for whom the first is better, equal, worse; `win_probability`: (wins +
    ties/2) ÷ users, the common-language effect size. `smallest`: the difference these users would show in four of five
    experiments at p < .05 (without correction).
    """

    metric: str
    first: str
    second: str
    users: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    effect_size: float
    wins: int
    ties: int
    losses: int
    win_probability: float
    smallest: float


@dataclass(frozen=True)
class SeedSplit:
    """Where the uncertainty of a mean over users and model seeds comes from, as standard errors of that mean.

    `users`: from having these users and not others; `seeds`: from the luck of the seeds; `both`: the two together.
    `seed_share`: the part of the variance of the mean that seeds make up.
    """

    mean: float
    users: float
    seeds: float
    both: float
    seed_share: float


def compare(
    values: NDArray[np.float64],
    users: NDArray[np.int64],
    names: Sequence[str],
    *,
    metric: str,
    seed: int,
    test: Test = "randomisation",
    replicates: int = 10_000,
    resamples: int = 1_000,
) -> list[Difference]:
    """All pairs of recommenders (first before second in `names`) by values[n, m] of one metric for `users`[n].

    Users without a value (NaN) of some recommender are left out of all pairs. p-values are corrected by Holm's method
    over all pairs. `replicates` sign flips in the randomisation test, `resamples` of the users for intervals.
    """
    complete = ~np.isnan(values).any(axis=1)
    kept, ids = np.ascontiguousarray(values[complete]), users[complete]
    firsts, seconds = np.triu_indices(len(names), 1)
    if not len(firsts) or len(kept) < 2:
        return []
    if test == "t":
        p = t_test(kept)[firsts, seconds]
    else:
        p = randomisation_test(kept, seed=seed, replicates=replicates)[firsts, seconds]
    means = resampled_means(kept, ids, seed=seed, replicates=resamples)
    gaps = kept[:, firsts] - kept[:, seconds]
    low, high = corrected_bounds(means[:, firsts] - means[:, seconds], gaps, ids)
    corrected = holm(p)
    return [
        _difference(
            metric,
            (names[int(firsts[at])], names[int(seconds[at])]),
            gaps[:, at],
            (float(low[at]), float(high[at])),
            (float(p[at]), float(corrected[at])),
        )
        for at in range(len(firsts))
    ]


def _difference(
    metric: str,
    pair: tuple[str, str],
    gaps: NDArray[np.float64],
    interval: tuple[float, float],
    chances: tuple[float, float],
) -> Difference:
    mean, spread = float(gaps.mean()), float(gaps.std(ddof=1))
    wins, losses = int(np.count_nonzero(gaps > 0)), int(np.count_nonzero(gaps < 0))
    ties = len(gaps) - wins - losses
    return Difference(
        metric=metric,
        first=pair[0],
        second=pair[1],
        users=len(gaps),
        difference=mean,
        low=interval[0],
        high=interval[1],
        p=chances[0],
        p_holm=chances[1],
        effect_size=mean / spread if spread > 0 else 0.0,
        wins=wins,
        ties=ties,
        losses=losses,
        win_probability=(wins + 0.5 * ties) / len(gaps),
        smallest=smallest_difference(spread, len(gaps)),
    )


def randomisation_test(values: NDArray[np.float64], *, seed: int, replicates: int) -> NDArray[np.float64]:
    """Two-sided p of each pair of columns of values[n, m] by Fisher's paired randomisation test: float64[m, m].

    Were two recommenders alike, each user's two values could as well be swapped. In a replicate the users to swap are
    drawn by fair coins, the same for all pairs; p is the share of replicates, the observed one among them, whose mean
    difference is larger, those as large counting half (the mid-p of Lancaster, JASA 56, 1961: with hits and other
    coarse values, where many are as large, the full share rejects far too seldom). (Fisher 1935; Smucker, Allan and
    Carterette, CIKM 2007.)
    """
    n, m = values.shape
    totals = np.zeros((replicates + (-replicates) % 16, m))
    padded = np.zeros((n + (-n) % _GROUP, m))
    padded[:n] = values
    _sum_of_chosen(key_of(seed, STREAM), padded, totals)
    flipped = 2.0 * totals[:replicates] - values.sum(axis=0)
    p = np.ones((m, m))
    for a in range(m):
        for b in range(a + 1, m):
            gaps = values[:, a] - values[:, b]
            observed, slack = abs(gaps.sum()), 1e-11 * np.abs(values[:, [a, b]]).sum()
            if observed <= slack:
                continue
            sums = np.abs(flipped[:, a] - flipped[:, b])
            more = np.count_nonzero(sums > observed + slack)
            equal = np.count_nonzero(sums >= observed - slack) - more
            p[a, b] = p[b, a] = (more + 0.5 * (1 + equal)) / (1 + replicates)
    return p


@njit(cache=True)
def _sum_of_chosen(key, values, totals):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add to totals[r] the rows of values that the coins of replicate r choose."""
    columns = values.shape[1]
    table = np.zeros((256, columns))
    for group in range(values.shape[0] // _GROUP):
        for bit in range(_GROUP):
            for below in range(1 << bit):
                for column in range(columns):
                    table[(1 << bit) + below, column] = table[below, column] + values[_GROUP * group + bit, column]
        for block in range(totals.shape[0] // 16):
            words = draw(key, group, block)
            for part in range(4):
                word = np.uint32(words[part])
                for byte in range(4):
                    chosen = table[(word >> np.uint32(8 * byte)) & np.uint32(255)]
                    line = totals[16 * block + 4 * part + byte]
                    for column in range(columns):
                        line[column] += chosen[column]


def t_test(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-sided p of each pair of columns of values[n, m] by the paired t test (Student 1908): float64[m, m]."""
    from scipy.stats import t

    n = len(values)
    centred = values - values.mean(axis=0)
    covariance = centred.T @ centred / (n - 1)
    spread = np.sqrt(np.maximum(np.diag(covariance)[:, None] + np.diag(covariance) - 2 * covariance, 0.0) / n)
    gaps = np.abs(values.mean(axis=0)[:, None] - values.mean(axis=0))
    scale = np.sqrt(np.diag(covariance).max(initial=0.0) / n)
    certain = spread <= 1e-9 * scale
    p = np.where(gaps <= 1e-9 * scale, 1.0, 0.0)
    p[~certain] = 2.0 * t.sf(gaps[~certain] / spread[~certain], n - 1)
    np.fill_diagonal(p, 1.0)
    return np.asarray(p)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values corrected for all of them being looked at (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1.0)
    return out


def smallest_difference(spread: float, users: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The true mean difference a two-sided paired test at `alpha` finds with probability `power`.

    (z(1 - alpha/2) + z(power)) × spread ÷ √users, where spread is the standard deviation of the paired differences
    (Sakai, Information Retrieval Journal 19, 2016).
    """
    from scipy.stats import norm

    return float((norm.ppf(1 - alpha / 2) + norm.ppf(power)) * spread / np.sqrt(users))


def split_seeds(values: NDArray[np.float64]) -> SeedSplit:
    """Split the uncertainty of the mean of values[seeds, users] (2 or more of each) between users and seeds.

    The two-way random-effects model without replication (Searle, Casella and McCulloch, Variance Components, 1992):
    value = mean + seed effect + user effect + rest, each variance by its mean square, none below 0. The rest counts
    with both.
    """
    s, n = values.shape
    if s < 2 or n < 2:
        raise ValueError(f"needs two seeds and two users at least, got {s} and {n}")
    mean = values.mean()
    by_seed, by_user = values.mean(axis=1) - mean, values.mean(axis=0) - mean
    rest = ((values - mean - by_seed[:, None] - by_user) ** 2).sum() / ((s - 1) * (n - 1))
    seed_variance = max((n * (by_seed**2).sum() / (s - 1) - rest) / n, 0.0)
    user_variance = max((s * (by_user**2).sum() / (n - 1) - rest) / s, 0.0)
    seeds, people, together = seed_variance / s, user_variance / n, rest / (s * n)
    total = seeds + people + together
    return SeedSplit(
        mean=float(mean),
        users=float(np.sqrt(people + together)),
        seeds=float(np.sqrt(seeds + together)),
        both=float(np.sqrt(total)),
        seed_share=float(seeds / total) if total > 0 else 0.0,
    )
