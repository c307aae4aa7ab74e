"""item2vec: skip-gram with negative sampling over histories (Barkan and Koenigstein, MLSP 2016)."""

from __future__ import annotations

from math import exp

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Slates, Weight
from recsim.recommenders.cases import binary_of, for_cases, for_users
from recsim.recommenders.topk import rank_factors
from recsim.rng import draw, key_of, normals


@njit(cache=True)
def _pass(key, number, indptr, products, cumulated, inputs, outputs, settings, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One pass: every product of every history tells `contexts` others drawn from its window, against `negatives`."""
    window, contexts, negatives = settings
    factors = inputs.shape[1]
    change = np.empty(factors, np.float32)
    for case in range(indptr.shape[0] - 1):
        first, last = indptr[case], indptr[case + 1]
        for place in range(first, last):
            low = first if window == 0 else max(first, place - window)
            high = last if window == 0 else min(last, place + window + 1)
            if high - low < 2:
                continue
            centre = inputs[products[place]]
            for turn in range(contexts):
                words = draw(key, number * contexts + turn, place)
                other = low + np.int64((np.uint64(words[0]) * np.uint64(high - low - 1)) >> np.uint64(32))
                other += other >= place
                change[:] = 0.0
                for draw_number in range(negatives + 1):
                    if draw_number == 0:
                        told, label = products[other], np.float32(1.0)
                    else:
                        word = draw(key, number * contexts + turn, place + (draw_number << 40))[0]
                        told = np.searchsorted(cumulated, np.float64(word) / 4294967296.0, side="right")
                        label = np.float32(0.0)
                        if told == products[other]:
                            continue
                    target = outputs[told]
                    score = np.float32(0.0)
                    for f in range(factors):
                        score += centre[f] * target[f]
                    slope = rate * (label - np.float32(1.0 / (1.0 + exp(-score))))
                    for f in range(factors):
                        change[f] += slope * target[f]
                        target[f] += slope * centre[f]
                for f in range(factors):
                    centre[f] += change[f]


class Item2Vec:
    """Product vectors from which products are near that stand in the same histories; scores are cosines to the history.

    Each product of a history predicts `contexts` others drawn within `window` places (0: anywhere in the history, as in
    the paper, whose sets have no order) against `negatives` products drawn by popularity to the power `power`, in
    `iterations` passes with a rate falling from `learning_rate` to 0. Histories are the ordered ones where there are
    any. A candidate is scored by the cosine of its vector and the mean direction of the history's. A product nobody met
    is not recommended.
    """

    name = "item2vec"

    def __init__(
        self,
        *,
        factors: Count = 64,
        window: Depth = 0,
        contexts: Count = 2,
        negatives: Count = 5,
        power: Weight = 0.5,
        iterations: Count = 15,
        learning_rate: Weight = 0.05,
    ) -> None:
        self.factors = factors
        self.settings = (window, contexts, negatives)
        self.power = power
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.product_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self._history = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = binary_of(interactions.matrix)
        ordered = interactions.histories
        indptr = (self._history.indptr if ordered is None else ordered.indptr).astype(np.int64)
        products = (self._history.indices if ordered is None else ordered.products).astype(np.int64)
        counts = np.bincount(products, minlength=interactions.products)
        chances = np.where(counts > 0, counts, 0).astype(np.float64) ** self.power * (counts > 0)
        cumulated = np.cumsum(chances) / max(chances.sum(), 1e-300)
        inputs, outputs = (self._start(seed, kind, interactions.products) for kind in ("in", "out"))
        key = key_of(seed, "recommender/item2vec/steps")
        for number in range(self.iterations if len(products) else 0):
            rate = np.float32(self.learning_rate * (1.0 - number / self.iterations))
            _pass(key, number, indptr, products, cumulated, inputs, outputs, self.settings, rate)
        lengths = np.sqrt((inputs.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        self.product_vectors = (inputs / np.maximum(lengths, 1e-12)).astype(np.float32)
        self.product_vectors[counts == 0] = 0.0

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        return for_users(self._rank, self._history, users, k, mask_seen=mask_seen)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        return for_cases(self._rank, histories, self._history.shape[1], k, mask_seen=mask_seen)

    def _rank(self, rows: csr_matrix, k: int, seen: csr_matrix | None) -> Slates:
        wanted = rows @ self.product_vectors
        lengths = np.sqrt((wanted.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
        wanted = (wanted / np.maximum(lengths, 1e-12)).astype(np.float32)
        everybody = np.arange(rows.shape[0], dtype=np.int64)
        return rank_factors(wanted, self.product_vectors, everybody, k, seen=seen)

    def _start(self, seed: int, kind: str, count: int) -> NDArray[np.float32]:
        drawn = normals(seed, f"recommender/item2vec/{kind}", np.arange(count, dtype=np.uint64), self.factors)
        return np.ascontiguousarray(drawn * np.float32(0.1))

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(
            memory_bytes=products * 64 * 4 * 4 + pairs * 40,
            cpu_s=15 * pairs * 2 * 6 * 1.5e-7 + users * products * 3.5e-9,
        )
