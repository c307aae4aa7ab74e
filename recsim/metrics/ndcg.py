"""Discounted cumulative gain, normalised and not, with binary, linear and exponential gain.

Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002 (linear gain);
Burges et al., "Learning to rank using gradient descent", ICML 2005 (exponential gain, 2^grade - 1). The discount is
1 ÷ log2(rank + 1). The ideal puts the highest grades of the user in the first min(k, relevant) ranks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged

Gain = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@njit(cache=True)
def _dcg_of_hits(hits, k, discounts, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        gain = 0.0
        for place in range(k):
            if hits[user, place]:
                gain += discounts[place]
        out[user] = gain


@njit(cache=True)
def _ideal_of_grades(users, indptr, grades, k, discounts, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(users.shape[0]):
        mine = np.sort(grades[indptr[users[row]] : indptr[users[row] + 1]])[::-1]
        gain = 0.0
        for place in range(min(k, mine.shape[0])):
            gain += mine[place] * discounts[place]
        out[row] = gain


def discounts_of(k: int) -> NDArray[np.float64]:
    """1 ÷ log2(rank + 1) for ranks 1 to k."""
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)))


def dcg(judged: Judged, k: int) -> NDArray[np.float64]:
    """Σ over hits among the first k of 1 ÷ log2(rank + 1)."""
    out = np.empty(len(judged.users), np.float64)
    _dcg_of_hits(judged.hits, k, discounts_of(k), out)
    if judged.ties is not None:
        out[judged.ties.rows] = judged.ties.expected(judged.hits)[:, :k] @ discounts_of(k)
    return out


def ndcg(judged: Judged, k: int) -> NDArray[np.float64]:
    """Σ over hits of 1 ÷ log2(rank + 1), ÷ the same sum over the first min(k, relevant) ranks (trec_eval ndcg_cut)."""
    ideal = np.cumsum(discounts_of(k))
    return dcg(judged, k) / ideal[np.minimum(judged.relevant, k) - 1]


def _graded_dcg(judged: Judged, k: int, gain: Gain) -> NDArray[np.float64]:
    gains = gain(judged.gains)
    out = np.asarray(gains[:, :k] @ discounts_of(k))
    if judged.ties is not None:
        out[judged.ties.rows] = judged.ties.expected(gains)[:, :k] @ discounts_of(k)
    return out


def _graded_ndcg(judged: Judged, k: int, gain: Gain) -> NDArray[np.float64]:
    ideal = np.empty(len(judged.users), np.float64)
    grades = gain(judged.truth.data.astype(np.float64))
    _ideal_of_grades(judged.users, judged.truth.indptr, grades, k, discounts_of(k), ideal)
    return _graded_dcg(judged, k, gain) / ideal


def _linear(grades: NDArray[np.float64]) -> NDArray[np.float64]:
    return grades


def _exponential(grades: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp2(grades) - 1.0


_IDEAL = "÷ the same of the ideal list's first min(k, relevant) ranks"
_JARVELIN = "Järvelin and Kekäläinen, ACM TOIS 20(4), 2002"
_BURGES = "Burges et al., ICML 2005"
_JEUNEN = "Jeunen, Potapov and Ustimenko, On (normalised) discounted cumulative gain, KDD 2024"

NDCG = Definition(f"Σ 1/log2(rank+1) over hits {_IDEAL}", ndcg, source=f"{_JARVELIN}; trec_eval ndcg_cut_k")
NDCG_LINEAR = Definition(
    f"Σ grade/log2(rank+1) {_IDEAL}",
    lambda judged, k: _graded_ndcg(judged, k, _linear),
    source=f"{_JARVELIN}; trec_eval ndcg_cut_k with graded judgements",
)
NDCG_EXP = Definition(
    f"Σ (2^grade - 1)/log2(rank+1) {_IDEAL}", lambda judged, k: _graded_ndcg(judged, k, _exponential), source=_BURGES
)
DCG = Definition("Σ 1/log2(rank+1) over hits, not normalised", dcg, most=np.inf, source=_JEUNEN)
DCG_LINEAR = Definition(
    "Σ grade/log2(rank+1), not normalised",
    lambda judged, k: _graded_dcg(judged, k, _linear),
    most=np.inf,
    source=_JARVELIN,
)
DCG_EXP = Definition(
    "Σ (2^grade - 1)/log2(rank+1), not normalised",
    lambda judged, k: _graded_dcg(judged, k, _exponential),
    most=np.inf,
    source=_BURGES,
)
