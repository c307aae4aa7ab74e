"""S-POP: the products of the running session, most frequent first, then the popular ones (Hidasi et al., ICLR 2016)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Histories, Interactions, Slates
from recsim.recommenders.cases import after_cases, after_last, counts_of, in_order
from recsim.recommenders.topk import NOTHING


@njit(cache=True)
def _holds(row, product):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    place = np.searchsorted(row, product)
    return place < row.shape[0] and row[place] == product


@njit(cache=True)
def _walk(starts, own, counts, order, share, seen_starts, seen, products, scores):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    k = products.shape[1]
    for case in range(products.shape[0]):
        mine = own[starts[case] : starts[case + 1]]
        totals = counts[starts[case] : starts[case + 1]] + share[mine]
        hidden = seen[seen_starts[case] : seen_starts[case + 1]]
        size = 0
        for place in np.argsort(-totals, kind="mergesort"):
            if size < k and not _holds(hidden, mine[place]):
                products[case, size], scores[case, size] = mine[place], totals[place]
                size += 1
        for product in order:
            if size == k:
                break
            if not _holds(mine, product) and not _holds(hidden, product):
                products[case, size], scores[case, size] = product, share[product]
                size += 1


class SessionPopular:
    """Scores a product by how often it stands in the session, plus its popularity as a share below 1.

    So the session's own products come first, ties among them by popularity, and popular products fill the list; ties
    by product id. Popularity counts the interactions of all training sessions. Answers every case.
    """

    name = "session-popular"

    def __init__(self) -> None:
        self._matrix = csr_matrix((0, 0), dtype=np.float32)
        self._histories: Histories | None = None
        self._share: NDArray[np.float64] = np.empty(0)
        self._order: NDArray[np.int64] = np.empty(0, np.int64)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        counts = np.bincount(self._histories.products, minlength=interactions.products)
        self._share = counts / (counts.max(initial=0) + 1.0)
        self._order = np.argsort(-counts, kind="stable").astype(np.int64)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        return after_last(self, self._histories, self._matrix, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return after_cases(self, histories, self._matrix.shape[1], k, mask_seen=mask_seen)

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates:
        products = np.full((len(histories), k), NOTHING, np.int64)
        scores = np.full((len(histories), k), -np.inf, np.float32)
        own = counts_of(histories, self._matrix.shape[1])
        hidden = seen if seen is not None else csr_matrix(own.shape, dtype=np.float32)
        _walk(
            own.indptr,
            own.indices,
            own.data,
            self._order,
            self._share,
            hidden.indptr,
            hidden.indices,
            products,
            scores,
        )
        return Slates(np.arange(len(histories)), products, scores)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 20 + pairs * 40, cpu_s=(pairs * 5 + users * 100) * 2e-8)
