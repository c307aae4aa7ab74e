"""Frequently bought together: which products belong to each other, from baskets, with a guard against chance.

Two kinds of evidence are added. *Same basket*: pairs counted as orders come in, exactly (`PairCounts`). *Same
customer*: pairs bought by one customer in separate orders, counted by the daily batch; weaker, but there is more of
it. Each pair gets the signed log-likelihood ratio G² of its 2 × 2 table of baskets (Dunning, "Accurate methods for the
statistics of surprise and coincidence", Computational Linguistics 19, 1993), and a product's partners are ranked by
the sum of both.

Terms, for products a and b in N baskets: support n(a,b); confidence a → b = n(a,b) / n(a); lift = n(a,b) N / (n(a)
n(b)). A pair is *significant* where at least `LEAST_SUPPORT` baskets hold it and its one-sided p-value passes
Benjamini and Hochberg's procedure (1995) at a false discovery rate of `fdr`, over all pairs of products that were
bought at all, not only those that were seen together. Either kind of evidence may show it, each at half the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recsim.components.pair_counts import Counted, PairCounts, Pairs, distinct

LEAST_SUPPORT = 2
"""Baskets that hold a significant pair: one alone is an anecdote, whatever its p-value."""

FDR = 0.05
PARTNERS = 50
"""Partners kept a product."""


@dataclass(frozen=True)
class PairTable:
    """Partners of each of p products, best first, as rows of a sparse matrix: those of product a stand from
    `starts[a]` to `starts[a + 1]`. `support` counts baskets, `confidence` is that of a → partner."""

    starts: NDArray[np.int64]
    partners: NDArray[np.int64]
    scores: NDArray[np.float32]
    support: NDArray[np.int64]
    confidence: NDArray[np.float32]
    lift: NDArray[np.float32]
    significant: NDArray[np.bool_]

    def row(self, product: int) -> slice:
        return slice(int(self.starts[product]), int(self.starts[product + 1]))

    def partners_of(
        self, product: int, n: int, *, guarded: bool = True
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The n best partners of a product and their scores; only significant ones where guarded."""
        row = self.row(product)
        partners, scores = self.partners[row], self.scores[row]
        if guarded:
            kept = self.significant[row]
            partners, scores = partners[kept], scores[kept]
        return partners[:n], scores[:n]

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        """The significant pairs as codes `product << 32 | partner`, rising."""
        products = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return np.sort((products[self.significant] << 32) | self.partners[self.significant])

    def linked(self, product: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the products are significant partners of a product, in the rows of either."""
        there, back = (product << 32) | others, (others << 32) | product
        return np.asarray(_holds(self._codes, there) | _holds(self._codes, back))

    def bundle(self, product: int, size: int) -> list[int]:
        """The product and those bought with it that are also bought with each other, `size` at most, best first: the
        greedy clique of the significant pairs. Alone where it has no partner."""
        chosen = [product]
        left, _ = self.partners_of(product, PARTNERS)
        while len(left) and len(chosen) < size:
            chosen.append(int(left[0]))
            left = left[1:][self.linked(chosen[-1], left[1:])]
        return chosen


def empty_table(products: int) -> PairTable:
    """A table in which nothing has partners."""
    none, nothing = np.empty(0, np.int64), np.empty(0, np.float32)
    return PairTable(np.zeros(products + 1, np.int64), none, nothing, none, nothing, nothing, np.empty(0, np.bool_))


class BoughtTogether:
    """The pairs of one tenant's shop. `take` is idempotent by basket id; `publish` makes the table of the day and
    `refresh` brings the rows of what was bought since up to date."""

    def __init__(self, products: int, *, fdr: float = FDR, partners: int = PARTNERS) -> None:
        self.counts = PairCounts(products)
        self.table = empty_table(products)
        self._customers: PairCounts | None = None
        self._fdr = fdr
        self._partners = partners
        self._thresholds = (np.inf, np.inf)
        self._touched: list[Counted] = []

    def take(self, baskets: NDArray[np.int64], products: NDArray[np.int64]) -> None:
        """Count baskets by their lines, as `PairCounts.add` does."""
        self._touched.append(self.counts.add(baskets, products))

    def publish(self, customers: PairCounts | None = None) -> PairTable:
        """The table of everything counted so far, and of the customers' pairs that the batch gives (their `baskets`
        are customers). The same counts give the same table."""
        self._customers = customers
        pairs = _union(self.counts.pairs(), None if customers is None else customers.pairs())
        rate = self._fdr if customers is None else self._fdr / 2
        baskets = log_likelihood_ratio(self.counts, pairs, pairs.counts)
        self._thresholds = threshold(baskets, self.counts, rate), np.inf
        if customers is not None:
            bought = log_likelihood_ratio(customers, pairs, customers.of(pairs.first, pairs.second))
            self._thresholds = self._thresholds[0], threshold(bought, customers, rate)
        self.table = self._table(pairs)
        self._touched.clear()
        return self.table

    def refresh(self) -> PairTable:
        """The table with new rows for the products of baskets taken since: statistics of their partners and of what
        they were bought with since, by counts as they are now. What counts as significant stays until `publish`."""
        codes = distinct(np.concatenate([np.empty(0, np.int64), *(counted.codes() for counted in self._touched)]))
        self._touched.clear()
        if not len(codes):
            return self.table
        changed = distinct(np.concatenate([codes >> 32, codes & 0xFFFFFFFF]))
        old = self.table
        row_of = np.repeat(np.arange(len(old.starts) - 1), np.diff(old.starts))
        stale = np.isin(row_of, changed)
        low, high = np.minimum(row_of[stale], old.partners[stale]), np.maximum(row_of[stale], old.partners[stale])
        codes = distinct(np.concatenate([codes, (low << 32) | high]))
        first, second = codes >> 32, codes & 0xFFFFFFFF
        fresh = self._table(Pairs(first, second, self.counts.of(first, second)))
        self.table = _with_rows(old, fresh, changed)
        return self.table

    def _table(self, pairs: Pairs) -> PairTable:
        """Rows of both products of each pair, best partners first."""
        baskets = log_likelihood_ratio(self.counts, pairs, pairs.counts)
        score, sure = baskets, (baskets >= self._thresholds[0]) & (pairs.counts >= LEAST_SUPPORT)
        if self._customers is not None:
            both = self._customers.of(pairs.first, pairs.second)
            bought = log_likelihood_ratio(self._customers, pairs, both)
            score = baskets + bought
            sure |= (bought >= self._thresholds[1]) & (both >= LEAST_SUPPORT)
        return _rows(self.counts, pairs, score, sure, self._partners)


def log_likelihood_ratio(counts: PairCounts, pairs: Pairs, together: NDArray[np.int64]) -> NDArray[np.float64]:
    """G² of each pair that so many of the counted baskets hold `together`: negative where that is less often than by
    chance, 0 where never."""
    both = together.astype(np.float64)
    first = counts.product_counts[pairs.first].astype(np.float64)
    second = counts.product_counts[pairs.second].astype(np.float64)
    total = float(counts.baskets)
    cells = (both, first - both, second - both, total - first - second + both)
    margins = (first, second, total - first, total - second)
    ratio = 2 * (
        sum(_x_log_x(cell) for cell in cells) - sum(_x_log_x(m) for m in margins) + _x_log_x(np.float64(total))
    )
    ratio = np.maximum(ratio, 0.0)
    more = both * total >= first * second
    return np.where(both > 0, np.where(more, ratio, -ratio), 0.0)


def _x_log_x(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(x * np.log(np.where(x > 0, x, 1.0)))


def threshold(ratio: NDArray[np.float64], counts: PairCounts, fdr: float) -> float:
    """The smallest G² that passes Benjamini and Hochberg's procedure; infinite where none does.

    The one-sided p-value of G² is half that of chi-square with one degree of freedom. Pairs never seen together count
    among the hypotheses, with a p-value above any threshold.
    """
    from scipy.special import erfc

    sold = int((counts.product_counts > 0).sum())
    hypotheses = sold * (sold - 1) / 2
    p = np.sort(erfc(np.sqrt(np.maximum(ratio, 0.0) / 2)) / 2)
    passed = np.flatnonzero(p <= np.arange(1, len(p) + 1) * fdr / max(hypotheses, 1.0))
    if not len(passed):
        return np.inf
    return float(np.sort(ratio)[::-1][passed[-1]])


def _union(pairs: Pairs, others: Pairs | None) -> Pairs:
    """All pairs of both, with the counts of the first."""
    if others is None:
        return pairs
    mine, theirs = (pairs.first << 32) | pairs.second, (others.first << 32) | others.second
    codes = distinct(np.concatenate([mine, theirs]))
    counts = np.zeros(len(codes), np.int64)
    counts[np.searchsorted(codes, mine)] = pairs.counts
    return Pairs(codes >> 32, codes & 0xFFFFFFFF, counts)


def _rows(
    counts: PairCounts, pairs: Pairs, score: NDArray[np.float64], sure: NDArray[np.bool_], keep: int
) -> PairTable:
    """Both directions of the pairs that are found together more than by chance, the `keep` best a product."""
    chosen = np.flatnonzero(score > 0)
    n = len(counts.product_counts)
    first, second = pairs.first[chosen], pairs.second[chosen]
    degree = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
    bounds = np.concatenate([[0], np.cumsum(degree)])
    starts = np.concatenate([[0], np.cumsum(np.minimum(degree, keep))]).astype(np.int64)
    places = _best(first, second, score[chosen], bounds, starts)
    which = chosen[places >> 1]
    partners = np.where(places & 1, pairs.first[which], pairs.second[which])
    products = np.repeat(np.arange(n), np.diff(starts))
    support, of = pairs.counts[which].astype(np.float64), counts.product_counts
    alone, other = np.maximum(of[products], 1), np.maximum(of[partners], 1)
    return PairTable(
        starts,
        partners,
        score[which].astype(np.float32),
        pairs.counts[which],
        (support / alone).astype(np.float32),
        (support * counts.baskets / (alone * other)).astype(np.float32),
        sure[which],
    )


@njit(cache=True)
def _best(first, second, score, bounds, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """For each product its best pairs as `2 * pair`, plus 1 where it is the pair's second. Pairs come in order, so a
    product's partners are gathered in rising order and a stable sort by score leaves equal ones so."""
    gathered = np.empty(2 * first.shape[0], np.int64)
    end = bounds[:-1].copy()
    for pair in range(first.shape[0]):
        gathered[end[first[pair]]] = 2 * pair
        end[first[pair]] += 1
        gathered[end[second[pair]]] = 2 * pair + 1
        end[second[pair]] += 1
    out = np.empty(starts[-1], np.int64)
    for product in range(starts.shape[0] - 1):
        row = gathered[bounds[product] : bounds[product + 1]]
        order = np.argsort(-score[row >> 1], kind="mergesort")
        for place in range(starts[product + 1] - starts[product]):
            out[starts[product] + place] = row[order[place]]
    return out


def _with_rows(old: PairTable, fresh: PairTable, changed: NDArray[np.int64]) -> PairTable:
    """The old table with the changed products' rows taken from the fresh one."""
    n = len(old.starts) - 1
    replaced = np.zeros(n, np.bool_)
    replaced[changed] = True
    rows = [np.repeat(np.arange(n), np.diff(table.starts)) for table in (old, fresh)]
    kept = [~replaced[rows[0]], replaced[rows[1]]]
    product = np.concatenate([row[keep] for row, keep in zip(rows, kept, strict=True)])
    order = np.argsort(product, kind="stable")

    def column(name: str) -> NDArray[np.generic]:
        parts = [getattr(table, name)[keep] for table, keep in zip((old, fresh), kept, strict=True)]
        return np.concatenate(parts)[order]

    names = ("partners", "scores", "support", "confidence", "lift", "significant")
    return PairTable(np.searchsorted(product[order], np.arange(n + 1)), *(column(name) for name in names))  # type: ignore[arg-type]


def _holds(sorted_values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    if not len(sorted_values):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return np.asarray(sorted_values[place] == wanted)
