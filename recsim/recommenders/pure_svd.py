"""PureSVD (Cremonesi, Koren and Turrin, RecSys 2010), by scikit-learn's randomised SVD."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import randomized_svd

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Slates
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.topk import one_thread, rank_factors


class PureSVD:
    """Scores are the low-rank reconstruction of the binary matrix: a missing pair counts as zero.

    `factors`: the rank. `sweeps`: power iterations of the randomised SVD (Halko, Martinsson and Tropp 2011).
    A user without history gets no list.
    """

    name = "pure-svd"

    def __init__(self, *, factors: Count = 64, sweeps: Depth = 4) -> None:
        self.factors = factors
        self.sweeps = sweeps
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._products: NDArray[np.float32] = np.empty((0, factors), np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = binary_of(interactions.matrix)
        rank = max(1, min(self.factors, *(size - 1 for size in self._history.shape)))
        with one_thread():
            _, _, right = randomized_svd(self._history, rank, n_iter=self.sweeps, random_state=seed)
        self._products = np.ascontiguousarray(right.T, np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        users = np.ascontiguousarray(rows @ self._products, np.float32)
        return rank_factors(users, self._products, np.arange(len(users), dtype=np.int64), k, seen=seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """Of the defaults: ten passes over the pairs, and dense work on (users + products) × 74."""
        return Cost(
            memory_bytes=(users + products) * 74 * 4 * 3 + pairs * 16,
            cpu_s=pairs * 74 * 10 * 1.5e-9 + (users + products) * 74 * 74 * 10 * 2e-10 + users * products * 3.5e-9,
        )
