"""Area under the ROC curve: how often a relevant product stands above one that is not."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.metrics.base import Definition
from recsim.metrics.judged import Judged


@njit(cache=True)
def _ordered_pairs(hits, starts, tied_row, lengths, relevant, others, k, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for user in range(hits.shape[0]):
        size = lengths[user]
        above = 0.0  # products that are not relevant and stand higher
        found = 0
        right = 0.0
        place = 0
        while place < min(k, size):
            end = place + 1
            if tied_row[user] >= 0:
                while end < size and starts[tied_row[user], end] == starts[tied_row[user], place]:
                    end += 1
            good = 0
            for at in range(place, end):
                good += hits[user, at]
            bad = end - place - good
            inside = (min(end, k) - place) / (end - place)  # the chance of a tied product to stand before the cut
            behind = others[user] - above - bad
            right += good * (0.5 * bad + (0.5 + 0.5 * inside) * behind)
            left_out = relevant[user] - found - good
            right += left_out * 0.5 * bad * (1.0 - inside)
            above += bad
            found += good
            place = end
        right += (relevant[user] - found) * 0.5 * (others[user] - above)
        pairs = relevant[user] * others[user]
        out[user] = right / pairs if pairs > 0 else np.nan


def auc(judged: Judged, k: int) -> NDArray[np.float64]:
    """Share of pairs (relevant, not relevant) in the right order; what is not among the first k ties behind them (½).

    Candidates are all products without those the user had in training (where the context knows it); relevant ones
    among those count as candidates all the same. Exact when k reaches the whole catalogue.
    """
    others = np.full(len(judged.users), judged.truth.shape[1], np.int64) - judged.relevant
    if judged.context is not None:
        train = judged.context.train
        seen = np.diff(train.indptr)[judged.users]
        both = train.astype(bool).multiply(judged.truth.astype(bool)).tocsr()
        others = others - seen + np.diff(both.indptr)[judged.users]
    out = np.empty(len(judged.users), np.float64)
    tied_row = np.full(len(judged.users), -1, np.int64)
    starts = np.empty((0, 0), np.int64)
    if judged.ties is not None:
        tied_row[judged.ties.rows] = np.arange(len(judged.ties.rows))
        starts = judged.ties.starts
    _ordered_pairs(judged.hits, starts, tied_row, judged.lengths, judged.relevant, others, k, out)
    return out


AUC = Definition(
    "share of (relevant, other) product pairs in the right order; products outside the first k tie behind them",
    auc,
    whole_list=True,
    source="Hanley and McNeil, Radiology 143, 1982; BPR, Rendle et al., UAI 2009",
)
