"""Item-item neighbours of sessions: "viewed in the same session" (Linden, Smith and York 2003; Hidasi et al. 2016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Share, Slates, Weight
from recsim.recommenders.cases import after_cases, after_last, counts_of, in_order
from recsim.recommenders.item_item import add_sparse, nearest, rank_sparse


class SessionItemKNN:
    """A product is scored by its similarity to the last products of the session.

    similarity(i → j) = together(i, j) ÷ ((support(i) + shrink)^(1 - balance) · (support(j) + shrink)^balance), where
    together counts the sessions with both and support those with one: with balance 0.5 and shrink 0 the cosine of the
    products' session columns. `repeats` counts pairs of interactions and interactions instead, as the GRU4Rec baseline
    does (Hidasi, Karatzoglou, Baltrunas and Tikk, ICLR 2016), where shrink is λ = 20. `last`: how many of the last
    products count (0: the whole session), each `fade` times the one after it. `neighbours`: others kept of each
    product.
    """

    name = "session-item-knn"

    def __init__(
        self,
        *,
        neighbours: Count = 100,
        shrink: Weight = 20.0,
        balance: Share = 0.5,
        last: Depth = 1,
        fade: Share = 0.8,
        repeats: bool = False,
    ) -> None:
        self.neighbours = neighbours
        self.shrink = shrink
        self.balance = balance
        self.last = last
        self.fade = fade
        self.repeats = repeats
        self._matrix = csr_matrix((0, 0), dtype=np.float32)
        self._histories: Histories | None = None
        self._similarity = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        sessions = counts_of(self._histories, interactions.products)
        if not self.repeats:
            sessions.data[:] = 1.0
        support = np.bincount(sessions.indices, sessions.data, interactions.products) + self.shrink
        support = np.maximum(support, 1e-9)
        columns = sessions.T.tocsr()
        columns.sort_indices()
        heads = (support ** (self.balance - 1.0)).astype(np.float32)
        tails = (support**-self.balance).astype(np.float32)
        weighted = sessions.copy()
        weighted.data *= tails[weighted.indices]

        def fill(first: int, rows: NDArray[np.float32]) -> None:
            add_sparse(columns, weighted, np.arange(first, first + len(rows), dtype=np.int64), rows)
            rows *= heads[first : first + len(rows), None]

        self._similarity = nearest(interactions.products, self.neighbours, fill)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        return after_last(self, self._histories, self._matrix, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return after_cases(self, histories, self._matrix.shape[1], k, mask_seen=mask_seen)

    def rank_after(self, histories: Histories, k: int, *, seen: csr_matrix | None) -> Slates:
        wanted = recent(histories, self._matrix.shape[1], last=self.last, fade=self.fade)
        return rank_sparse(wanted, self._similarity, np.arange(len(histories)), k, seen=seen)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(
            memory_bytes=pairs * 60 + products * 100 * 24,
            cpu_s=pairs * 10 * 4e-9 + (products + users) * products * 4e-10,
        )


def recent(histories: Histories, products: int, *, last: int, fade: float) -> csr_matrix:
    """Cases × products: the weight of each product among the `last` of its case (0: all), fade^d for the one d steps
    from the end; a product that stands there twice has the sum."""
    lengths = np.diff(histories.indptr)
    distance = np.repeat(histories.indptr[1:], lengths) - 1 - np.arange(len(histories.products))
    owners = np.repeat(np.arange(len(histories), dtype=np.int64), lengths)
    chosen = distance < last if last else np.ones(len(distance), np.bool_)
    weights = np.float64(fade) ** distance[chosen] if last != 1 else np.ones(int(chosen.sum()))
    keys, places = np.unique(owners[chosen] * products + histories.products[chosen], return_inverse=True)
    data = np.bincount(places, weights, len(keys)).astype(np.float32)
    indptr = np.searchsorted(keys, np.arange(len(histories) + 1, dtype=np.int64) * products)
    indices = (keys % products).astype(np.int32)
    return csr_matrix((data, indices, indptr.astype(np.int32)), shape=(len(histories), products))
