"""Ranked lists held against what users did: the hits every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Judged:
    """The users who have relevant products, in rising order of id, and where their lists hit one.

    `users`: int64[n]. `hits`: bool[n, depth], whether the product at a rank is relevant. `relevant`: int64[n], how
    many relevant products the user has, found or not (at least 1). `lengths`: int64[n], places filled; 0 is a user
    who got no list, who is counted, with no hits. `duplicates`: places taken out because the product stood higher up
    already (what follows moves up). `without_truth`: lists of users who have no relevant product; they are left out.
    """

    users: NDArray[np.int64]
    hits: NDArray[np.bool_]
    relevant: NDArray[np.int64]
    lengths: NDArray[np.int64]
    duplicates: int
    without_truth: int

    @property
    def depth(self) -> int:
        return int(self.hits.shape[1])

    @property
    def answered(self) -> NDArray[np.bool_]:
        """bool[n]: whether the user got a list at all."""
        return self.lengths > 0


@njit(cache=True)
def _compare(rows, products, users, indptr, indices, state, hits, lengths):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill hits and lengths; returns the duplicates dropped.

    `state[product]` holds a stamp of the user at hand: relevant, or listed already. One look decides a place.
    """
    duplicates = 0
    for user in range(users.shape[0]):
        row = rows[user]
        if row < 0:
            continue
        relevant = 2 * user + 1
        listed = relevant + 1
        for place in range(indptr[users[user]], indptr[users[user] + 1]):
            state[indices[place]] = relevant
        size = 0
        for place in range(products.shape[1]):
            product = products[row, place]
            if product < 0:
                continue
            if state[product] == listed:
                duplicates += 1
                continue
            hits[user, size] = state[product] == relevant
            state[product] = listed
            size += 1
        lengths[user] = size
    return duplicates


def judge(users: NDArray[np.int64], products: NDArray[np.int64], truth: csr_matrix) -> Judged:
    """Judge `products[n, depth]` (-1 is an empty place) listed for `users[n]`, each named once.

    `truth` is users × products: every stored pair is a relevant product. All its users are judged, also those for
    whom there is no list.
    """
    judged = np.flatnonzero(np.diff(truth.indptr)).astype(np.int64)
    rows = np.full(truth.shape[0], -1, np.int64)
    rows[users] = np.arange(len(users))
    if len(users) != np.count_nonzero(rows >= 0):
        raise ValueError("a user was given two lists")
    if products.size and products.max() >= truth.shape[1]:
        raise ValueError(f"product {products.max()} was listed, the truth knows {truth.shape[1]}")
    hits = np.zeros((len(judged), products.shape[1]), np.bool_)
    lengths = np.zeros(len(judged), np.int64)
    state = np.zeros(truth.shape[1], np.int64)
    duplicates = _compare(
        rows[judged],
        np.ascontiguousarray(products, np.int64),
        judged,
        truth.indptr,
        truth.indices,
        state,
        hits,
        lengths,
    )
    return Judged(
        users=judged,
        hits=hits,
        relevant=np.diff(truth.indptr)[judged].astype(np.int64),
        lengths=lengths,
        duplicates=int(duplicates),
        without_truth=int(np.count_nonzero(np.diff(truth.indptr)[users] == 0)),
    )


@njit(cache=True)
def _count(hits, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        found = 0
        for place in range(k):
            found += hits[user, place]
        out[user] = found


def count_hits(judged: Judged, k: int) -> NDArray[np.int64]:
    """int64[n]: hits among the first k places of each user."""
    out = np.empty(len(judged.users), np.int64)
    _count(judged.hits, k, out)
    return out
