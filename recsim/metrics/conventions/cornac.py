"""Cornac 2.6: ranks the whole catalogue, so MAP and MRR look past the list, and short lists are filled up.

What is not listed has one score below all others: it follows the list by product number in NDCG, recall, precision,
hit and MRR, and shares the last rank of the ranking in MAP (`rankdata(method="max")`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Floats, Lists, Run, arrange, ideal, ratio


@dataclass(frozen=True)
class Ranking:
    """The lists of users with relevant products, and the candidates behind them: all but what `seen` takes out.

    `last`: int64[m, depth], the last rank (from 1) of the places that share the score of each place.
    """

    run: Run
    lists: Lists
    last: NDArray[np.int64]

    def row(self, matrix: csr_matrix | None, at: int) -> set[int]:
        """The products of a user in a matrix."""
        if matrix is None:
            return set()
        user = int(self.lists.users[at])
        part = slice(matrix.indptr[user], matrix.indptr[user + 1])
        return set(matrix.indices[part][matrix.data[part] > 0].tolist())

    def gone(self, at: int) -> set[int]:
        """What is no candidate: seen and not relevant."""
        return self.row(self.run.seen, at) - self.row(self.run.truth, at)


def _rank(run: Run) -> Ranking:
    whole = arrange(run, ties="name up", repeats="last")
    kept = whole.judged
    lists = Lists(whole.users[kept], whole.products[kept], whole.hits[kept], whole.lengths[kept], whole.relevant[kept])
    row_of = {user: row for row, user in enumerate(run.users.tolist())}
    last = np.tile(np.arange(1, lists.hits.shape[1] + 1), (len(lists.users), 1))
    for at, user in enumerate(lists.users.tolist()):
        if run.scores is None or user not in row_of:
            continue
        row = row_of[user]
        score = dict(zip(run.products[row].tolist(), run.listed_scores[row].tolist(), strict=True))
        mine = [score[product] for product in lists.products[at, : lists.lengths[at]].tolist()]
        for place in range(len(mine) - 2, -1, -1):
            if mine[place] == mine[place + 1]:
                last[at, place] = last[at, place + 1]
    return Ranking(run, lists, last)


def _filled(ranking: Ranking, k: int) -> Lists:
    """The first k places, short lists filled with the candidates of lowest number."""
    lists = ranking.lists
    depth = max(k, lists.hits.shape[1])
    hits = np.zeros((len(lists.users), depth), np.bool_)
    hits[:, : lists.hits.shape[1]] = lists.hits
    for at in np.flatnonzero(lists.lengths < k).tolist():
        relevant, gone = ranking.row(ranking.run.truth, at), ranking.gone(at)
        taken = gone | set(lists.products[at, : lists.lengths[at]].tolist())
        place, product = int(lists.lengths[at]), 0
        while place < k and product < ranking.run.truth.shape[1]:
            if product not in taken:
                hits[at, place] = product in relevant
                place += 1
            product += 1
    return Lists(lists.users, lists.products, hits, lists.lengths, lists.relevant)


def _reciprocal_rank(ranking: Ranking) -> Floats:
    lists = ranking.lists
    out = lists.reciprocal_rank(lists.hits.shape[1])
    for at in np.flatnonzero(out == 0).tolist():
        first = min(ranking.row(ranking.run.truth, at))
        before = set(lists.products[at, : lists.lengths[at]].tolist()) | ranking.gone(at)
        out[at] = 1.0 / (lists.lengths[at] + first + 1 - sum(product < first for product in before))
    return out


def _average_precision(ranking: Ranking) -> Floats:
    lists = ranking.lists
    depth = lists.hits.shape[1]
    found = np.take_along_axis(np.cumsum(lists.hits, axis=1), np.minimum(ranking.last, depth) - 1, axis=1)
    inside = np.where(lists.hits, found / ranking.last, 0.0).sum(axis=1)
    candidates = [ranking.run.truth.shape[1] - len(ranking.gone(at)) for at in range(len(lists.users))]
    left = lists.relevant - lists.hits.sum(axis=1)
    return ratio(inside + left * lists.relevant / np.maximum(candidates, 1), lists.relevant)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ndcg(ranking: Ranking, k: int) -> float:
    lists = _filled(ranking, k)
    return _mean(ratio(lists.dcg(k), ideal(np.minimum(lists.relevant, k))))


CORNAC = Convention(
    tool="Cornac",
    version="2.6",
    arrange=_rank,
    formulas={
        "ndcg": _ndcg,
        "recall": lambda ranking, k: _mean(ratio(_filled(ranking, k).found(k), ranking.lists.relevant)),
        "precision": lambda ranking, k: _mean(_filled(ranking, k).found(k) / k),
        "map": lambda ranking, _: _mean(_average_precision(ranking)),
        "mrr": lambda ranking, _: _mean(_reciprocal_rank(ranking)),
        "hit": lambda ranking, k: _mean(_filled(ranking, k).any_hit(k)),
    },
    notes={
        "*": "It ranks the whole catalogue: what a list lacks follows it, equal scores by product number.",
        "map": "MAP is not cut at k, and what is not listed shares the last rank.",
        "mrr": "MRR is not cut at k: it looks at the whole catalogue.",
    },
)
