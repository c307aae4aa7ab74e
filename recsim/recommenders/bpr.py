"""Bayesian personalised ranking (Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009).

Of its own because `implicit` draws the product a pair is held against by popularity, which takes popularity out of the
ranking: on the Gowalla check-ins recall@20 was .070 with the best of five settings tried of it, and is .139 with
uniform draws, as in the paper.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Interactions, Slates, Weight
from recsim.recommenders.topk import rank_factors, without_history
from recsim.rng import draw, key_of, normals


@njit(cache=True)
def _pass(key, number, owners, indptr, indices, users, products, rate, decay):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One pass: as many steps as there are pairs, each on a pair drawn at random and a product outside its history.

    A gradient is a float32; the last column is the product's bias, against a user's constant 1.
    """
    pairs = indices.shape[0]
    catalogue = products.shape[0]
    factors = products.shape[1] - 1
    for step in range(pairs):
        words = draw(key, number, step)
        place = (np.uint64(words[0]) * np.uint64(pairs)) >> np.uint64(32)
        other = np.int64((np.uint64(words[1]) * np.uint64(catalogue)) >> np.uint64(32))
        owner = owners[place]
        seen = indices[indptr[owner] : indptr[owner + 1]]
        found = np.searchsorted(seen, other)
        if found < seen.shape[0] and seen[found] == other:
            continue
        user, liked, rival = users[owner], products[indices[place]], products[other]
        margin = liked[factors] - rival[factors]
        for f in range(factors):
            margin += user[f] * (liked[f] - rival[f])
        slope = np.float32(1.0 / (1.0 + exp(margin)))
        for f in range(factors):
            u, p, q = user[f], liked[f], rival[f]
            user[f] += rate * (slope * (p - q) - decay * u)
            liked[f] += rate * (slope * u - decay * p)
            rival[f] += rate * (-slope * u - decay * q)
        liked[factors] += rate * (slope - decay * liked[factors])
        rival[factors] += rate * (-slope - decay * rival[factors])


class BPR:
    """Vectors trained so that a product of the user's history outranks one drawn from the rest.

    `factors`: dimension of the vectors (one more holds the product's bias). `learning_rate`, `regularization`: of the
    gradient steps. `iterations`: passes, each with as many steps as there are pairs. The weights of `Interactions`
    are not used. A user without history gets no list.
    """

    name = "bpr"

    def __init__(
        self,
        *,
        factors: Count = 64,
        learning_rate: Weight = 0.05,
        regularization: Weight = 0.01,
        iterations: Count = 100,
    ) -> None:
        self.factors = factors
        self.learning_rate = learning_rate
        self.regularization = regularization
        self.iterations = iterations
        self.user_vectors: NDArray[np.float32] = np.empty((0, factors + 1), np.float32)
        self.product_vectors: NDArray[np.float32] = np.empty((0, factors + 1), np.float32)
        self._history = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        matrix = interactions.matrix
        self._history = matrix
        self.user_vectors = self._start(seed, "users", interactions.users)
        self.product_vectors = self._start(seed, "products", interactions.products)
        self.user_vectors[:, -1] = 1.0
        self.product_vectors[:, -1] = 0.0
        owners = np.repeat(np.arange(interactions.users), np.diff(matrix.indptr))
        key = key_of(seed, "recommender/bpr/steps")
        settings = (np.float32(self.learning_rate), np.float32(self.regularization))
        for number in range(self.iterations):
            _pass(
                key,
                number,
                owners,
                matrix.indptr,
                matrix.indices,
                self.user_vectors,
                self.product_vectors,
                *settings,
            )

    def _start(self, seed: int, kind: str, count: int) -> NDArray[np.float32]:
        """Normal vectors of standard deviation 0.1, a function of (seed, id)."""
        ids = np.arange(count, dtype=np.uint64)
        drawn = normals(seed, f"recommender/bpr/{kind}", ids, self.factors + 1)
        return np.ascontiguousarray(drawn * np.float32(0.1))

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        seen = self._history if mask_seen else None
        slates = rank_factors(self.user_vectors, self.product_vectors, users, k, seen=seen)
        return without_history(slates, self._history)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(
            memory_bytes=(users + products) * 65 * 4 * 2 + pairs * 16,
            cpu_s=100 * pairs * 5e-7 + users * products * 2e-9,
        )
