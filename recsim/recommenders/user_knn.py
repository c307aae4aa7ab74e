"""User-based nearest neighbours (Resnick et al., CSCW 1994; for implicit feedback Aiolli, RecSys 2013)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, ones_of
from recsim.recommenders.item_item import as_matrix, rank_sparse

_USERS_PER_PASS = 4096


class UserKNN:
    """A product is scored by the similarity of the nearest users who have it.

    similarity(u, v) = Σ over their common products of count^-`product_damping` ÷ (degree(u)^0.5 · degree(v)^`spread`):
    0 and 0.5 give the cosine; a larger damping trusts a shared rare product more. `neighbours`: users that count, the
    user himself left out; a history of nobody's is compared with everybody. No neighbour has a product: it is not
    recommended.
    """

    name = "user-knn"

    def __init__(self, *, neighbours: Count = 150, product_damping: Weight = 0.5, spread: Weight = 0.5) -> None:
        self.neighbours = neighbours
        self.product_damping = product_damping
        self.spread = spread
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._users = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = binary_of(interactions.matrix)
        degrees = np.diff(self._history.indptr)
        counts = np.bincount(self._history.indices, minlength=interactions.products)
        weights = np.maximum(counts, 1)[self._history.indices] ** -self.product_damping
        weights *= np.repeat(np.maximum(degrees, 1) ** -self.spread, degrees)
        weighted = csr_matrix(
            (weights.astype(np.float32), self._history.indices, self._history.indptr), shape=self._history.shape
        )
        self._users = weighted.T.tocsr()
        self._users.sort_indices()

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        users = np.ascontiguousarray(users, np.int64)
        rows = self._history[users]
        itself = csr_matrix(
            (np.ones(len(users), np.float32), users, np.arange(len(users) + 1)),
            shape=(len(users), len(self._history.indptr) - 1),
        )
        return self._rank(users, rows, k, rows if mask_seen else None, itself)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        rows = ones_of(histories, self._history.shape[1])
        return self._rank(histories.users, rows, k, rows if mask_seen else None, None)

    def _rank(
        self, users: NDArray[np.int64], rows: csr_matrix, k: int, seen: csr_matrix | None, itself: csr_matrix | None
    ) -> Slates:
        products = np.empty((len(users), k), np.int64)
        scores = np.empty((len(users), k), np.float32)
        degrees = np.maximum(np.diff(rows.indptr), 1).astype(np.float32)
        for first in range(0, len(users), _USERS_PER_PASS):
            part = slice(first, min(first + _USERS_PER_PASS, len(users)))
            block = np.arange(part.start, part.stop, dtype=np.int64)
            near = as_matrix(rank_sparse(rows, self._users, block, self._depth(), seen=itself), self._users.shape[1])
            near.data /= np.repeat(np.sqrt(degrees[part]), np.diff(near.indptr))
            hidden = None if seen is None else seen[part]
            slates = rank_sparse(near, self._history, np.arange(len(block), dtype=np.int64), k, seen=hidden)
            products[part], scores[part] = slates.products, slates.scores
        return Slates(users, products, scores)

    def _depth(self) -> int:
        return max(1, min(self.neighbours, self._users.shape[1]))

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """Of the defaults: every user is held against every user and every product."""
        return Cost(
            memory_bytes=pairs * 40 + _USERS_PER_PASS * 150 * 24,
            cpu_s=users * (users + products) * 1.5e-9 + pairs * 150 * 2e-9 + pairs * pairs / max(products, 1) * 2e-9,
        )
