"""Bayesian personalised ranking (Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009) against many rivals.

The paper's loss of a pair is ln(1 + exp(s_rival - s_liked)) with one rival drawn evenly. Here it is
ln(1 + Σ exp(s_rival - s_liked)) over `rivals` drawn evenly: the same with one rival, the sampled softmax with more
(Wu et al., On the Effectiveness of Sampled Softmax Loss for Item Recommendation, TOIS 2024), whose gradient stays large
on the rivals that still stand too high. Scores are cosines over a temperature, as there.

Of its own because `implicit` draws the product a pair is held against by popularity, which takes popularity out of the
ranking, and only one of them.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Annotated

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Cost, Count, Interactions, Share, Slates, Weight, Within
from recsim.recommenders.topk import one_thread, rank_factors, without_history
from recsim.rng import normals, words

PAIRS_PER_STEP = 1024
"""Pairs that share one draw of rivals, so that their scores are one matrix product."""

Temperature = Annotated[float, Within(0.001)]
"""An option that divides scores."""

_MOMENTUM, _MEMORY = np.float32(0.9), np.float32(0.999)


@njit(cache=True)
def _blame(scores, liked, users, indptr, indices, column):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Turn scores[pair, rival] into the slopes of the loss by them, in place; return their sums, one a pair.

    `column[product]` is the rival's column or -1: a product of the user's own history is no rival.
    """
    pairs, rivals = scores.shape
    sums = np.empty(pairs, np.float32)
    for pair in range(pairs):
        row = scores[pair]
        for product in indices[indptr[users[pair]] : indptr[users[pair] + 1]]:
            if column[product] >= 0:
                row[column[product]] = -np.inf
        top = liked[pair]
        for rival in range(rivals):
            top = max(top, row[rival])
        total = np.float32(0.0)
        for rival in range(rivals):
            row[rival] = exp(row[rival] - top)
            total += row[rival]
        whole = total + np.float32(exp(liked[pair] - top))
        for rival in range(rivals):
            row[rival] /= whole
        sums[pair] = total / whole
    return sums


