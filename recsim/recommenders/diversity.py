"""Variety in a slate: caps on a category, or maximal marginal relevance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Diversity:
    """`cap`: a category has at most a share `weight` of the slate, at least one place. `mmr`: each next product loses
    `weight` times its greatest cosine with those already chosen (Carbonell and Goldstein, SIGIR 1998)."""

    kind: Literal["none", "cap", "mmr"] = "none"
    weight: float = 0.5

    @property
    def suffix(self) -> str:
        """What the name of a policy says of it."""
        return "" if self.kind == "none" else f" {self.kind}={self.weight:g}"

    def most(self, k: int) -> int:
        """Places of a slate of k that one category may have."""
        return max(1, math.ceil(k * self.weight)) if self.kind == "cap" else k


EVEN = Diversity()


def capped(order: NDArray[np.int64], groups: NDArray[np.int32] | None, k: int, most: int) -> NDArray[np.int64]:
    """The first k of an order of which no group has more than `most`; -1 is no group and has no cap."""
    if groups is None or most >= k:
        return order[:k]
    ordered = groups[order]
    by_group = np.argsort(ordered, kind="stable")
    sizes = np.unique(ordered[by_group], return_counts=True)[1]
    nth = np.empty(len(order), np.int64)
    nth[by_group] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return order[(nth < most) | (ordered < 0)][:k]


def capped_propensities(
    logits: NDArray[np.float64], places: NDArray[np.int64], groups: NDArray[np.int32], most: int
) -> NDArray[np.float32]:
    """P(places[r] at rank r | places[:r]) under Plackett-Luce with a cap: the softmax over those neither placed nor of
    a full group. Arrival times are memoryless, so passing over full groups leaves the odds of the others."""
    left = np.ones(len(logits), np.bool_)
    used: dict[int, int] = {}
    worth = np.exp(logits - logits.max(initial=-np.inf)) if len(logits) else logits
    out = np.empty(len(places), np.float64)
    for rank, place in enumerate(places.tolist()):
        out[rank] = worth[place] / worth[left].sum()
        left[place] = False
        group = int(groups[place])
        used[group] = used.get(group, 0) + 1
        if group >= 0 and used[group] == most:
            left &= groups != group
    return np.clip(np.nan_to_num(out, nan=0.0), np.finfo(np.float32).tiny, 1.0).astype(np.float32)


def marginal_relevance(
    scores: NDArray[np.float32], products: NDArray[np.int64], vectors: NDArray[np.float32], k: int, weight: float
) -> NDArray[np.int64]:
    """k places: at each rank the greatest score less `weight` times the greatest cosine with what stands above. Equal
    ones rank by product number."""
    length = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    units = vectors / np.where(length > 0, length, 1.0)
    by_number = np.argsort(products, kind="stable")
    left, alike = scores[by_number].astype(np.float64), np.full(len(scores), 0.0)
    units = units[by_number]
    places = np.empty(k, np.int64)
    for rank in range(k):
        chosen = int(np.argmax(left - weight * alike))
        places[rank] = by_number[chosen]
        left[chosen] = -np.inf
        alike = np.maximum(alike, units @ units[chosen])
    return places
