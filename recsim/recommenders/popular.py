"""The products most users interacted with, the same for everybody but for what each has seen: the floor to beat."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.recommenders.base import Cost, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import counts_of, in_order
from recsim.recommenders.topk import NOTHING

_DAY_US = 86_400_000_000


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
    """Scores a product by how many users touched it; ties by product id. Answers every user.

    `days`: only those whose last touch is within so many days of the newest in the data (0: all time).
    `half_life_days`: a touch weighs half for each such time it is older than the newest (0: no decay). `by`: `users`
    counts each user of a product once, `events` every interaction of the ordered histories, as TOP of the next-basket
    papers does.
    """

    name = "popular"

    def __init__(
        self, *, days: Weight = 0.0, half_life_days: Weight = 0.0, by: Literal["users", "events"] = "users"
    ) -> None:
        self.days = days
        self.half_life_days = half_life_days
        self.by = by
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._counts: NDArray[np.float32] = np.empty(0, np.float32)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = interactions.matrix
        counts = self._count(interactions)
        self._order = np.argsort(-counts, kind="stable").astype(np.int64)
        self._counts = counts.astype(np.float32)

    def _count(self, interactions: Interactions) -> NDArray[np.float64]:
        touched, times_us = interactions.matrix.indices, interactions.last_us
        if self.by == "events":
            ordered = in_order(interactions, self.name)
            touched, times_us = ordered.products, ordered.times_us
        weights = np.ones(len(touched))
        if (self.days or self.half_life_days) and len(touched):
            if times_us is None:
                raise BadInput("popular: days and half_life_days need times, and these interactions have none.")
            age_days = (times_us.max() - times_us) / _DAY_US
            if self.half_life_days:
                weights = np.exp2(-age_days / self.half_life_days)
            if self.days:
                weights[age_days > self.days] = 0.0
        return np.asarray(np.bincount(touched, weights, interactions.products), np.float64)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        users = np.ascontiguousarray(users, np.int64)
        products = np.full((len(users), k), NOTHING, np.int64)
        scores = np.full((len(users), k), -np.inf, np.float32)
        matrix = self._history
        _walk(users, self._order, self._counts, matrix.indptr, matrix.indices, mask_seen, products, scores)
        return Slates(users, products, scores)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        products = np.full((len(histories), k), NOTHING, np.int64)
        scores = np.full((len(histories), k), -np.inf, np.float32)
        own = counts_of(histories, len(self._counts))
        cases = np.arange(len(histories), dtype=np.int64)
        _walk(cases, self._order, self._counts, own.indptr, own.indices, mask_seen, products, scores)
        return Slates(histories.users, products, scores)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 20 + pairs * 8, cpu_s=(pairs + users * 50) * 2e-8)
