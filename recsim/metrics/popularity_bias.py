"""Popularity bias: how well known what is listed is, and how much of it comes from the tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition, Option
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of, mean_over_list, needs_nothing_more


def average_popularity(judged: Judged, k: int) -> NDArray[np.float64]:
    """Mean number of training users who had the product, over the first k (ARP)."""
    return mean_over_list(judged, k, context_of(judged).popularity.astype(np.float64))


def tail_share(judged: Judged, k: int, *, head: float) -> NDArray[np.float64]:
    """Share of the first k that is not among the head.

    The head is the fewest most popular products (equals by number) that hold a share `head` of the training pairs.
    """
    popularity = context_of(judged).popularity
    order = np.argsort(-popularity, kind="stable")
    before = np.cumsum(popularity[order]) - popularity[order]
    tail = np.ones(len(popularity))
    tail[order[before < head * popularity.sum()]] = 0.0
    return mean_over_list(judged, k, tail)


ARP = Definition(
    "mean number of training users who had the product over the first k",
    average_popularity,
    needs=needs_nothing_more,
    better="neither",
    most=np.inf,
    looks_at_truth=False,
    source="ARP of Yin et al., Challenging the long tail recommendation, VLDB 2012",
)
TAIL_SHARE = Definition(
    "share of the first k outside the head, the most popular products with 80 % of the training pairs",
    tail_share,
    options={"head": Option(0.8, "share of the training pairs the head holds", 0.0, 1.0)},
    needs=needs_nothing_more,
    better="neither",
    looks_at_truth=False,
    source="APLT of Abdollahpouri, Burke and Mobasher, FLAIRS 2019",
)
