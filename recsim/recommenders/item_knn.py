"""Item-based nearest neighbours (Sarwar, Karypis, Konstan and Riedl, WWW 2001; Deshpande and Karypis, TOIS 2004)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.item_item import rank_sparse
from recsim.recommenders.similarity import Kind, Settings, neighbours_of


class ItemKNN:
    """A product is scored by its similarity to the products of the user's history, over their nearest neighbours.

    With c(i) the users of a product, c(i, j) those of both, and each user counted degree^-`user_damping`:
    `damped` c(i, j) ÷ (c(i)^`discount` · c(j)^`spread`), from history product i to candidate j (a smaller spread keeps
    more of popularity in the ranking); `cosine` c(i, j) ÷ (√(c(i) c(j)) + `shrink`); `jaccard` c(i, j) ÷
    (c(i) + c(j) - c(i, j) + `shrink`); `tversky` c(i, j) ÷ (c(i, j) + `tversky_own` (c(i) - c(i, j)) + `tversky_other`
    (c(j) - c(i, j)) + `shrink`); `tfidf` the cosine of product rows weighted by ln(products ÷ (1 + degree)); `bm25` the
    product of rows weighted by Okapi's formula with `bm25_k` and `bm25_b`, as in `implicit`.

    `keep`: whether the `neighbours` nearest of each history product count, or those of each candidate. `normalise`
    divides the similarities kept of a product by their sum. `centre` adds to each score what Sarwar's prediction of a
    mean-centred column adds: the candidate's share of users less the weighted shares of its neighbours; then every
    product can be recommended. `similarity=cosine,keep=candidate,normalise=true,centre=true` is the ItemKNN of BARS.
    The defaults were chosen on a fifth of the training pairs of the Gowalla check-ins, held out.
    A product without a neighbour in the history is not recommended.
    """

    name = "item-knn"

    def __init__(  # noqa: PLR0913 - the settings of seven published variants
        self,
        *,
        neighbours: Count = 200,
        similarity: Kind = "damped",
        keep: Literal["history", "candidate"] = "history",
        normalise: bool = False,
        centre: bool = False,
        shrink: Weight = 0.0,
        user_damping: Weight = 0.5,
        discount: Weight = 0.6,
        spread: Weight = 0.3,
        tversky_own: Weight = 1.0,
        tversky_other: Weight = 0.2,
        bm25_k: Weight = 1.2,
        bm25_b: Weight = 0.75,
    ) -> None:
        self.neighbours = neighbours
        self.keep = keep
        self.normalise = normalise
        self.centre = centre
        self.settings = Settings(
            kind=similarity,
            shrink=shrink,
            user_damping=user_damping if similarity == "damped" else 0.0,
            discount=discount,
            spread=spread,
            tversky=(tversky_own, tversky_other),
            bm25=(bm25_k, bm25_b),
        )
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._similarity = csr_matrix((0, 0), dtype=np.float32)
        self._offsets: NDArray[np.float32] | None = None

    def fit(self, interactions: Interactions, *, seed: int) -> None:  # noqa: ARG002 - nothing is drawn
        self._history = binary_of(interactions.matrix)
        similarity = neighbours_of(self._history, self.neighbours, self.settings)
        if self.normalise:
            owners = np.repeat(np.arange(similarity.shape[0]), np.diff(similarity.indptr))
            sums = np.bincount(owners, similarity.data, similarity.shape[0])
            similarity.data /= sums[owners].astype(np.float32)
        if self.keep == "candidate":
            similarity = similarity.T.tocsr()
            similarity.sort_indices()
        self._similarity = similarity
        if self.centre:
            shares = np.bincount(self._history.indices, minlength=interactions.products) / max(interactions.users, 1)
            self._offsets = (shares - similarity.T @ shares).astype(np.float32)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        return rank_sparse(
            rows, self._similarity, np.arange(rows.shape[0], dtype=np.int64), k, seen=seen, offsets=self._offsets
        )

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """Of the defaults, with the row scans that dominate: every score is looked at once a product and a user."""
        return Cost(
            memory_bytes=pairs * 60 + products * 200 * 24,
            cpu_s=(products + users) * products * 1.4e-9 + pairs * 200 * 2e-9,
        )
