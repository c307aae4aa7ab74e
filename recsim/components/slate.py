"""Candidates and slates: what retrieval proposes and what a user is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SOURCES = (
    "model", "recent", "similar", "keyword", "category", "popular",
    "bought", "viewed", "trending", "content", "precomputed",
)  # fmt: skip
"""Where a candidate came from; the position is the code used in columns, and the bit in `found_by`.

`model`: near the user's trained vector. `recent`: near the mean vector of what a user without a trained vector saw
last. `similar`: near the product on the page or in the cart. `keyword`: the search index. `category`: popular in the
product's category, for a product without a vector. `popular`: popular everywhere. `bought`: bought together with the
anchor. `viewed`: viewed in the same sessions as the anchor. `trending`: bought and viewed most lately. `content`: a
product nobody has touched yet, near in what is written about it. `precomputed`: the nightly list of the user."""

NO_ANCHOR = -1


@dataclass(frozen=True)
class Candidates:
    """n distinct products with where each was found and how well it fits: `affinity` is an inner product of
    vectors (0 where there is no vector), `relevance` the keyword score (0 where the keyword index did not find it),
    `co_purchase` how strongly baskets (and, at half, sessions) tie it to the anchors, 0 to 1.

    `sources` is the first source that found it, `found_by` all of them as bits; `anchors` is the product that led the
    first source to it, -1 where none did.
    """

    products: NDArray[np.int64]
    affinity: NDArray[np.float32]
    relevance: NDArray[np.float32]
    co_purchase: NDArray[np.float32]
    sources: NDArray[np.int8]
    found_by: NDArray[np.int32]
    anchors: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.products)

    def keep(self, chosen: NDArray[np.bool_]) -> Candidates:
        return Candidates(
            self.products[chosen], self.affinity[chosen], self.relevance[chosen], self.co_purchase[chosen],
            self.sources[chosen], self.found_by[chosen], self.anchors[chosen],
        )  # fmt: skip


def found(
    source: str,
    products: NDArray[np.int64],
    *,
    affinity: NDArray[np.float32] | None = None,
    relevance: NDArray[np.float32] | None = None,
    co_purchase: NDArray[np.float32] | None = None,
    anchors: NDArray[np.int64] | int = NO_ANCHOR,
) -> Candidates:
    """Candidates of one source."""
    n = len(products)
    nothing = np.zeros(n, np.float32)
    code = SOURCES.index(source)
    return Candidates(
        products,
        nothing if affinity is None else affinity,
        nothing if relevance is None else relevance,
        nothing if co_purchase is None else co_purchase,
        np.full(n, code, np.int8),
        np.full(n, 1 << code, np.int32),
        np.full(n, anchors, np.int64) if isinstance(anchors, int) else anchors,
    )


def merge(parts: list[Candidates]) -> Candidates:
    """The union: a product that several sources found keeps the first one's name and anchor, all their bits, and the
    best of each score."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return found("popular", np.empty(0, np.int64))
    products = np.concatenate([part.products for part in filled])
    distinct, first, where = np.unique(products, return_index=True, return_inverse=True)
    affinity = np.full(len(distinct), -np.inf, np.float32)
    relevance, co_purchase = np.zeros((2, len(distinct)), np.float32)
    found_by = np.zeros(len(distinct), np.int32)
    np.maximum.at(affinity, where, np.concatenate([part.affinity for part in filled]))
    np.maximum.at(relevance, where, np.concatenate([part.relevance for part in filled]))
    np.maximum.at(co_purchase, where, np.concatenate([part.co_purchase for part in filled]))
    np.bitwise_or.at(found_by, where, np.concatenate([part.found_by for part in filled]))
    order = np.argsort(first, kind="stable")
    sources = np.concatenate([part.sources for part in filled])
    anchors = np.concatenate([part.anchors for part in filled])
    return Candidates(
        distinct[order], affinity[order], relevance[order], co_purchase[order], sources[first[order]], found_by[order],
        anchors[first[order]],
    )  # fmt: skip


def names_of(found_by: int) -> list[str]:
    """The sources in a set of bits."""
    return [name for code, name in enumerate(SOURCES) if found_by >> code & 1]


@dataclass(frozen=True)
class Slate:
    """What was shown: `products[k]` best first with the reranker's `scores[k]`, the `sources[k]` that found them and
    the `propensities[k]` with which the policy puts each of them at its rank. `model` is the version that retrieved.
    `found_by[k]` and `anchors[k]` are those of the candidates; None where nobody kept them."""

    surface: str
    products: NDArray[np.int64]
    scores: NDArray[np.float32]
    propensities: NDArray[np.float32]
    sources: NDArray[np.int8]
    policy: str
    model: int
    found_by: NDArray[np.int32] | None = None
    anchors: NDArray[np.int64] | None = None
