"""Ranked lists held against what users did: the hits every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.metrics.context import Context
from recsim.metrics.ties import Ties, find_ties

TieOrder = Literal["expected", "listed"]


@dataclass(frozen=True)
class Judged:
    """The users who have relevant products, in rising order of id, and where their lists hit one.

    `users`: int64[n]. `hits`: bool[n, depth], whether the product at a rank is relevant. `relevant`: int64[n], how
    many relevant products the user has, found or not (at least 1). `lengths`: int64[n], places filled; 0 is a user
    who got no list, who is counted, with no hits. `duplicates`: places taken out because the product stood higher up
    already (what follows moves up). `without_truth`: lists of users who have no relevant product; they are left out.
    `tied_places`: int64[n], places that share their score with a neighbour (0 where no scores were given); `ties` has
    their order to take the expectation over, or is None where there are none or the listed order was asked for.
    `truth`: users × products, the grade of every relevant product. `context`: what else is known, or None.
    """

    users: NDArray[np.int64]
    hits: NDArray[np.bool_]
    relevant: NDArray[np.int64]
    lengths: NDArray[np.int64]
    duplicates: int
    without_truth: int
    tied_places: NDArray[np.int64]
    ties: Ties | None
    truth: csr_matrix
    context: Context | None
    listed: _Listed

    @property
    def depth(self) -> int:
        return int(self.hits.shape[1])

    @property
    def answered(self) -> NDArray[np.bool_]:
        """bool[n]: whether the user got a list at all."""
        return self.lengths > 0

    @property
    def tied_at_end(self) -> NDArray[np.bool_]:
        """bool[n]: whether a full list ends in a tie, which may go on past the end."""
        given = self.listed
        if given.scores is None or self.depth < 2:
            return np.zeros(len(self.users), np.bool_)
        last, before = given.scores[given.rows, -1], given.scores[given.rows, -2]
        return (self.lengths == self.depth) & (last == before)

    @cached_property
    def products(self) -> NDArray[np.int64]:
        """int64[n, depth]: the product at each rank, duplicates and empty places closed up; -1 past the list's end."""
        return _compacted(self.listed.products, self.listed.rows, self.truth.shape[1], self.lengths)

    @cached_property
    def gains(self) -> NDArray[np.float64]:
        """float64[n, depth]: the grade of the product at each rank, 0 where it is not relevant."""
        return _graded(self.hits, self.products, self.users, self.truth.indptr, self.truth.indices, self.truth.data)

    @cached_property
    def graded(self) -> bool:
        """Whether any relevant product has another grade than 1."""
        return bool((self.truth.data != 1).any())

    @cached_property
    def warm(self) -> Judged | None:
        """The same lists judged without the relevant products nobody had in training; None where there are none."""
        if self.context is None:
            return None
        cold = self.context.cold[self.truth.indices]
        if not cold.any():
            return None
        indptr = np.concatenate([[0], np.cumsum(~cold)])[self.truth.indptr]
        truth = csr_matrix((self.truth.data[~cold], self.truth.indices[~cold], indptr), shape=self.truth.shape)
        given = self.listed
        order: TieOrder = "listed" if self.ties is None else "expected"
        return judge(given.users, given.products, truth, scores=given.scores, ties=order, context=self.context)


@dataclass(frozen=True)
class _Listed:
    """The lists as they were given, and the row of each judged user in them (-1: none)."""

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    scores: NDArray[np.float32] | NDArray[np.float64] | None
    rows: NDArray[np.int64]


