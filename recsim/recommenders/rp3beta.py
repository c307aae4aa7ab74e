"""Random walks of three steps on the graph of users and products: P3alpha and RP3beta."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.item_item import add_sparse, nearest, rank_sparse


class RP3Beta:
    """A product is scored by the chance that a walk user → product → user → product ends there.

    A step goes to each neighbour with its probability to the power `alpha` (P3alpha: Cooper, Lee, Radzik and Siantos,
    WWW 2014), and what arrives at a product is divided by the number of its users to the power `beta` (RP3beta:
    Paudel, Christoffel, Newell and Bernstein, ACM TiiS 7(1), 2017); beta 0 is P3alpha. `neighbours`: end points kept
    of each product. `normalise` makes what leaves a product sum to 1 again. A product no walk reaches is not
    recommended.
    """

    name = "rp3beta"

    def __init__(
        self, *, neighbours: Count = 300, alpha: Weight = 0.8, beta: Weight = 0.4, normalise: bool = False
    ) -> None:
        self.neighbours = neighbours
        self.alpha = alpha
        self.beta = beta
        self.normalise = normalise
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._walks = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = binary_of(interactions.matrix)
        degrees = np.diff(self._history.indptr)
        counts = np.maximum(np.bincount(self._history.indices, minlength=interactions.products), 1).astype(np.float64)
        to_products = (
            np.repeat(np.maximum(degrees, 1) ** -self.alpha, degrees) * counts[self._history.indices] ** -self.beta
        )
        second = csr_matrix(
            (to_products.astype(np.float32), self._history.indices, self._history.indptr), shape=self._history.shape
        )
        columns = self._history.T.tocsr()
        columns.sort_indices()
        to_users = (counts**-self.alpha).astype(np.float32)

        def fill(first: int, rows: NDArray[np.float32]) -> None:
            add_sparse(columns, second, np.arange(first, first + len(rows), dtype=np.int64), rows)
            rows *= to_users[first : first + len(rows), None]

        self._walks = nearest(interactions.products, self.neighbours, fill)
        if self.normalise:
            owners = np.repeat(np.arange(self._walks.shape[0]), np.diff(self._walks.indptr))
            sums = np.bincount(owners, self._walks.data, self._walks.shape[0])
            self._walks.data /= sums[owners].astype(np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        return rank_sparse(rows, self._walks, np.arange(rows.shape[0], dtype=np.int64), k, seen=seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """Of the defaults, as of item-kNN."""
        return Cost(
            memory_bytes=pairs * 60 + products * 300 * 24,
            cpu_s=(products + users) * products * 1.8e-9 + pairs * 300 * 2e-9,
        )
