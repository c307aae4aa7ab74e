"""Distributions in bounded memory: exact counts of small whole numbers, and logarithmic bins of everything else."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

EXACT = 1 << 12
"""Whole numbers below it are counted one by one."""

RATIO = 1.01
"""Ends of a logarithmic bin: a value taken from it is within 0.5 % (Masson, Rim and Lee, "DDSketch", VLDB 2019)."""

_LOW, _BINS = 1e-6, 4096

QUANTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95, "p99": 0.99}


class Sketch:
    """A distribution of values of at least 0, fed in arrays. `whole`: they are counts, and quantiles are of counts."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self._small = np.zeros(EXACT if whole else 1, np.int64)
        self._bins = np.zeros(_BINS, np.int64)
        self.count, self._sum, self._squares, self.most = 0, 0.0, 0.0, 0.0

    def add(self, values: NDArray[np.generic]) -> None:
        """Take some values in."""
        if not len(values):
            return
        found = np.asarray(values, np.float64)
        self.count += len(found)
        self._sum += float(found.sum())
        self._squares += float(np.square(found).sum())
        self.most = max(self.most, float(found.max()))
        limit = len(self._small) if self.whole else _LOW
        small = found < limit
        if self.whole:
            self._small += np.bincount(found[small].astype(np.int64), minlength=EXACT)
        else:
            self._small[0] += int(small.sum())
        large = found[~small]
        if len(large):
            place = np.clip(np.log(large / _LOW) / math.log(RATIO), 0, _BINS - 1).astype(np.int64)
            self._bins += np.bincount(place, minlength=_BINS)

    def between(self, least: float, most: float | None) -> Sketch:
        """The part of the distribution with values from `least` to `most`; moments come from the bins then."""
        values, counts = self._points()
        kept = (values >= least) & (values <= (math.inf if most is None else most))
        if not (counts[~kept]).any():
            return self
        part = Sketch(whole=self.whole)
        inside = kept[: len(self._small)] if self.whole else kept[:1]
        part._small = np.where(inside, self._small, 0)
        part._bins = np.where(kept[len(self._small) :], self._bins, 0)
        part.count = int(counts[kept].sum())
        part._sum = float((values * counts)[kept].sum())
        part._squares = float((values**2 * counts)[kept].sum())
        part.most = float(values[kept & (counts > 0)].max(initial=0.0))
        return part

    def _points(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        small = np.arange(len(self._small), dtype=np.float64)
        large = _LOW * RATIO ** (np.arange(_BINS) + 0.5)
        return np.concatenate([small, large]), np.concatenate([self._small, self._bins])

    @property
    def mean(self) -> float:
        return self._sum / self.count if self.count else math.nan

    @property
    def sd(self) -> float:
        return math.sqrt(max(self._squares / self.count - self.mean**2, 0.0)) if self.count else math.nan

    @property
    def small(self) -> NDArray[np.int64]:
        """How often each whole number below `EXACT` occurs (with `whole`)."""
        return self._small

    @property
    def floor(self) -> int:
        """The whole number 2 % of the values do not exceed (with `whole`): what a filtered log was cut to."""
        if not self.count:
            return 0
        return int(np.searchsorted(np.cumsum(self._small), 0.02 * self.count))

    def share(self, value: int) -> float:
        """The share of one small whole number (with `whole`)."""
        return float(self._small[value] / self.count) if self.count else math.nan

    def quantile(self, probability: float) -> float:
        """The value below which that share lies; counts are spread evenly over n - 0.5 .. n + 0.5, so it is smooth.

        A published quantile of counts is a whole number, so it agrees with a smooth one when they round to the same.
        """
        if not self.count:
            return math.nan
        values, counts = self._points()
        used = np.flatnonzero(counts)
        cumulative = np.cumsum(counts[used])
        rank = probability * self.count
        at = min(int(np.searchsorted(cumulative, rank, side="left")), len(used) - 1)
        value = float(values[used[at]])
        if self.whole and used[at] < len(self._small):
            below = float(cumulative[at] - counts[used[at]])
            return max(value - 0.5 + (rank - below) / float(counts[used[at]]), 0.0)
        return value

    def summary(self) -> dict[str, float]:
        """The named quantiles, mean and standard deviation; empty of nothing."""
        if not self.count:
            return {}
        return {**{name: self.quantile(p) for name, p in QUANTILES.items()}, "mean": self.mean, "sd": self.sd}
