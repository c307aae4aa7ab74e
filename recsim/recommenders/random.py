"""Products drawn uniformly without replacement: what a metric is worth when nothing was learned."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Interactions, Slates
from recsim.recommenders.topk import NOTHING
from recsim.rng import draw, key_of


@njit(cache=True)
def _deal(key, users, deck, indptr, indices, skip_seen, products, scores):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Deal each user cards off a deck shuffled as far as is needed (Fisher and Yates), then put the deck back."""
    k = products.shape[1]
    cards = deck.shape[0]
    moves = np.empty(cards, np.int64)
    for row in range(users.shape[0]):
        seen = indices[indptr[users[row]] : indptr[users[row] + 1]]
        size = 0
        dealt = 0
        while size < k and dealt < cards:
            word = draw(key, users[row], dealt)[0]
            other = dealt + np.int64((np.uint64(word) * np.uint64(cards - dealt)) >> np.uint64(32))
            deck[dealt], deck[other] = deck[other], deck[dealt]
            moves[dealt] = other
            product = deck[dealt]
            dealt += 1
            place = np.searchsorted(seen, product)
            if skip_seen and place < seen.shape[0] and seen[place] == product:
                continue
            products[row, size] = product
            scores[row, size] = 1.0 - np.float32(size) / np.float32(cards)
            size += 1
        for back in range(dealt - 1, -1, -1):
            deck[back], deck[moves[back]] = deck[moves[back]], deck[back]


class Random:
    """A list is a function of (seed, user) alone, whoever else is asked about. Scores fall evenly with the rank."""

    name = "random"

    def __init__(self) -> None:
        self._history = csr_matrix((0, 0), dtype=np.float32)
        self._seed = 0

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = interactions.matrix
        self._seed = seed

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        users = np.ascontiguousarray(users, np.int64)
        products = np.full((len(users), k), NOTHING, np.int64)
        scores = np.full((len(users), k), -np.inf, np.float32)
        matrix = self._history
        deck = np.arange(matrix.shape[1], dtype=np.int64)
        key = key_of(self._seed, "recommender/random")
        _deal(key, users, deck, matrix.indptr, matrix.indices, mask_seen, products, scores)
        return Slates(users, products, scores)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(memory_bytes=products * 16 + pairs * 8, cpu_s=users * 50 * 4e-8)