def judge(
    users: NDArray[np.int64],
    products: NDArray[np.int64],
    truth: csr_matrix,
    *,
    scores: NDArray[np.float32] | NDArray[np.float64] | None = None,
    ties: TieOrder = "expected",
    context: Context | None = None,
) -> Judged:
    """Judge `products[n, depth]` (-1 is an empty place) listed for `users[n]`, each named once.

    `truth` is users × products: a stored pair above 0 is a relevant product, its value the grade. All its users are
    judged, also those for whom there is no list. With `scores[n, depth]` places of equal score are a tie: metrics are
    then the mean over all orders of the tied, or, with `ties="listed"`, taken in the order given.
    """
    truth = _relevant(truth)
    judged = np.flatnonzero(np.diff(truth.indptr)).astype(np.int64)
    rows = np.full(truth.shape[0], -1, np.int64)
    rows[users] = np.arange(len(users))
    if len(users) != np.count_nonzero(rows >= 0):
        raise ValueError("a user was given two lists")
    if products.size and products.max() >= truth.shape[1]:
        raise ValueError(f"product {products.max()} was listed, the truth knows {truth.shape[1]}")
    if scores is not None and scores.shape != products.shape:
        raise ValueError(f"scores have the shape {scores.shape}, the lists {products.shape}")
    rows = rows[judged]
    listed = np.ascontiguousarray(products, np.int64)
    hits = np.zeros((len(judged), products.shape[1]), np.bool_)
    lengths, tied = np.zeros(len(judged), np.int64), np.zeros(len(judged), np.int64)
    state = np.zeros(truth.shape[1], np.int64)
    given = np.empty((0, 0), np.float32) if scores is None else scores
    duplicates = _compare(rows, listed, given, judged, truth.indptr, truth.indices, state, hits, lengths, tied)
    expected = scores is not None and ties == "expected" and bool(tied.any())
    return Judged(
        users=judged,
        hits=hits,
        relevant=np.diff(truth.indptr)[judged].astype(np.int64),
        lengths=lengths,
        duplicates=int(duplicates),
        without_truth=int(np.count_nonzero(np.diff(truth.indptr)[users] == 0)),
        tied_places=tied,
        ties=find_ties(rows, listed, given, lengths, tied, truth.shape[1]) if expected else None,
        truth=truth,
        context=context,
        listed=_Listed(users, products, scores, rows),
    )


def count_hits(judged: Judged, k: int) -> NDArray[np.float64]:
    """float64[n]: hits among the first k places of each user; their expected number where places are tied."""
    out = np.empty(len(judged.users), np.float64)
    _count(judged.hits, k, out)
    if judged.ties is not None:
        out[judged.ties.rows] = judged.ties.expected(judged.hits)[:, :k].sum(axis=1)
    return out


def _relevant(truth: csr_matrix) -> csr_matrix:
    """The pairs above 0, in sorted order, each once."""
    if not truth.has_canonical_format:
        truth = truth.copy()
        truth.sum_duplicates()
    if len(truth.data) and truth.data.min() <= 0:
        truth = truth.multiply(truth > 0).tocsr()
        truth.sum_duplicates()
        truth.eliminate_zeros()
    return truth


@njit(cache=True)
def _compare(rows, products, scores, users, indptr, indices, state, hits, lengths, tied):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill hits, lengths and tied; returns the duplicates dropped.

    `state[product]` holds a stamp of the user at hand: relevant, or listed already. One look decides a place.
    """
    duplicates = 0
    scored = scores.shape[0] > 0
    for user in range(users.shape[0]):
        row = rows[user]
        if row < 0:
            continue
        relevant = 2 * user + 1
        listed = relevant + 1
        for place in range(indptr[users[user]], indptr[users[user] + 1]):
            state[indices[place]] = relevant
        size = 0
        last = -1
        run = 1
        for place in range(products.shape[1]):
            product = products[row, place]
            if product < 0:
                continue
            if state[product] == listed:
                duplicates += 1
                continue
            hits[user, size] = state[product] == relevant
            state[product] = listed
            if scored:
                if last >= 0 and scores[row, place] == scores[row, last]:
                    tied[user] += 2 if run == 1 else 1
                    run += 1
                else:
                    run = 1
                last = place
            size += 1
        lengths[user] = size
    return duplicates


@njit(cache=True)
def _compacted(products, rows, catalogue, lengths):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = np.full((rows.shape[0], products.shape[1]), -1, np.int64)
    state = np.full(catalogue, -1, np.int64)
    for user in range(rows.shape[0]):
        row = rows[user]
        size = 0
        if row < 0:
            continue
        for place in range(products.shape[1]):
            product = products[row, place]
            if product >= 0 and state[product] != user:
                state[product] = user
                out[user, size] = product
                size += 1
        assert size == lengths[user]
    return out


@njit(cache=True)
def _graded(hits, products, users, indptr, indices, data):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    out = np.zeros(hits.shape, np.float64)
    for user in range(hits.shape[0]):
        first = indptr[users[user]]
        known = indices[first : indptr[users[user] + 1]]
        for place in range(hits.shape[1]):
            if hits[user, place]:
                out[user, place] = data[first + np.searchsorted(known, products[user, place])]
    return out


@njit(cache=True)
def _count(hits, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        found = 0
        for place in range(k):
            found += hits[user, place]
        out[user] = found
