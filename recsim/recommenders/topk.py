"""Exact top-k over the whole catalogue: blocks of scores in, ranked slates out.

Every recommender ranks through this file, so ties are ordered in one way everywhere: by score, highest first, then by
product id, lowest first. A product is offered only where its score is above a floor, so a masked product (score -inf)
never appears and a list may be shorter than k.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recsim.recommenders.base import Slates

NOTHING = -1
"""The product id of an empty place in a slate; its score is -inf."""

USERS_PER_TILE = 1024
PRODUCTS_PER_TILE = 2048
"""A tile of scores is 8 MB: it is read by the selection while it is still in the cache the product left it in."""

_LANE = 64
"""Scores tested at once against the worst of the heap: nearly all lanes hold no better one and are skipped."""


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS on one thread inside the block: sums are then made in one order, whatever the machine's cores."""
    with threadpool_limits(1, "blas"):
        yield


@njit(inline="always", cache=True)
def _below(score, product, other_score, other_product):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether the first entry ranks after the second."""
    return score < other_score or (score == other_score and product > other_product)


@njit(cache=True)
def _sink(scores, products, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Restore a heap (worst entry at the root) whose root was replaced."""
    score, product = scores[0], products[0]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        right = child + 1
        if right < size and _below(scores[right], products[right], scores[child], products[child]):
            child = right
        if not _below(scores[child], products[child], score, product):
            break
        scores[place], products[place] = scores[child], products[child]
        place = child
    scores[place], products[place] = score, product


@njit(cache=True)
def _rise(scores, products, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Restore a heap after an entry was appended at `place`."""
    score, product = scores[place], products[place]
    while place > 0:
        parent = (place - 1) // 2
        if not _below(score, product, scores[parent], products[parent]):
            break
        scores[place], products[place] = scores[parent], products[parent]
        place = parent
    scores[place], products[place] = score, product


@njit(cache=True)
def _offer(scores, first, best, products, sizes, floor):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    k = best.shape[1]
    width = scores.shape[1]
    for row in range(scores.shape[0]):
        given, heap, ids = scores[row], best[row], products[row]
        size = sizes[row]
        limit = heap[0] if size == k else floor
        for lane in range(0, width, _LANE):
            end = min(lane + _LANE, width)
            found = False
            for column in range(lane, end):
                found |= given[column] > limit
            if not found:
                continue
            for column in range(lane, end):
                if not given[column] > limit:
                    continue
                if size < k:
                    heap[size], ids[size] = given[column], first + column
                    _rise(heap, ids, size)
                    size += 1
                else:
                    heap[0], ids[0] = given[column], first + column
                    _sink(heap, ids, k)
                if size == k:
                    limit = heap[0]
        sizes[row] = size


@njit(cache=True)
def _rank(best, products, sizes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Heaps to lists, best first; what is left over is empty."""
    for row in range(best.shape[0]):
        scores, ids = best[row], products[row]
        for last in range(sizes[row] - 1, 0, -1):
            scores[0], scores[last] = scores[last], scores[0]
            ids[0], ids[last] = ids[last], ids[0]
            _sink(scores, ids, last)
        scores[sizes[row] :] = -np.inf
        ids[sizes[row] :] = NOTHING


@njit(cache=True)
def _mask(scores, first, users, indptr, indices):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    end = first + scores.shape[1]
    for row in range(users.shape[0]):
        seen = indices[indptr[users[row]] : indptr[users[row] + 1]]
        for place in range(np.searchsorted(seen, first), seen.shape[0]):
            if seen[place] >= end:
                break
            scores[row, seen[place] - first] = -np.inf


class Selection:
    """The k best products of each of n users, found while blocks of scores pass by.

    Blocks must come in rising order of products. `seen` is a users × products matrix (sorted indices) whose stored
    pairs are left out, or None. A product needs a score above `floor`.
    """

    def __init__(self, users: NDArray[np.int64], k: int, *, seen: csr_matrix | None, floor: float = -np.inf) -> None:
        self._users = np.ascontiguousarray(users, np.int64)
        self._seen = seen
        self._floor = np.float32(floor)
        self._best = np.empty((len(users), k), np.float32)
        self._products = np.empty((len(users), k), np.int64)
        self._sizes = np.zeros(len(users), np.int64)

    def offer(self, scores: NDArray[np.float32], *, first_row: int = 0, first_product: int = 0) -> None:
        """Take scores[r, c] of user `first_row + r` and product `first_product + c`; masks the block in place."""
        rows = slice(first_row, first_row + len(scores))
        if self._seen is not None:
            _mask(scores, first_product, self._users[rows], self._seen.indptr, self._seen.indices)
        _offer(scores, first_product, self._best[rows], self._products[rows], self._sizes[rows], self._floor)

    def slates(self) -> Slates:
        """The ranked lists. The selection is spent."""
        _rank(self._best, self._products, self._sizes)
        return Slates(self._users, self._products, self._best)


def rank_factors(
    user_vectors: NDArray[np.float32],
    product_vectors: NDArray[np.float32],
    users: NDArray[np.int64],
    k: int,
    *,
    seen: csr_matrix | None,
) -> Slates:
    """The k best products of each user by the inner product of vectors[·, f], exactly."""
    selection = Selection(users, k, seen=seen)
    buffer = np.empty(USERS_PER_TILE * PRODUCTS_PER_TILE, np.float32)
    with one_thread():
        for row in range(0, len(users), USERS_PER_TILE):
            wanted = user_vectors[users[row : row + USERS_PER_TILE]]
            for first in range(0, len(product_vectors), PRODUCTS_PER_TILE):
                tile = product_vectors[first : first + PRODUCTS_PER_TILE]
                scores = buffer[: len(wanted) * len(tile)].reshape(len(wanted), len(tile))
                np.matmul(wanted, tile.T, out=scores)
                selection.offer(scores, first_row=row, first_product=first)
    return selection.slates()


def without_history(slates: Slates, history: csr_matrix) -> Slates:
    """The same slates, but an empty one for a user of whom the model knows nothing."""
    unknown = np.diff(history.indptr)[slates.users] == 0
    slates.products[unknown] = NOTHING
    slates.scores[unknown] = -np.inf
    return slates
