"""iALS with the settings that made it competitive again (Rendle, Krichene, Zhang and Koren, RecSys 2022)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Share, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.topk import one_thread, rank_factors
from recsim.rng import normals


@njit(cache=True)
def _gradient_step(indptr, indices, fixed, gram, weights, steps, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Move each row of `out` towards the minimum of its quadratic, by conjugate gradients from where it stands.

    Row u's system is (gram + Σ v vᵀ + weights[u] I) w = Σ v, the sums over the fixed vectors v of its pairs.
    """
    factors = fixed.shape[1]
    rest = np.empty(factors, np.float32)
    way = np.empty(factors, np.float32)
    image = np.empty(factors, np.float32)
    for row in range(out.shape[0]):
        mine = indices[indptr[row] : indptr[row + 1]]
        w = out[row]
        if mine.shape[0] == 0:
            w[:] = 0.0
            continue
        rest[:] = -np.dot(gram, w) - weights[row] * w
        for other in mine:
            v = fixed[other]
            error = np.float32(1.0) - np.dot(v, w)
            rest += error * v
        way[:] = rest
        left = np.dot(rest, rest)
        for _ in range(steps):
            if left < 1e-20:
                break
            image[:] = np.dot(gram, way) + weights[row] * way
            for other in mine:
                v = fixed[other]
                image += np.dot(v, way) * v
            size = left / np.dot(way, image)
            w += size * way
            rest -= size * image
            now = np.dot(rest, rest)
            way[:] = rest + (now / left) * way
            left = now


class IALS:
    """Vectors that minimise Σ over pairs (1 - w·v)² + `unobserved` Σ over all (w·v)² + a frequency-scaled L2.

    A vector with c pairs has the L2 weight `regularization` · (c + `unobserved` · vectors of the other side)^`scaling`:
    1 is a weight that grows with frequency, 0 the same for all. `iterations`: sweeps over users and products, each by
    `steps` conjugate gradient steps (Takács, Pilászy and Tikk, RecSys 2011). `deviation`: of the normal start, divided
    by √`factors`. A user without history gets no list.
    """

    name = "ials"

    def __init__(
        self,
        *,
        factors: Count = 128,
        iterations: Count = 16,
        regularization: Weight = 0.003,
        unobserved: Weight = 0.1,
        scaling: Share = 1.0,
        steps: Count = 3,
        deviation: Weight = 0.1,
    ) -> None:
        self.factors = factors
        self.iterations = iterations
        self.regularization = regularization
        self.unobserved = unobserved
        self.scaling = scaling
        self.steps = steps
        self.deviation = deviation
        self.user_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self.product_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self._history = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = binary_of(interactions.matrix)
        columns = self._history.T.tocsr()
        columns.sort_indices()
        self.user_vectors = self._start(seed, "users", interactions.users)
        self.product_vectors = self._start(seed, "products", interactions.products)
        with one_thread():
            for _ in range(self.iterations):
                self._sweep(self._history, self.product_vectors, self.user_vectors, self.steps)
                self._sweep(columns, self.user_vectors, self.product_vectors, self.steps)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        users = np.ascontiguousarray(users, np.int64)

        def rank(rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
            return rank_factors(self.user_vectors[users], self.product_vectors, _all(rows), k, seen=seen)

        return for_users(rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        """Each history gets a user vector of its own: the minimum, the product vectors fixed."""

        def rank(rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
            vectors = np.zeros((rows.shape[0], self.factors), np.float32)
            with one_thread():
                self._sweep(rows, self.product_vectors, vectors, 4 * self.steps)
            return rank_factors(vectors, self.product_vectors, _all(rows), k, seen=seen)

        return for_cases(rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _sweep(self, pairs: csr_matrix, fixed: NDArray[np.float32], moved: NDArray[np.float32], steps: int) -> None:
        gram = (fixed.T @ fixed) * np.float32(self.unobserved)
        weights = self.regularization * (np.diff(pairs.indptr) + self.unobserved * len(fixed)) ** self.scaling
        _gradient_step(pairs.indptr, pairs.indices, fixed, gram, weights.astype(np.float32), steps, moved)

    def _start(self, seed: int, kind: str, count: int) -> NDArray[np.float32]:
        drawn = normals(seed, f"recommender/ials/{kind}", np.arange(count, dtype=np.uint64), self.factors)
        return np.ascontiguousarray(drawn * np.float32(self.deviation / self.factors**0.5))

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        """Work a pair and step grows with the factors, work a vector and step with their square."""
        steps = 2 * self.iterations * (self.steps + 1)
        vectors = users + products
        return Cost(
            memory_bytes=vectors * self.factors * 4 * 2 + pairs * 40,
            cpu_s=steps * (pairs * 2 * self.factors + vectors / 2 * self.factors**2) * 2.5e-10
            + users * products * self.factors * 4e-11,
        )


def _all(rows: csr_matrix) -> NDArray[np.int64]:
    return np.arange(rows.shape[0], dtype=np.int64)
