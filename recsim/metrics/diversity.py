"""Intra-list diversity: how unlike each other the products of a list are."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of


@njit(cache=True)
def _other_category(products, k, categories, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(products.shape[0]):
        size = 0
        unlike = 0
        while size < k and products[user, size] >= 0:
            mine = categories[products[user, size]]
            for place in range(size):
                unlike += mine < 0 or categories[products[user, place]] != mine
            size += 1
        out[user] = unlike / (size * (size - 1) / 2) if size > 1 else np.nan


@njit(cache=True)
def _cosine_distance(products, k, vectors, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    total = np.empty(vectors.shape[1])
    for user in range(products.shape[0]):
        size = 0
        own = 0.0
        total[:] = 0.0
        while size < k and products[user, size] >= 0:
            for at in range(vectors.shape[1]):
                part = vectors[products[user, size], at]
                total[at] += part
                own += part * part
            size += 1
        alike = 0.0
        for at in range(vectors.shape[1]):
            alike += total[at] * total[at]
        out[user] = 1.0 - (alike - own) / (size * (size - 1)) if size > 1 else np.nan


def category_diversity(judged: Judged, k: int) -> NDArray[np.float64]:
    """Share of the pairs among the first k whose categories differ; a product without one is unlike all."""
    categories = context_of(judged).categories
    assert categories is not None, "the metric needs categories"
    out = np.empty(len(judged.users), np.float64)
    _other_category(judged.products, k, categories, out)
    return out


def vector_diversity(judged: Judged, k: int) -> NDArray[np.float64]:
    """Mean of 1 - cosine over the pairs among the first k; a product whose vector is 0 is unlike all."""
    vectors = context_of(judged).vectors
    assert vectors is not None, "the metric needs vectors"
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    out = np.empty(len(judged.users), np.float64)
    _cosine_distance(judged.products, k, vectors / np.where(lengths > 0, lengths, 1.0), out)
    return out


_SOURCE = "Smyth and McClave, ICCBR 2001; Ziegler et al., WWW 2005"

ILD_CATEGORY = Definition(
    "share of the pairs among the first k whose categories differ",
    category_diversity,
    needs=lambda _: ("categories",),
    better="neither",
    looks_at_truth=False,
    source=_SOURCE,
)
ILD_VECTOR = Definition(
    "mean of 1 - cosine of the product vectors over the pairs among the first k",
    vector_diversity,
    needs=lambda _: ("vectors",),
    better="neither",
    most=2.0,
    looks_at_truth=False,
    source=_SOURCE,
)
