"""Ranking by an item-item matrix: a product's score is the weighted sum of its rows over the user's history.

Each user's sum runs over the history in the order of product ids, so a score does not depend on which other users are
ranked beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity

from recsim.recommenders.base import Slates
from recsim.recommenders.topk import Selection

_USERS_PER_BLOCK = 16
"""Rows of scores held at once: few, so that they are still in the cache when they are selected from."""


@njit(cache=True)
def _add_dense(users, indptr, indices, data, weights, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(users.shape[0]):
        total = out[row]
        total[:] = 0.0
        for place in range(indptr[users[row]], indptr[users[row] + 1]):
            weight = data[place]
            neighbours = weights[indices[place]]
            for product in range(total.shape[0]):
                total[product] += weight * neighbours[product]


@njit(cache=True)
def _add_sparse(  # type: ignore[no-untyped-def]  # noqa: ANN202
    users,  # noqa: ANN001
    indptr,  # noqa: ANN001
    indices,  # noqa: ANN001
    data,  # noqa: ANN001
    starts,  # noqa: ANN001
    neighbours,  # noqa: ANN001
    weights,  # noqa: ANN001
    out,  # noqa: ANN001
):
    for row in range(users.shape[0]):
        total = out[row]
        total[:] = 0.0
        for place in range(indptr[users[row]], indptr[users[row] + 1]):
            weight = data[place]
            product = indices[place]
            for edge in range(starts[product], starts[product + 1]):
                total[neighbours[edge]] += weight * weights[edge]


def add_sparse(history: csr_matrix, weights: csr_matrix, users: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """out = history[users] @ weights, both sparse."""
    edges = (weights.indptr, weights.indices, weights.data)
    _add_sparse(users, history.indptr, history.indices, history.data, *edges, out)


def rank_dense(
    history: csr_matrix, weights: NDArray[np.float32], users: NDArray[np.int64], k: int, *, seen: csr_matrix | None
) -> Slates:
    """Scores `history[users] @ weights` with a dense products × products matrix in C order."""
    selection = Selection(users, k, seen=seen)
    scores = np.empty((_USERS_PER_BLOCK, weights.shape[1]), np.float32)
    for row in range(0, len(users), _USERS_PER_BLOCK):
        block = users[row : row + _USERS_PER_BLOCK]
        _add_dense(block, history.indptr, history.indices, history.data, weights, scores)
        selection.offer(scores[: len(block)], first_row=row)
    return selection.slates()


def rank_sparse(
    history: csr_matrix,
    similarity: csr_matrix,
    users: NDArray[np.int64],
    k: int,
    *,
    seen: csr_matrix | None,
    offsets: NDArray[np.float32] | None = None,
) -> Slates:
    """Scores `history[users] @ similarity`; a product with no similarity to the history is not recommended.

    With `offsets`, one a product, they are added to the scores and every product may be recommended.
    """
    selection = Selection(users, k, seen=seen, floor=0.0 if offsets is None else -np.inf)
    scores = np.empty((_USERS_PER_BLOCK, similarity.shape[1]), np.float32)
    for row in range(0, len(users), _USERS_PER_BLOCK):
        block = users[row : row + _USERS_PER_BLOCK]
        add_sparse(history, similarity, block, scores)
        if offsets is not None:
            scores += offsets
        selection.offer(scores[: len(block)], first_row=row)
    return selection.slates()


def nearest(products: int, neighbours: int, fill: Callable[[int, NDArray[np.float32]], None]) -> csr_matrix:
    """Rows of weights above 0 of each product to its strongest others; ties go to the lower product id.

    `fill(first, rows)` writes the weights of products `first`, `first + 1`, … to all products into `rows`.
    """
    if not products:
        return csr_matrix((0, 0), dtype=np.float32)
    everything = np.arange(products, dtype=np.int64)
    own = identity(products, dtype=np.float32, format="csr")
    selection = Selection(everything, min(neighbours, max(products - 1, 1)), seen=own, floor=0.0)
    rows = np.empty((_USERS_PER_BLOCK, products), np.float32)
    for first in range(0, products, _USERS_PER_BLOCK):
        block = rows[: min(_USERS_PER_BLOCK, products - first)]
        fill(first, block)
        selection.offer(block, first_row=first)
    return as_matrix(selection.slates(), products)


def as_matrix(lists: Slates, products: int) -> csr_matrix:
    """The scores of ranked lists as a sparse matrix, one row a list; sorted indices."""
    filled = lists.products >= 0
    starts = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    matrix = csr_matrix((lists.scores[filled], lists.products[filled], starts), shape=(len(filled), products))
    matrix.sort_indices()
    return matrix
