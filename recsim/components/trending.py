"""What is trending: events of each product, each worth half as much after every half-life."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.units import US_PER_HOUR

_MOST_HALVINGS = 256
"""Exponent up to which a sum may grow before it is scaled down: float64 holds 1023."""


class Trending:
    """Decayed sums over p products: an event of weight w at time t counts w · 2^((t - now) / half-life) at `now`.

    Sums are kept relative to a moment in the past, so an event is one addition and nothing has to decay in between.
    """

    def __init__(self, products: int, half_life_hours: float) -> None:
        self._sums = np.zeros(products, np.float64)
        self._half_life_us = half_life_hours * US_PER_HOUR
        self._reference_us: int | None = None

    def take(self, products: NDArray[np.int64], at_us: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        """Count events; order does not matter."""
        if not len(products):
            return
        if self._reference_us is None:
            self._reference_us = int(at_us.min())
        newest = int(at_us.max())
        if (newest - self._reference_us) / self._half_life_us > _MOST_HALVINGS:
            self._sums *= 2.0 ** (-(newest - self._reference_us) / self._half_life_us)
            self._reference_us = newest
        worth = weights * 2.0 ** ((at_us - self._reference_us) / self._half_life_us)
        self._sums += np.bincount(products, weights=worth, minlength=len(self._sums))

    def scores(self, now_us: int) -> NDArray[np.float64]:
        """The decayed sum of each product at an instant at or after every event taken."""
        if self._reference_us is None:
            return np.zeros(len(self._sums))
        return self._sums * 2.0 ** (-(now_us - self._reference_us) / self._half_life_us)
