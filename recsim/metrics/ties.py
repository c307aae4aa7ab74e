"""Tied places: what a metric is on average over all orders of products with the same score.

McSherry and Najork, "Computing information retrieval performance measures efficiently in the presence of tied scores",
ECIR 2008. A group of m tied places with h hits puts a hit at each of them with probability h ÷ m; sums over ranks are
then exact sums of expectations, and the first hit and pairs of hits follow from drawing without replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ties:
    """The judged users with tied places: `rows` int64[t] and, of each place, where its group starts: int64[t, depth].

    A place alone is a group of one. Places past the list's end are groups of one.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    def expected(self, gains: NDArray[np.bool_] | NDArray[np.float64]) -> NDArray[np.float64]:
        """float64[t, depth]: the expected gain at each place of the tied users, from gains[n, depth]."""
        out = np.empty(self.starts.shape, np.float64)
        _average(gains, self.rows, self.starts, out)
        return out

    def any_hit(self, hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
        """float64[t]: the probability that the first k places hold a hit."""
        out = np.empty(len(self.rows), np.float64)
        _first_hit(hits, self.rows, self.starts, k, np.ones(k), out)
        return out

    def reciprocal_rank(self, hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
        """float64[t]: the expected 1 ÷ rank of the first hit among the first k."""
        out = np.empty(len(self.rows), np.float64)
        _first_hit(hits, self.rows, self.starts, k, 1.0 / np.arange(1, k + 1), out)
        return out

    def precision_at_hits(self, hits: NDArray[np.bool_], k: int) -> NDArray[np.float64]:
        """float64[t]: the expected sum over hits among the first k of the precision at their rank."""
        out = np.empty(len(self.rows), np.float64)
        _precision_at_hits(hits, self.rows, self.starts, k, out)
        return out


def find_ties(
    rows: NDArray[np.int64],
    products: NDArray[np.int64],
    scores: NDArray[np.float32] | NDArray[np.float64],
    lengths: NDArray[np.int64],
    tied: NDArray[np.int64],
    catalogue: int,
) -> Ties:
    """The groups of the users with tied places, from the lists as given."""
    chosen = np.flatnonzero(tied)
    starts = np.empty((len(chosen), products.shape[1]), np.int64)
    _groups(rows[chosen], products, scores, np.full(catalogue, -1, np.int64), starts)
    assert len(lengths) == len(rows)
    return Ties(chosen, starts)


@njit(cache=True)
def _groups(rows, products, scores, state, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(rows.shape[0]):
        row = rows[user]
        size = 0
        last = -1
        for place in range(products.shape[1]):
            product = products[row, place]
            if product < 0 or state[product] == user:
                continue
            state[product] = user
            starts[user, size] = size
            if last >= 0 and scores[row, place] == scores[row, last]:
                starts[user, size] = starts[user, size - 1]
            last = place
            size += 1
        for place in range(size, products.shape[1]):
            starts[user, place] = place


@njit(inline="always", cache=True)
def _end(starts, user, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    end = start + 1
    while end < starts.shape[1] and starts[user, end] == start:
        end += 1
    return end


@njit(cache=True)
def _average(gains, rows, starts, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(rows.shape[0]):
        start = 0
        while start < starts.shape[1]:
            end = _end(starts, user, start)
            total = 0.0
            for place in range(start, end):
                total += gains[rows[user], place]
            for place in range(start, end):
                out[user, place] = total / (end - start)
            start = end


@njit(cache=True)
def _first_hit(hits, rows, starts, k, worth, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(rows.shape[0]):
        out[user] = 0.0
        none_yet = 1.0
        start = 0
        while start < k and none_yet > 0.0:
            end = _end(starts, user, start)
            left = end - start
            found = 0
            for place in range(start, end):
                found += hits[rows[user], place]
            for place in range(start, min(end, k)):
                out[user] += none_yet * found / left * worth[place]
                none_yet *= (left - found) / left
                left -= 1
            start = end


@njit(cache=True)
def _precision_at_hits(hits, rows, starts, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(rows.shape[0]):
        total = 0.0
        before = 0
        start = 0
        while start < k:
            end = _end(starts, user, start)
            size = end - start
            found = 0
            for place in range(start, end):
                found += hits[rows[user], place]
            if found:
                beside = (found - 1) / (size - 1) if size > 1 else 0.0
                for place in range(start, min(end, k)):
                    total += found / size * (before + 1 + (place - start) * beside) / (place + 1.0)
            before += found
            start = end
        out[user] = total
