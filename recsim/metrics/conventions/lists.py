"""Lists as a tool sees them: in its order, with its treatment of duplicates, and the sums its formulas are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Order = Literal["listed", "name up", "name down", "text up", "text down"]
Repeats = Literal["all", "first", "last"]


@dataclass(frozen=True)
class Run:
    """A run as it was written, nothing repaired.

    `products[n, depth]` listed for `users[n]`, best first, -1 an empty place, duplicates kept. `truth`: users ×
    products, a stored pair above 0 is relevant. `scores[n, depth]`: without them the places are the scores. `names`:
    what the products are called where a tool breaks ties by it, their numbers where None. `seen`: users × products
    learned from, which a tool that ranks the whole catalogue leaves out.
    """

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    truth: csr_matrix
    scores: NDArray[np.float32] | Floats | None = None
    names: Sequence[str] | None = None
    seen: csr_matrix | None = None

    @cached_property
    def listed_scores(self) -> Floats:
        """float64[n, depth]: the scores, or what stands for them: the best place has the highest."""
        if self.scores is not None:
            return np.asarray(self.scores, np.float64)
        return np.broadcast_to(np.arange(self.products.shape[1], 0.0, -1.0), self.products.shape)

    @cached_property
    def text_order(self) -> NDArray[np.int64]:
        """int64[products]: where each product stands when names are sorted as text."""
        names = np.array(self.names if self.names is not None else np.arange(self.truth.shape[1]), np.str_)
        return np.argsort(np.argsort(names, kind="stable"), kind="stable").astype(np.int64)


@dataclass(frozen=True)
class Lists:
    """One row a user who has a list or relevant products; `depth` places in the order a tool ranks them.

    `products` int64[m, depth] (-1 past the end), `hits` bool[m, depth], `lengths` int64[m], `relevant` int64[m].
    """

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    hits: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    relevant: NDArray[np.int64]

    @property
    def judged(self) -> NDArray[np.bool_]:
        """bool[m]: users with something relevant."""
        return self.relevant > 0

    @property
    def listed(self) -> NDArray[np.bool_]:
        """bool[m]: users who got a list."""
        return self.lengths > 0

    def found(self, k: int) -> Floats:
        """float64[m]: hits in the first k."""
        return np.asarray(self.hits[:, :k].sum(axis=1), np.float64)

    def any_hit(self, k: int) -> Floats:
        """float64[m]: 1 with a hit in the first k."""
        return np.asarray(self.hits[:, :k].any(axis=1), np.float64)

    def precision_sum(self, k: int) -> Floats:
        """float64[m]: Σ over hits in the first k of the precision at their rank."""
        hits = self.hits[:, :k]
        return np.asarray((hits * np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)).sum(axis=1))

    def reciprocal_rank(self, k: int) -> Floats:
        """float64[m]: 1 ÷ rank of the first hit in the first k, 0 without one."""
        hits = self.hits[:, :k]
        return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1.0), 0.0)

    def dcg(self, k: int, discount: Callable[[int], Floats] | None = None) -> Floats:
        """float64[m]: Σ of the discounts (1 ÷ log2(rank + 1) unless given) of hits in the first k."""
        hits = self.hits[:, :k]
        return np.asarray(hits @ (discount or log_discount)(hits.shape[1]))

    def mean(self, values: Floats, counted: NDArray[np.bool_]) -> float:
        """The mean over some users; NaN over none."""
        return float(values[counted].mean()) if counted.any() else float("nan")


def log_discount(k: int) -> Floats:
    """1 ÷ log2(rank + 1) of ranks 1 to k."""
    return np.asarray(1.0 / np.log2(np.arange(2, k + 2)))


def ideal(places: NDArray[np.int64], discount: Callable[[int], Floats] = log_discount) -> Floats:
    """The sum of the discounts of the first `places` ranks, 1 where there are none."""
    sums = np.concatenate([[1.0], np.cumsum(discount(int(places.max(initial=1))))])
    return np.asarray(sums[places])


def ratio(above: Floats, below: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
    """above ÷ below, 0 where below is 0."""
    return np.divide(above, below, out=np.zeros(len(above)), where=np.asarray(below) > 0)


def arrange(run: Run, *, ties: Order = "listed", repeats: Repeats = "all", single: bool = False) -> Lists:
    """The lists in a tool's order.

    `ties`: "listed" keeps the given order and does not look at scores; the others sort by score, highest first, and
    equal scores by the product's number ("name") or its name as text, rising ("up") or falling ("down"). `repeats`:
    of a product listed twice all places are kept, the first alone, or (as when scores are put into a dict) the first
    place with the last score. `single`: scores are compared in single precision.
    """
    rows, places = np.nonzero(run.products >= 0)
    users = run.users[rows]
    products = run.products[rows, places]
    scores = run.listed_scores[rows, places]
    keys = users * run.truth.shape[1] + products
    if repeats != "all" and len(keys):
        order = np.lexsort((places, keys))
        ends = np.flatnonzero(np.diff(keys[order], append=-1) != 0)
        starts = np.concatenate([[0], ends[:-1] + 1])
        kept = np.sort(order[starts])
        if repeats == "last":
            latest = np.empty(len(keys))
            latest[order[starts]] = scores[order[ends]]
            scores = latest
        users, products, scores, places, keys = users[kept], products[kept], scores[kept], places[kept], keys[kept]
    by = _tie_keys(run, ties, products, scores.astype(np.float32) if single else scores)
    order = np.lexsort((places, *by, users))
    return _padded(run, users[order], products[order], keys[order])


def _tie_keys(
    run: Run, ties: Order, products: NDArray[np.int64], scores: NDArray[np.float32] | Floats
) -> tuple[NDArray[np.float64] | NDArray[np.float32] | NDArray[np.int64], ...]:
    if ties == "listed":
        return ()
    name = products if ties.startswith("name") else run.text_order[products]
    return (name if ties.endswith("up") else -name, -scores)


def _padded(run: Run, users: NDArray[np.int64], products: NDArray[np.int64], keys: NDArray[np.int64]) -> Lists:
    """Flat entries, users rising and in order, as rows."""
    truth = run.truth
    counts = np.bincount(truth_rows(truth)[truth.data > 0], minlength=truth.shape[0])
    lengths = np.bincount(users, minlength=truth.shape[0])
    rows = np.flatnonzero((counts > 0) | (lengths > 0))
    place = np.arange(len(users)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    relevant = np.sort(truth_rows(truth)[truth.data > 0] * truth.shape[1] + truth.indices[truth.data > 0])
    at = np.minimum(np.searchsorted(relevant, keys), max(len(relevant) - 1, 0))
    depth = max(int(lengths.max(initial=0)), 1)
    row_of = np.cumsum((counts > 0) | (lengths > 0)) - 1
    listed = np.full((len(rows), depth), -1, np.int64)
    hits = np.zeros((len(rows), depth), np.bool_)
    listed[row_of[users], place] = products
    if len(relevant):
        hits[row_of[users], place] = relevant[at] == keys
    return Lists(rows.astype(np.int64), listed, hits, lengths[rows].astype(np.int64), counts[rows].astype(np.int64))


def truth_rows(truth: csr_matrix) -> NDArray[np.int64]:
    """The user of every stored pair."""
    return np.repeat(np.arange(truth.shape[0], dtype=np.int64), np.diff(truth.indptr))
