"""Candidates and slates: what retrieval proposes and what a user is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOURCES = ("model", "recent", "similar", "keyword", "category", "popular")
"""Where a candidate came from; the position is the code used in columns.

`model`: near the user's trained vector. `recent`: near the mean vector of what a user without a trained vector saw
last. `similar`: near the product on the page or in the cart. `keyword`: the search index. `category`: popular in the
product's category, for a product without a vector. `popular`: popular everywhere."""


@dataclass(frozen=True)
class Candidates:
    """n distinct products with where each was found and how well it fits: `affinity` is an inner product of
    vectors (0 where there is no vector), `relevance` the keyword score (0 where the keyword index did not find it)."""

    products: NDArray[np.int64]
    affinity: NDArray[np.float32]
    relevance: NDArray[np.float32]
    sources: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.products)

    def keep(self, chosen: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.products[chosen], self.affinity[chosen], self.relevance[chosen], self.sources[chosen])


def found(
    source: str,
    products: NDArray[np.int64],
    *,
    affinity: NDArray[np.float32] | None = None,
    relevance: NDArray[np.float32] | None = None,
) -> Candidates:
    """Candidates of one source."""
    n = len(products)
    nothing = np.zeros(n, np.float32)
    return Candidates(
        products,
        nothing if affinity is None else affinity,
        nothing if relevance is None else relevance,
        np.full(n, SOURCES.index(source), np.int8),
    )


def merge(parts: list[Candidates]) -> Candidates:
    """The union: a product that several sources found keeps the first one's name and the best of each score."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return found("popular", np.empty(0, np.int64))
    products = np.concatenate([part.products for part in filled])
    distinct, first, where = np.unique(products, return_index=True, return_inverse=True)
    affinity = np.full(len(distinct), -np.inf, np.float32)
    relevance = np.zeros(len(distinct), np.float32)
    np.maximum.at(affinity, where, np.concatenate([part.affinity for part in filled]))
    np.maximum.at(relevance, where, np.concatenate([part.relevance for part in filled]))
    order = np.argsort(first, kind="stable")
    sources = np.concatenate([part.sources for part in filled])
    return Candidates(distinct[order], affinity[order], relevance[order], sources[first[order]])


@dataclass(frozen=True)
class Slate:
    """What was shown: `products[k]` best first with the reranker's `scores[k]`, the `sources[k]` that found them and
    the `propensities[k]` with which the policy puts each of them at its rank. `model` is the version that retrieved."""

    surface: str
    products: NDArray[np.int64]
    scores: NDArray[np.float32]
    propensities: NDArray[np.float32]
    sources: NDArray[np.int8]
    policy: str
    model: int
