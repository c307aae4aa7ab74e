"""The utility of products for users as one product of two matrices: what judges hold rankings against.

U(u, i) = κ v_u·θ_i + γ_u log w_i + 0.3 q_i - β_u log(p_i / median price of i's category). A user is a row of weights, a
product a row of traits. The kernels draw by the same formula (`choice`); here it is for whole catalogues at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.scenario.choice import QUALITY_WEIGHT


class Utility(NamedTuple):
    """`users` float32 (n, d + 3) times the transpose of `products` float32 (m, d + 3) is the utility (n, m)."""

    users: NDArray[np.float32]
    products: NDArray[np.float32]

    def of(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """The utility of every product for some users: float32 (len(users), m)."""
        return self.users[users] @ self.products.T


def weights(
    taste: NDArray[np.float32], conformity: NDArray[np.float32], sensitivity: NDArray[np.float32], taste_weight: float
) -> NDArray[np.float32]:
    """Rows of users from their tastes (n, d), conformity γ and price sensitivity β (n,), and κ."""
    rest = np.stack([conformity, np.full(len(taste), QUALITY_WEIGHT, np.float32), -sensitivity], axis=1)
    return np.hstack([taste * np.float32(taste_weight), rest.astype(np.float32)])


def traits(
    taste: NDArray[np.float32],
    popularity: NDArray[np.float32],
    quality: NDArray[np.float32],
    price_usd: NDArray[np.float64],
    category: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Rows of products from their tastes (m, d), weights w, qualities q, prices and leaf categories (m,)."""
    log_price = np.log(price_usd)
    relative = np.nan_to_num(log_price - median_of_group(log_price, category))
    log_popularity = np.log(np.maximum(popularity, np.finfo(np.float32).tiny))
    return np.hstack([taste, np.stack([log_popularity, quality, relative], axis=1).astype(np.float32)])


def median_of_group(values: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each value the median of its group."""
    order = np.argsort(group, kind="stable")
    medians = np.empty(len(values))
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        medians[members] = np.median(values[members])
    return medians
