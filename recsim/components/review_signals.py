"""What reviews say of a product beyond their stars: how helpful readers find them, and how many voted at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054


def wilson_low(up: NDArray[np.float64], votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lower end of Wilson's 95 % interval (1927) of the share of up votes; 0 where nobody voted."""
    n = np.maximum(votes, 1.0)
    share, z2 = up / n, Z95 * Z95
    spread = Z95 * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return np.where(votes > 0, np.maximum((share + z2 / (2 * n) - spread) / (1 + z2 / n), 0.0), 0.0)


def review_signals(
    products: int, product_of: Sequence[int], up: Sequence[int], down: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Review quality[p] and review votes[p] of `products` products from n reviews with their product and votes.

    Quality is the helpfulness (`wilson_low`) of the product's most helpful review, 0 to 1: one good review is what a
    reader needs. Votes are all votes on its reviews.
    """
    of = np.array(product_of, np.int64)
    ups, downs = np.array(up, np.float64), np.array(down, np.float64)
    quality = np.zeros(products, np.float64)
    np.maximum.at(quality, of, wilson_low(ups, ups + downs))
    return quality.astype(np.float32), np.bincount(of, weights=ups + downs, minlength=products).astype(np.int64)
