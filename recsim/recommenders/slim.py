"""SLIM, sparse linear methods for top-N recommendation (Ning and Karypis, ICDM 2011)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.item_item import rank_sparse

_PRODUCTS_PER_CALL = 512
_TINY = 1e-6
"""Weights below it are left out: together they move no score in its fourth digit."""


@njit(cache=True)
def _candidates(product, by_user, by_product, counts, limit, common, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Products that share a user with this one, by rising id; the `limit` of largest cosine where there are more."""
    starts, products = by_user
    columns, users = by_product
    size = 0
    for user in users[columns[product] : columns[product + 1]]:
        for other in products[starts[user] : starts[user + 1]]:
            if common[other] == 0 and other != product:
                found[size] = other
                size += 1
            common[other] += 1
    near = found[:size]
    if 0 < limit < size:
        cosine = np.empty(size)
        for place in range(size):
            cosine[place] = -common[near[place]] / np.sqrt(np.float64(counts[near[place]]))
        kept = near[np.argsort(cosine, kind="mergesort")[:limit]].copy()
    else:
        kept = near.copy()
    common[product] = 0
    common[near] = 0
    kept.sort()
    return kept


@njit(cache=True)
def _descend(product, near, by_product, counts, l1, l2, passes, tolerance, rest):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Weights of `near`, by cyclic coordinate descent; `rest` (users) is zero outside of this function.

    rest is x_product - Σ w_k x_k. The best w_k, all others kept, is (x_k · rest + w_k |x_k|² - l1) / (|x_k|² + l2), or
    0 if that is negative.
    """
    columns, users = by_product
    weights = np.zeros(near.shape[0])
    rest[users[columns[product] : columns[product + 1]]] = 1.0
    for turn in range(passes):
        largest = 0.0
        for place in range(near.shape[0]):
            if turn > 0 and turn % 3 != 0 and weights[place] == 0.0:
                continue
            other = near[place]
            own = users[columns[other] : columns[other + 1]]
            gain = 0.0
            for user in own:
                gain += rest[user]
            before = weights[place]
            after = max(0.0, (gain + before * counts[other] - l1) / (counts[other] + l2))
            if after != before:
                for user in own:
                    rest[user] -= after - before
                weights[place] = after
                largest = max(largest, abs(after - before))
        if largest < tolerance and turn % 3 == 0:
            break
    rest[users[columns[product] : columns[product + 1]]] = 0.0
    for place in range(near.shape[0]):
        if weights[place] > 0.0:
            rest[users[columns[near[place]] : columns[near[place] + 1]]] = 0.0
    return weights


@njit(cache=True)
def _solve(first, last, by_user, by_product, counts, settings, room):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The weights of products first .. last - 1: starts, products and weights as of a sparse matrix."""
    limit, l1, l2, passes, tolerance = settings
    common, found, rest = room
    starts = np.zeros(last - first + 1, np.int64)
    products = np.empty(1 << 16, np.int32)
    weights = np.empty(1 << 16, np.float32)
    size = 0
    for product in range(first, last):
        near = _candidates(product, by_user, by_product, counts, limit, common, found)
        own = _descend(product, near, by_product, counts, l1, l2, passes, tolerance, rest)
        if size + near.shape[0] > products.shape[0]:
            longer = 2 * (size + near.shape[0])
            more_products, more_weights = np.empty(longer, np.int32), np.empty(longer, np.float32)
            more_products[:size], more_weights[:size] = products[:size], weights[:size]
            products, weights = more_products, more_weights
        for place in range(near.shape[0]):
            if own[place] > _TINY:
                products[size], weights[size] = near[place], own[place]
                size += 1
        starts[product - first + 1] = size
    return starts, products[:size], weights[:size]


class SLIM:
    """Each product's column is told from other products' columns by an elastic net with weights of 0 or more.

    minimise ½‖x_j - X w‖² + `l2`/2 ‖w‖² + `l1` ‖w‖₁ over w ≥ 0, w_j = 0, for each product j of the binary matrix X; a
    candidate's score is w summed over the history. (scikit-learn's ElasticNet has the same minimum at alpha =
    (l1 + l2) ÷ users, l1_ratio = l1 ÷ (l1 + l2).) `neighbours`: only so many products, of largest cosine, may explain
    one (0: all that share a user with it). `passes` and `tolerance` end the descent. A product no weight points at
    from the history is not recommended.
    """

    name = "slim"

    def __init__(
        self,
        *,
        l1: Weight = 0.5,
        l2: Weight = 100.0,
        neighbours: Depth = 1000,
        passes: Count = 30,
        tolerance: Weight = 1e-3,
    ) -> None:
        self.l1 = l1
        self.l2 = l2
        self.neighbours = neighbours
        self.passes = passes
        self.tolerance = tolerance
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._weights = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = binary_of(interactions.matrix)
        columns = self._history.tocsc()
        by_user = (self._history.indptr.astype(np.int64), self._history.indices)
        by_product = (columns.indptr.astype(np.int64), columns.indices)
        counts = np.diff(columns.indptr).astype(np.float64)
        settings = (self.neighbours, self.l1, max(self.l2, 1e-9), self.passes, self.tolerance)
        count = interactions.products
        room = (np.zeros(count, np.int32), np.empty(count, np.int64), np.zeros(interactions.users))
        parts = [
            _solve(first, min(first + _PRODUCTS_PER_CALL, count), by_user, by_product, counts, settings, room)
            for first in range(0, count, _PRODUCTS_PER_CALL)
        ]
        lengths = np.concatenate([np.diff(starts) for starts, _, _ in parts] or [np.empty(0, np.int64)])
        told = csr_matrix(
            (
                np.concatenate([weights for _, _, weights in parts] or [np.empty(0, np.float32)]),
                np.concatenate([products for _, products, _ in parts] or [np.empty(0, np.int32)]),
                np.concatenate([[0], np.cumsum(lengths)]),
            ),
            shape=(count, count),
        )
        self._weights = told.T.tocsr()
        self._weights.sort_indices()

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        return rank_sparse(rows, self._weights, np.arange(rows.shape[0], dtype=np.int64), k, seen=seen)

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        """What a product has in common with others is guessed from the means, as four times that."""
        count, degree = pairs / max(products, 1), pairs / max(users, 1)
        reach = min(products, self.neighbours or products, 4 * count * degree)
        return Cost(
            memory_bytes=int(pairs * 40 + products * reach * 0.5 * 24 + users * 8),
            cpu_s=products * reach * 4 * count * 8e-9 + users * products * 6e-10,
        )
