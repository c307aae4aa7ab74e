"""GF-CF: collaborative filtering as a low-pass filter on the product graph (Shen et al., CIKM 2021)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import randomized_svd

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.item_item import add_sparse
from recsim.recommenders.topk import Selection, one_thread

_ROWS_PER_BLOCK = 256


class GFCF:
    """A history r is smoothed by a linear filter and an ideal low-pass filter of the normalised product graph.

    With R̃ = D_u^-½ R D_p^-½ (degrees of users and products) and Ū its `factors` top right singular vectors, the scores
    are r R̃ᵀ R̃ + `low_pass` · r D_p^-½ Ū Ūᵀ D_p^½. The paper takes 256 factors and 0.3 (Gowalla, Yelp), 0 for
    Amazon-Books. `sweeps`: power iterations of the randomised SVD (Halko, Martinsson and Tropp 2011).
    """

    name = "gf-cf"

    def __init__(self, *, factors: Count = 256, low_pass: Weight = 0.3, sweeps: Depth = 6) -> None:
        self.factors = factors
        self.low_pass = low_pass
        self.sweeps = sweeps
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._normalised = csr_matrix((0, 0), dtype=np.float32)
        self._to_users = csr_matrix((0, 0), dtype=np.float32)
        self._into: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._out: NDArray[np.float32] = np.empty((0, 0), np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = binary_of(interactions.matrix)
        degrees = np.diff(self._history.indptr)
        counts = np.bincount(self._history.indices, minlength=interactions.products)
        roots = np.sqrt(np.maximum(counts, 1))
        weights = np.repeat(np.maximum(degrees, 1) ** -0.5, degrees) / roots[self._history.indices]
        self._normalised = csr_matrix(
            (weights.astype(np.float32), self._history.indices, self._history.indptr), shape=self._history.shape
        )
        self._to_users = self._normalised.T.tocsr()
        self._to_users.sort_indices()
        rank = min(self.factors, *(size - 1 for size in self._history.shape))
        if self.low_pass == 0 or rank < 1 or not self._history.nnz:
            return
        with one_thread():
            _, _, right = randomized_svd(self._normalised, rank, n_iter=self.sweeps, random_state=seed)
        self._into = np.ascontiguousarray(right.T / roots[:, None], np.float32)
        self._out = np.ascontiguousarray(right * roots * self.low_pass, np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        everybody = np.arange(rows.shape[0], dtype=np.int64)
        selection = Selection(everybody, k, seen=seen)
        for first in range(0, rows.shape[0], _ROWS_PER_BLOCK):
            block = everybody[first : first + _ROWS_PER_BLOCK]
            selection.offer(self._scores(rows, block), first_row=first)
        return selection.slates()

    def _scores(self, rows: csr_matrix, block: NDArray[np.int64]) -> NDArray[np.float32]:
        near = np.empty((len(block), self._history.shape[0]), np.float32)
        scores = np.empty((len(block), self._history.shape[1]), np.float32)
        add_sparse(rows, self._to_users, block, near)
        add_sparse(csr_matrix(near), self._normalised, np.arange(len(block), dtype=np.int64), scores)
        if self._into.size:
            with one_thread():
                scores += (rows[block] @ self._into) @ self._out
        return scores

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """Of the defaults: fourteen passes of the SVD over the pairs, and a dense product of 256 numbers a score."""
        return Cost(
            memory_bytes=(users + products) * 266 * 4 * 3 + products * 256 * 8 + pairs * 40,
            cpu_s=pairs * 266 * 14 * 1.5e-9 + (users + products) * 266 * 266 * 14 * 2e-10 + users * products * 1.2e-8,
        )
