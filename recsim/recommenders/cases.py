"""Ordered histories as recommenders use them: the order of interactions, the last case of a user, matrices of cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Histories, Interactions, Slates
from recsim.recommenders.topk import without_history


def in_order(interactions: Interactions, name: str) -> Histories:
    """The ordered histories of some interactions: as given, else each user's products by time of last interaction.

    Raises `BadInput` where there is neither; `name` is the recommender's, for the sentence.
    """
    if interactions.histories is not None:
        return interactions.histories
    if interactions.last_us is None:
        raise BadInput(
            f'recommender "{name}" learns from the order of interactions and these have neither sessions nor times; '
            "name another, or import data with one of them."
        )
    matrix = interactions.matrix
    degrees = np.diff(matrix.indptr)
    owners = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), degrees)
    order = np.lexsort((matrix.indices, interactions.last_us, owners))
    users = np.flatnonzero(degrees)
    indptr = np.concatenate([[0], np.cumsum(degrees[users])]).astype(np.int64)
    return Histories(
        users, indptr, matrix.indices[order].astype(np.int64), times_us=interactions.last_us[order].astype(np.int64)
    )


def take(histories: Histories, cases: NDArray[np.int64]) -> Histories:
    """Some cases, in the order asked for; a case of -1 is an empty one of user -1."""
    real = np.maximum(cases, 0)
    lengths = np.where(cases >= 0, np.diff(histories.indptr)[real] if len(histories) else 0, 0)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    starts = histories.indptr[real] if len(histories) else np.zeros(len(cases), np.int64)
    places = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
    return Histories(
        np.where(cases >= 0, histories.users[real], -1) if len(histories) else np.full(len(cases), -1, np.int64),
        indptr,
        histories.products[places],
        None if histories.groups is None else histories.groups[places],
        None if histories.times_us is None else histories.times_us[places],
    )


def by_age(histories: Histories) -> NDArray[np.int64]:
    """The cases, oldest end first; without times in the order given. An empty case is the oldest."""
    if histories.times_us is None or not len(histories.products):
        return np.arange(len(histories), dtype=np.int64)
    lengths = np.diff(histories.indptr)
    never = np.iinfo(np.int64).min
    ends = np.where(lengths > 0, histories.times_us[np.maximum(histories.indptr[1:] - 1, 0)], never)
    return np.argsort(ends, kind="stable").astype(np.int64)


def last_case(histories: Histories, users: int) -> NDArray[np.int64]:
    """The latest case of each user 0 .. users - 1, or -1."""
    latest = np.full(users, -1, np.int64)
    order = by_age(histories)
    latest[histories.users[order]] = order
    return latest


def counts_of(histories: Histories, products: int) -> csr_matrix:
    """Cases × products: how often each product stands in each case; sorted indices, no duplicates."""
    owners = np.repeat(np.arange(len(histories), dtype=np.int64), np.diff(histories.indptr))
    keys, counts = np.unique(owners * products + histories.products, return_counts=True)
    indptr = np.searchsorted(keys, np.arange(len(histories) + 1, dtype=np.int64) * products)
    indices = (keys % products).astype(np.int32)
    matrix = csr_matrix((counts.astype(np.float32), indices, indptr.astype(np.int32)), shape=(len(histories), products))
    matrix.has_sorted_indices = True
    return matrix


def ones_of(histories: Histories, products: int) -> csr_matrix:
    """Cases × products: 1 where a product stands in a case; sorted indices, no duplicates."""
    matrix = counts_of(histories, products)
    matrix.data[:] = 1.0
    return matrix


def binary_of(matrix: csr_matrix) -> csr_matrix:
    """A copy of a matrix with 1 for every stored pair."""
    return csr_matrix(
        (np.ones(matrix.nnz, np.float32), matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape
    )


RankRows = Callable[[csr_matrix, int, csr_matrix | None], Slates]
"""Ranks for histories given as rows[n, products]: (rows, k, seen); list i is of row i, without the products of row i of
`seen`. A row without a product gets an empty list."""


def for_users(rank: RankRows, history: csr_matrix, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
    """`recommend` of a model that scores by the rows of a history."""
    users = np.ascontiguousarray(users, np.int64)
    rows = history[users]
    slates = without_history(rank(rows, k, rows if mask_seen else None), rows)
    return Slates(users, slates.products, slates.scores)


def for_cases(rank: RankRows, histories: Histories, products: int, k: int, *, mask_seen: bool) -> Slates:
    """`recommend_after` of a model that scores by the rows of a history: the order of a case does not count."""
    rows = ones_of(histories, products)
    slates = without_history(rank(rows, k, rows if mask_seen else None), rows)
    return Slates(histories.users, slates.products, slates.scores)


class Continues(Protocol):
    """Ranks what comes after cases; row i of `seen` holds what is left out of list i."""

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates: ...


def after_cases(model: Continues, histories: Histories, products: int, k: int, *, mask_seen: bool) -> Slates:
    """`recommend_after` of a model that can `rank_after`."""
    slates = model.rank_after(histories, k, seen=counts_of(histories, products) if mask_seen else None)
    return Slates(histories.users, slates.products, slates.scores)


def after_last(
    model: Continues, histories: Histories, matrix: csr_matrix, users: NDArray[np.int64], k: int, *, mask_seen: bool
) -> Slates:
    """`recommend` of a model that can `rank_after`: what comes after the latest case of each user."""
    users = np.ascontiguousarray(users, np.int64)
    latest = take(histories, last_case(histories, matrix.shape[0])[users])
    slates = model.rank_after(latest, k, seen=matrix[users] if mask_seen else None)
    return Slates(users, slates.products, slates.scores)
