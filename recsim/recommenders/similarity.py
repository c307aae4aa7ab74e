"""Similarity of the columns of a binary matrix (products, by the users they share), and each column's nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.item_item import add_sparse, nearest

Kind = Literal["damped", "cosine", "jaccard", "tversky", "tfidf", "bm25"]


@dataclass(frozen=True)
class Settings:
    """One of the similarities of `ItemKNN`; its docstring has the formulas."""

    kind: Kind = "cosine"
    shrink: float = 0.0
    user_damping: float = 0.0
    discount: float = 0.5
    spread: float = 0.5
    tversky: tuple[float, float] = (1.0, 1.0)
    bm25: tuple[float, float] = (1.2, 0.75)


@njit(cache=True)
def _set_ratio(rows, first, counts, own, other, shrink):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Common counts become c ÷ (c + own (c_i - c) + other (c_j - c) + shrink)."""
    for r in range(rows.shape[0]):
        mine = counts[first + r]
        for j in range(rows.shape[1]):
            common = rows[r, j]
            if common > 0.0:
                rows[r, j] = common / (common + own * (mine - common) + other * (counts[j] - common) + shrink)


@njit(cache=True)
def _shrunk_cosine(rows, first, lengths, shrink):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for r in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            if rows[r, j] > 0.0:
                rows[r, j] = rows[r, j] / (lengths[first + r] * lengths[j] + shrink)


def neighbours_of(binary: csr_matrix, neighbours: int, settings: Settings) -> csr_matrix:
    """The similarity of each column (row of the answer) to its nearest others."""
    left, right = _weighted(binary, settings)
    columns = left.T.tocsr()
    columns.sort_indices()
    counts = np.bincount(binary.indices, minlength=binary.shape[1]).astype(np.float32)
    squares = np.bincount(left.indices, left.data.astype(np.float64) ** 2, binary.shape[1])
    lengths = np.sqrt(squares).astype(np.float32)
    discounts = (np.maximum(counts, 1.0) ** -settings.discount).astype(np.float32)
    own, other = settings.tversky if settings.kind == "tversky" else (1.0, 1.0)

    def fill(first: int, rows: NDArray[np.float32]) -> None:
        add_sparse(columns, right, np.arange(first, first + len(rows), dtype=np.int64), rows)
        if settings.kind == "damped":
            rows *= discounts[first : first + len(rows), None]
        elif settings.kind in ("cosine", "tfidf"):
            _shrunk_cosine(rows, first, lengths, np.float32(settings.shrink))
        elif settings.kind in ("jaccard", "tversky"):
            _set_ratio(rows, first, counts, np.float32(own), np.float32(other), np.float32(settings.shrink))

    return nearest(binary.shape[1], neighbours, fill)


def _weighted(binary: csr_matrix, settings: Settings) -> tuple[csr_matrix, csr_matrix]:
    """The two factors of the product: a weight for every pair as the similarity wants it."""
    columns = binary.shape[1]
    degrees = np.diff(binary.indptr)
    counts = np.bincount(binary.indices, minlength=columns).astype(np.float64)
    if settings.kind == "damped":
        damping = np.repeat(np.maximum(degrees, 1) ** -settings.user_damping, degrees)
        return binary, _with(binary, damping * np.maximum(counts, 1)[binary.indices] ** -settings.spread)
    if settings.kind == "tfidf":
        rarity = np.log(max(columns, 1) / (1.0 + degrees))
        weighted = _with(binary, np.repeat(np.maximum(rarity, 0.0), degrees))
        return weighted, weighted
    if settings.kind == "bm25":
        k, b = settings.bm25
        rarity = np.maximum(np.log(max(columns, 1)) - np.log1p(degrees), 0.0)
        length = (1.0 - b) + b * counts / max(counts.mean() if columns else 1.0, 1e-12)
        weights = (k + 1.0) / (k * length[binary.indices] + 1.0) * np.repeat(rarity, degrees)
        weighted = _with(binary, weights)
        return weighted, weighted
    return binary, binary


def _with(binary: csr_matrix, weights: NDArray[np.float64]) -> csr_matrix:
    return csr_matrix((weights.astype(np.float32), binary.indices, binary.indptr), shape=binary.shape)
