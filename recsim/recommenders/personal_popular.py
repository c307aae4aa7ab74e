"""Personal top: what a user bought most, then what everybody did. The baseline next-basket models fail to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Histories, Interactions, Share, Slates
from recsim.recommenders.cases import in_order, take
from recsim.recommenders.session_popular import after_own, popularity


class PersonalPopular:
    """Scores a product by how many of the user's baskets hold it, plus its popularity as a share below 1.

    So the user's own products come first, ties by popularity (P-TopFreq), and popular ones fill the list (GP-TopFreq;
    Li, Jullien, Ariannezhad and de Rijke, "A next basket recommendation reality check", ACM TOIS 41, 2023). `decay`
    below 1 weighs a basket decay^d if d baskets of the user came after it, the frequency part of Faggioli, Polato and
    Aiolli (UMAP 2020). A history is all cases of a user together; where nothing says what is one basket, each case is.
    Answers everybody.
    """

    name = "personal-popular"

    def __init__(self, *, decay: Share = 1.0) -> None:
        self.decay = decay
        self._matrix = csr_matrix((0, 0), dtype=np.float32)
        self._histories: Histories | None = None
        self._share: NDArray[np.float64] = np.empty(0)

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._matrix = interactions.matrix
        self._histories = in_order(interactions, self.name)
        self._share = popularity(self._histories.products, interactions.products)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        assert self._histories is not None, "fit comes first"
        users = np.ascontiguousarray(users, np.int64)
        own = self._baskets(_together(self._histories, self._matrix.shape[0]))[users]
        return after_own(users, own, self._share, k, seen=self._matrix[users] if mask_seen else None)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        own = self._baskets(histories)
        return after_own(histories.users, own, self._share, k, seen=own if mask_seen else None)

    def _baskets(self, histories: Histories) -> csr_matrix:
        """Cases × products: the weights of the baskets that hold the product, added."""
        products = self._matrix.shape[1]
        lengths = np.diff(histories.indptr)
        owners = np.repeat(np.arange(len(histories), dtype=np.int64), lengths)
        groups = histories.groups if histories.groups is not None else np.arange(len(owners), dtype=np.int64)
        started = np.concatenate([[True], (np.diff(owners) != 0) | (np.diff(groups) != 0)])[: len(owners)]
        number = np.cumsum(started)
        ends = np.zeros(len(histories), np.int64)
        ends[owners] = number
        once = np.unique(np.column_stack([owners * products + histories.products, number]), axis=0)
        cells, inverse = np.unique(once[:, 0], return_inverse=True)
        weights = self.decay ** (ends[once[:, 0] // products] - once[:, 1]).astype(np.float64)
        values = np.bincount(inverse, weights, len(cells)).astype(np.float32)
        indptr = np.searchsorted(cells, np.arange(len(histories) + 1, dtype=np.int64) * products)
        indices = (cells % products).astype(np.int32)
        return csr_matrix((values, indices, indptr.astype(np.int32)), shape=(len(histories), products))

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 20 + pairs * 120, cpu_s=pairs * 1e-6 + users * 3e-6)


def _together(histories: Histories, users: int) -> Histories:
    """One case a user 0 .. users - 1: all of the user's cases after each other, each a group of its own at least."""
    order = np.argsort(histories.users, kind="stable")
    sorted_cases = take(histories, order)
    lengths = np.diff(sorted_cases.indptr)
    cases = np.repeat(np.arange(len(order), dtype=np.int64), lengths)
    groups = sorted_cases.groups if sorted_cases.groups is not None else np.zeros(len(cases), np.int64)
    changes = np.concatenate([[True], (np.diff(cases) != 0) | (np.diff(groups) != 0)])[: len(cases)]
    totals = np.bincount(sorted_cases.users, lengths, users).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(totals)])
    return Histories(np.arange(users), indptr, sorted_cases.products, np.cumsum(changes), sorted_cases.times_us)
