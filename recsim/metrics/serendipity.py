"""Unexpectedness and serendipity: what a list holds that the most popular products would not have shown."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged
from recsim.metrics.listed import context_of, needs_nothing_more


@njit(cache=True)
def _unexpected(products, hits, k, users, indptr, indices, ranked, state, only_hits, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(products.shape[0]):
        seen, expected = 2 * user + 1, 2 * user + 2
        for at in range(indptr[users[user]], indptr[users[user] + 1]):
            state[indices[at]] = seen
        taken = at = 0
        while taken < k and at < ranked.shape[0]:
            if state[ranked[at]] != seen:
                state[ranked[at]] = expected
                taken += 1
            at += 1
        size = count = 0
        while size < k and products[user, size] >= 0:
            if state[products[user, size]] != expected and (hits[user, size] or not only_hits):
                count += 1
            size += 1
        out[user] = count / k if only_hits else (count / size if size else np.nan)


def _count(judged: Judged, k: int, *, only_hits: bool) -> NDArray[np.float64]:
    context = context_of(judged)
    ranked = np.argsort(-context.popularity, kind="stable")
    out = np.empty(len(judged.users), np.float64)
    state = np.zeros(context.products, np.int64)
    train = context.train
    _unexpected(
        judged.products, judged.hits, k, judged.users, train.indptr, train.indices, ranked, state, only_hits, out
    )
    return out


def unexpectedness(judged: Judged, k: int) -> NDArray[np.float64]:
    """Share of the first k that is not among the k most popular products the user has not had (equals by number)."""
    return _count(judged, k, only_hits=False)


def serendipity(judged: Judged, k: int) -> NDArray[np.float64]:
    """Products among the first k that are relevant and unexpected ÷ k; tied places count in the order listed."""
    return _count(judged, k, only_hits=True)


_SOURCE = "Ge, Delgado-Battenfeld and Jannach, RecSys 2010, with the most popular as the primitive recommender"

UNEXPECTEDNESS = Definition(
    "share of the first k that the k most popular products new to the user do not hold",
    unexpectedness,
    needs=needs_nothing_more,
    better="neither",
    looks_at_truth=False,
    source=_SOURCE,
)
SERENDIPITY = Definition(
    "relevant products in the first k that the k most popular new to the user do not hold ÷ k",
    serendipity,
    needs=needs_nothing_more,
    source=_SOURCE,
)
