"""Distributions as tables: one random word in, one value out, by the inverse of the cumulative distribution.

A table has three rows of 4097 points: the middle row spans probabilities 0 to 1 in steps of 2**-12, the outer rows
span the first and the last of these steps again in 4096, so that tails reach down to 2**-25 (5.3 standard deviations).
Between points the value is interpolated. Only additions and multiplications happen at drawing time, so a draw is the
same on every machine; and no logarithm or exponential is paid for an event.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

_POINTS = 4096
_TOP = np.uint32(20)
_NEXT = np.uint32(8)
_MASK12 = np.uint32(0xFFF)
_MASK20 = np.uint32(0xFFFFF)
_MASK8 = np.uint32(0xFF)
_BODY_STEP = np.float32(1.0 / (1 << 20))
_TAIL_STEP = np.float32(1.0 / 256)
_LAST = _POINTS - 1

Table = NDArray[np.float32]


def probabilities() -> NDArray[np.float64]:
    """The probabilities of a table's points, shape (3, 4097); the ends stop at 2**-25 and 1 - 2**-25."""
    fine = np.arange(_POINTS + 1) / _POINTS
    rows = np.stack([fine / _POINTS, fine, 1.0 - fine[::-1] / _POINTS])
    return np.clip(rows, 2.0**-25, 1.0 - 2.0**-25)


def table(quantile: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Table:
    """The table of a quantile function (probability to value)."""
    return np.ascontiguousarray(quantile(probabilities()), np.float32)


def lognormal(median: float, sigma: float, low: float = 0.0, high: float = np.inf) -> Table:
    """Lognormal values, clipped to low .. high."""
    return table(lambda p: np.clip(median * np.exp(sigma * ndtri(p)), low, high))


def normal() -> Table:
    """The standard normal distribution."""
    return table(ndtri)


def stepwise(weights: NDArray[np.float64], span: float) -> Table:
    """A piecewise uniform density over 0 .. span: `weights` of equal slices of it (a day's profile by hour)."""
    cumulative = np.concatenate([[0.0], np.cumsum(weights) / np.sum(weights)])
    edges = np.linspace(0.0, span, len(cumulative))
    return table(lambda p: np.interp(p, cumulative, edges))


@njit(inline="always", cache=True)
def at(table, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The float32 value of a random u32 word."""
    cell = np.int64(word >> _TOP)
    if 0 < cell < _LAST:
        low = table[1, cell]
        return low + (table[1, cell + 1] - low) * (np.float32(word & _MASK20) * _BODY_STEP)
    row = 0 if cell == 0 else 2
    cell = np.int64((word >> _NEXT) & _MASK12)
    low = table[row, cell]
    return low + (table[row, cell + 1] - low) * (np.float32(word & _MASK8) * _TAIL_STEP)


@njit(inline="always", cache=True)
def exponential(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """e**x of a float32 by 2**(n + f): the bits of n and a polynomial in f (relative error below 4e-6).

    Written out in additions and multiplications, so that it vectorises and gives the same bits everywhere.
    """
    y = min(max(x * np.float32(1.4426950408889634), np.float32(-120.0)), np.float32(120.0))
    n = np.int32(np.int32(y + np.float32(128.0)) - np.int32(128))
    f = y - np.float32(n)
    p = np.float32(0.0018775767)
    p = p * f + np.float32(0.0089893397)
    p = p * f + np.float32(0.055826318)
    p = p * f + np.float32(0.24015361)
    p = p * f + np.float32(0.69315308)
    p = p * f + np.float32(0.99999994)
    return p * np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(inline="always", cache=True)
def logistic(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """1 / (1 + e**-x), float32."""
    return np.float32(1.0) / (np.float32(1.0) + exponential(-x))


@njit(cache=True)
def _draw_all(table, words, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    for i in range(words.shape[0]):
        out[i] = at(table, words[i])


def draw_all(table: Table, words: NDArray[np.uint32]) -> NDArray[np.float32]:
    """The value of each of n words."""
    out = np.empty(len(words), np.float32)
    _draw_all(table, np.ascontiguousarray(words, np.uint32), out)
    return out


def threshold(share: float, bits: int = 32) -> int:
    """The number that a random word of `bits` bits is below with probability `share`."""
    return round(share * (1 << bits))
