"""Novelty: how little known the listed products are, in bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of, mean_over_list, needs_nothing_more


def novelty(judged: Judged, k: int) -> NDArray[np.float64]:
    """Mean self-information -log2(users who had the product in training ÷ users trained on) of the first k.

    A product nobody had counts as had by one user, or it would be infinitely novel.
    """
    context = context_of(judged)
    share = np.maximum(context.popularity, 1) / max(context.trained_users, 1)
    return mean_over_list(judged, k, -np.log2(share))


NOVELTY = Definition(
    "mean of -log2(share of training users who had the product) over the first k",
    novelty,
    needs=needs_nothing_more,
    better="neither",
    most=np.inf,
    looks_at_truth=False,
    source="Zhou et al., PNAS 107(10), 2010; Vargas and Castells, RecSys 2011",
)
