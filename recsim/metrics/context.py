"""What a metric may know beside the lists and the truth: the training part, the catalogue, groups, the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


class Oracle(Protocol):
    """The true usefulness of products, which a synthetic world knows."""

    def utility(self, users: NDArray[np.int64], products: NDArray[np.int64]) -> NDArray[np.float64]:
        """The true utility (0 or more) of products[n, k] to users[n]; 0 at an empty place (-1)."""
        ...

    def best(self, users: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """The k most useful products each user could have been shown, best first: int64[n, k], padded with -1."""
        ...


@dataclass(frozen=True)
class Groups:
    """A partition of users or products: `names` and, for each, the number of its group in `codes` (-1 is none)."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]


@dataclass(frozen=True)
class Context:
    """Everything metrics beyond accuracy need. A metric that needs what is None is refused by name.

    `train`: users × products, every stored pair was learned from. `categories`: int64[products], the number of each
    product's category (-1 is none). `vectors`: float32[products, f], how alike products are by their cosine.
    `user_groups`, `product_groups`: partitions by name ("activity", "region"; "popularity", "tenant").
    `oracle`: the truth of a synthetic world.
    """

    train: csr_matrix
    categories: NDArray[np.int64] | None = None
    vectors: NDArray[np.float32] | None = None
    user_groups: Mapping[str, Groups] = field(default_factory=dict)
    product_groups: Mapping[str, Groups] = field(default_factory=dict)
    oracle: Oracle | None = None

    @property
    def products(self) -> int:
        return int(self.train.shape[1])

    @cached_property
    def popularity(self) -> NDArray[np.int64]:
        """int64[products]: how many users have each product in the training part."""
        return np.bincount(self.train.indices, minlength=self.products).astype(np.int64)

    @cached_property
    def trained_users(self) -> int:
        """Users with anything in the training part."""
        return int(np.count_nonzero(np.diff(self.train.indptr)))

    @cached_property
    def cold(self) -> NDArray[np.bool_]:
        """bool[products]: whether nobody had the product in the training part."""
        return self.popularity == 0

    def has(self, need: str) -> bool:
        """Whether a need of a metric is there: "categories", "vectors", "oracle", "user_groups.region"."""
        name, _, key = need.partition(".")
        found = getattr(self, name)
        return key in found if key else found is not None
