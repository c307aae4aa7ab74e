"""What every recommender takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class Within:
    """Bounds of an option, both included; stands in the annotation of a constructor's argument."""

    low: float
    high: float = float("inf")


Count = Annotated[int, Within(1)]
"""An option that counts something: 1 upwards."""

Depth = Annotated[int, Within(0)]
"""An option that counts something and says "all" by 0."""

Weight = Annotated[float, Within(0.0)]
"""An option that is a non-negative number."""

Share = Annotated[float, Within(0.0, 1.0)]
"""An option between 0 and 1."""


@dataclass(frozen=True)
class Histories:
    """Ordered histories of n cases: a session, or a user with the baskets bought so far.

    Case i belongs to `users[i]` and saw `products[indptr[i]:indptr[i + 1]]`, oldest first, repeats kept. `groups[m]`
    numbers what happened together inside a case (a basket), rising, or is None where every step stands alone;
    `times_us[m]` (µs since 1970 UTC) is None without times.
    """

    users: NDArray[np.int64]
    indptr: NDArray[np.int64]
    products: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    times_us: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True)
class Interactions:
    """What users did, as a matrix and, where the order is known, as histories.

    `matrix`: users × products, float32 weights, sorted indices, no duplicates.
    `last_us`: time of each stored pair in the order of `matrix.data` (µs since 1970 UTC), or None without times.
    `histories`: the same interactions in order, one case a session (or a user's baskets), or None without an order.
    `catalogue`: what is known of the products, row i of product i, in the columns of the table `products` (`name`,
    `brand`, `category`, `description`, `price_usd`; those it has), or None where nothing is.
    """

    matrix: csr_matrix
    last_us: NDArray[np.int64] | None = None
    histories: Histories | None = None
    catalogue: pl.DataFrame | None = None

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

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        """A rough figure for an estimate: what a matrix of this size takes with these settings, before `fit`."""
        ...


class NextRecommender(Recommender, Protocol):
    """A recommender that can also continue a history it was not fitted on: the next click, the next basket."""

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        """The k best next products of each case, exactly; without those of its own history if asked.

        `Slates.users` are the cases' users; row i answers case i.
        """
        ...
