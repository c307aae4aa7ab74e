"""What every recommender takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Interactions:
    """What users did, as a matrix.

    `matrix`: users × products, float32 weights, sorted indices, no duplicates.
    `last_us`: time of each stored pair in the order of `matrix.data` (µs since 1970 UTC), or None without times.
    """

    matrix: csr_matrix
    last_us: NDArray[np.int64] | None = None

    @property
    def users(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def products(self) -> int:
        return int(self.matrix.shape[1])


@dataclass(frozen=True)
class Slates:
    """Ranked recommendations: `users[n]`, `products[n, k]` (-1 where a list is shorter), `scores[n, k]`, best first."""

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Cost:
    """What fitting a recommender and ranking for every user is expected to take, on one core."""

    memory_bytes: int
    cpu_s: float


class Recommender(Protocol):
    """A model of what a user wants next. `fit` may be called once; `recommend` any number of times."""

    name: str

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        """Learn. The same interactions and seed give the same model, whatever the machine or its cores."""
        ...

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        """The k best products of each user, exactly, over the whole catalogue; without those seen if asked."""
        ...

    @staticmethod
    def cost(users: int, products: int, pairs: int) -> Cost:
        """A rough figure for an estimate: what a matrix of this size takes with the default settings."""
        ...
