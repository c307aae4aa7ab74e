"""The products most users interacted with, the same for everybody but for what each has seen: the floor to beat."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Interactions, Slates
from recsim.recommenders.topk import NOTHING


@njit(cache=True)
def _walk(users, order, counts, indptr, indices, skip_seen, products, scores):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    k = products.shape[1]
    for row in range(users.shape[0]):
        seen = indices[indptr[users[row]] : indptr[users[row] + 1]]
        size = 0
        for product in order:
            if size == k:
                break
            place = np.searchsorted(seen, product)
            if skip_seen and place < seen.shape[0] and seen[place] == product:
                continue
            products[row, size] = product
            scores[row, size] = counts[product]
            size += 1


class Popular:
    """Scores a product by the number of users in its column; ties by product id. Answers every user."""

    name = "popular"

    def __init__(self) -> None:
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._counts: NDArray[np.float32] = np.empty(0, np.float32)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = interactions.matrix
        counts = np.bincount(interactions.matrix.indices, minlength=interactions.products)
        self._order = np.argsort(-counts, kind="stable").astype(np.int64)
        self._counts = counts.astype(np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        users = np.ascontiguousarray(users, np.int64)
        products = np.full((len(users), k), NOTHING, np.int64)
        scores = np.full((len(users), k), -np.inf, np.float32)
        matrix = self._history
        _walk(users, self._order, self._counts, matrix.indptr, matrix.indices, mask_seen, products, scores)
        return Slates(users, products, scores)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 20 + pairs * 8, cpu_s=(pairs + users * 50) * 2e-8)
