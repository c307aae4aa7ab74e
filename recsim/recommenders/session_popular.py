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
def _walk(mine, order, share, seen_starts, seen, products, scores):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    starts, own, counts = mine
    k = products.shape[1]
    for case in range(products.shape[0]):
        held = own[starts[case] : starts[case + 1]]
        totals = counts[starts[case] : starts[case + 1]] + share[held]
        hidden = seen[seen_starts[case] : seen_starts[case + 1]]
        size = 0
        for place in np.argsort(-totals, kind="mergesort"):
            if size < k and not _holds(hidden, held[place]):
                products[case, size], scores[case, size] = held[place], totals[place]
                size += 1
        for product in order:
            if size == k:
                break
            if not _holds(held, product) and not _holds(hidden, product):
                products[case, size], scores[case, size] = product, share[product]
                size += 1


def popularity(products: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """How often each of `count` products stands in a list, over one more than the most frequent: below 1."""
    counts = np.bincount(products, minlength=count)
    return np.asarray(counts / (counts.max(initial=0) + 1.0))


def after_own(
    users: NDArray[np.int64], own: csr_matrix, share: NDArray[np.float64], k: int, *, seen: csr_matrix | None
) -> Slates:
    """Lists by own[n, products] + share[products]: first what is in the row, then the popular rest."""
    products = np.full((len(users), k), NOTHING, np.int64)
    scores = np.full((len(users), k), -np.inf, np.float32)
    hidden = seen if seen is not None else csr_matrix(own.shape, dtype=np.float32)
    order = np.argsort(-share, kind="stable").astype(np.int64)
    mine = (own.indptr, own.indices, own.data)
    _walk(mine, order, share, hidden.indptr, hidden.indices, products, scores)
    return Slates(users, products, scores)


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

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        self._share = popularity(self._histories.products, interactions.products)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        return after_last(self, self._histories, self._matrix, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return after_cases(self, histories, self._matrix.shape[1], k, mask_seen=mask_seen)

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates:
        own = counts_of(histories, self._matrix.shape[1])
        return after_own(np.arange(len(histories)), own, self._share, k, seen=seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 20 + pairs * 40, cpu_s=(pairs * 5 + users * 100) * 2e-8)