@njit(cache=True)
def _adam(vectors, means, squares, steps, rows, slopes, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One step of Adam (Kingma and Ba, ICLR 2015) on the vectors named in `rows`, each counting its own steps.

    A row named twice moves once, by the sum of its slopes.
    """
    factors = vectors.shape[1]
    order = np.argsort(rows, kind="mergesort")
    slope = np.empty(factors, np.float32)
    place = 0
    while place < rows.shape[0]:
        row = rows[order[place]]
        slope[:] = 0.0
        while place < rows.shape[0] and rows[order[place]] == row:
            for f in range(factors):
                slope[f] += slopes[order[place], f]
            place += 1
        steps[row] += 1
        size = np.float32(rate / (1.0 - float(_MOMENTUM) ** steps[row]))
        growth = np.float32(1.0 / sqrt(1.0 - float(_MEMORY) ** steps[row]))
        for f in range(factors):
            means[row, f] += (np.float32(1.0) - _MOMENTUM) * (slope[f] - means[row, f])
            squares[row, f] += (np.float32(1.0) - _MEMORY) * (slope[f] * slope[f] - squares[row, f])
            vectors[row, f] -= size * means[row, f] / (growth * np.sqrt(squares[row, f]) + np.float32(1e-8))


class _Side:
    """Vectors of one side, users or products, and what Adam remembers of them."""

    def __init__(self, seed: int, kind: str, count: int, factors: int) -> None:
        drawn = normals(seed, f"recommender/bpr/{kind}", np.arange(count, dtype=np.uint64), factors)
        self.vectors = np.ascontiguousarray(drawn * np.float32(0.1))
        self._means, self._squares = np.zeros_like(self.vectors), np.zeros_like(self.vectors)
        self._steps = np.zeros(count, np.int64)

    def learn(self, rows: NDArray[np.int64], slopes: NDArray[np.float32], rate: float) -> None:
        _adam(self.vectors, self._means, self._squares, self._steps, rows, slopes, rate)


def directions(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows at length 1, and the lengths they had, as a column."""
    lengths = np.sqrt(np.einsum("rf,rf->r", vectors, vectors))[:, None] + np.float32(1e-8)
    return vectors / lengths, lengths


def _across(
    slopes: NDArray[np.float32], heads: NDArray[np.float32], lengths: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Slopes by the vectors, from the slopes by their directions."""
    along = np.einsum("rf,rf->r", slopes, heads)[:, None]
    turned: NDArray[np.float32] = (slopes - along * heads) / lengths
    return turned


def slopes(
    users: NDArray[np.float32],
    liked: NDArray[np.float32],
    rivals: NDArray[np.float32],
    sharpness: float,
    known: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Of the mean loss of n pairs by the vectors users[n, f], liked[n, f] and rivals[m, f].

    `known`: the users' numbers, `indptr` and `indices` of their histories, and each product's column among the rivals.
    """
    sharp = np.float32(sharpness)
    who, who_lengths = directions(users)
    good, good_lengths = directions(liked)
    bad, bad_lengths = directions(rivals)
    blame: NDArray[np.float32] = (who @ bad.T) * sharp
    total: NDArray[np.float32] = _blame(blame, np.einsum("rf,rf->r", who, good) * sharp, *known)[:, None]
    scale = sharp / np.float32(len(users))
    return (
        _across((blame @ bad - total * good) * scale, who, who_lengths),
        _across(-total * who * scale, good, good_lengths),
        _across((blame.T @ who) * scale, bad, bad_lengths),
    )


class BPR:
    """Vectors trained so that a product of the user's history outranks those drawn from the rest.

    `factors`: dimension of the vectors. `rivals`: products drawn for each step of 1,024 pairs, the same for them all.
    `temperature`: what cosines are divided by; the lower, the more the highest rivals count. `iterations`: passes over
    the pairs, in an order drawn anew. `learning_rate`: of Adam, falling evenly to its share `last` in the last pass.
    The weights of `Interactions` are not used. A user without history gets no list.
    """

    name = "bpr"

    def __init__(
        self,
        *,
        factors: Count = 64,
        rivals: Count = 256,
        temperature: Temperature = 0.12,
        learning_rate: Weight = 0.02,
        last: Share = 0.1,
        iterations: Count = 18,
    ) -> None:
        self.factors = factors
        self.rivals = rivals
        self.temperature = temperature
        self.learning_rate = learning_rate
        self.last = last
        self.iterations = iterations
        self.user_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self.product_vectors: NDArray[np.float32] = np.empty((0, factors), np.float32)
        self._history = csr_matrix((0, 0), dtype=np.float32)

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        self._history = interactions.matrix
        users = _Side(seed, "users", interactions.users, self.factors)
        products = _Side(seed, "products", interactions.products, self.factors)
        with one_thread():
            for number in range(self.iterations):
                fallen = (1.0 - self.last) * number / max(1, self.iterations - 1)
                self._pass(seed, number, users, products, self.learning_rate * (1.0 - fallen))
        self.user_vectors = directions(users.vectors)[0]
        self.product_vectors = directions(products.vectors)[0]

    def _pass(self, seed: int, number: int, users: _Side, products: _Side, rate: float) -> None:
        indptr, indices = self._history.indptr, self._history.indices
        pairs = np.arange(len(indices), dtype=np.uint64)
        order = np.argsort(words(seed, "recommender/bpr/order", pairs, number)[:, 0], kind="stable")
        owners = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        column = np.full(len(products.vectors), -1, np.int64)
        for first in range(0, len(order), PAIRS_PER_STEP):
            chosen = order[first : first + PAIRS_PER_STEP]
            who, liked = owners[chosen], indices[chosen].astype(np.int64)
            rivals = self._rivals(seed, number, first, len(column))
            column[rivals] = np.arange(len(rivals))
            named = (users.vectors[who], products.vectors[liked], products.vectors[rivals])
            of_users, *of_products = slopes(*named, 1.0 / self.temperature, (who, indptr, indices, column))
            users.learn(who, of_users, rate)
            products.learn(np.concatenate([liked, rivals]), np.concatenate(of_products), rate)
            column[rivals] = -1

    def _rivals(self, seed: int, number: int, first: int, catalogue: int) -> NDArray[np.int64]:
        """Products drawn evenly, without repetitions, rising."""
        places = np.arange(self.rivals, dtype=np.uint64) + np.uint64(first * self.rivals)
        drawn = words(seed, "recommender/bpr/rivals", places, number)[:, 0].astype(np.uint64)
        return np.unique((drawn * np.uint64(catalogue)) >> np.uint64(32)).astype(np.int64)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        seen = self._history if mask_seen else None
        slates = rank_factors(self.user_vectors, self.product_vectors, users, k, seen=seen)
        return without_history(slates, self._history)

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        return Cost(
            memory_bytes=(users + products) * 64 * 4 * 4 + pairs * 48,
            cpu_s=18 * pairs * 1e-5 + users * products * 2e-9,
        )
