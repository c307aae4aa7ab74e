"""Which reviews are shown first, and what a product's reviews are worth to the ranker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.units import US_PER_DAY

Z = 1.96
"""95 % confidence."""

HALF_LIFE_DAYS = 365.0
"""Age at which a review counts half."""

PRIOR_UP, PRIOR_DOWN = 2.0, 1.0
"""Votes that every review starts with: an assumption, two of three votes are helpful; so an unvoted review stands
above one that most found unhelpful, and can be found."""

RATING_PRIOR = 5.0
"""Reviews of mean rating that a product starts with."""


def wilson(up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower end of the 95 % score interval of the share of helpful votes [n], 0 without votes.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    n = up + down
    safe = np.maximum(n, 1e-12)
    share = up / safe
    centre = share + Z * Z / (2 * safe)
    spread = Z * np.sqrt((share * (1 - share) + Z * Z / (4 * safe)) / safe)
    return np.where(n > 0, (centre - spread) / (1 + Z * Z / safe), 0.0)


def recency(age_days: NDArray[np.float64]) -> NDArray[np.float64]:
    """0.5 to the power of the age in half-lives, 1 for the future."""
    return np.asarray(0.5 ** (np.maximum(age_days, 0.0) / HALF_LIFE_DAYS))


def helpfulness(
    up: NDArray[np.int64], down: NDArray[np.int64], at_us: NDArray[np.int64], *, now_us: int
) -> NDArray[np.float64]:
    """The order reviews are shown in [n], highest first: the Wilson bound with the prior's votes, times recency."""
    bound = wilson(up.astype(np.float64) + PRIOR_UP, down.astype(np.float64) + PRIOR_DOWN)
    return bound * recency((now_us - at_us) / US_PER_DAY)


def review_quality(
    products: NDArray[np.int64],
    stars: NDArray[np.float64],
    up: NDArray[np.int64],
    down: NDArray[np.int64],
    *,
    count: int,
) -> NDArray[np.float32]:
    """The ranker's feature of each of `count` products, 0 to 1, from n reviews: mean rating weighted by helpfulness.

    A review weighs twice its Wilson bound with the prior's votes (an unvoted one .42, one that 50 of 50 found helpful
    1.8, one that 50 of 50 found unhelpful .02). The mean is drawn towards that of all reviews by
    `RATING_PRIOR` unvoted reviews; a product without reviews stands at that mean, .5 where there is none at all.
    """
    weight = 2.0 * wilson(up.astype(np.float64) + PRIOR_UP, down.astype(np.float64) + PRIOR_DOWN)
    rating = (stars - 1.0) / 4.0
    total = np.bincount(products, weights=weight, minlength=count)
    rated = np.bincount(products, weights=weight * rating, minlength=count)
    mean = float(rated.sum() / total.sum()) if total.sum() > 0 else 0.5
    prior = RATING_PRIOR * 2.0 * float(wilson(np.array([PRIOR_UP]), np.array([PRIOR_DOWN]))[0])
    return ((rated + prior * mean) / (total + prior)).astype(np.float32)
