"""The gate a new model passes: on the day that is over, it must do about as well as the one that serves.

The day of a share of the users is kept from the new model's training; the serving model never saw that day. Both are
asked for the slate of each of those users, and held against what they then did. A model is refused where its recall is
below the serving one's by more than the tolerance. With too few users to tell, it passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.metrics.base import parse
from recsim.metrics.judged import judge
from recsim.recommenders.topk import rank_factors
from recsim.rng import words
from recsim.schema.tables import EVENT_TYPES

LEAST_USERS = 20
"""Users with something to find, below which the gate holds nobody up."""

_CHOSEN = tuple(EVENT_TYPES.index(kind) for kind in ("view_product", "add_to_cart", "purchase"))
_STREAM = "midnight/exam"


@dataclass(frozen=True)
class DayCounts:
    """What one day of the lake adds: the distinct (user, product, event type) triples, and how often each happened."""

    users: NDArray[np.int64]
    products: NDArray[np.int64]
    kinds: NDArray[np.int64]
    counts: NDArray[np.int64]

    def per_product(self, products: int, kind: str | None = None) -> NDArray[np.float64]:
        """Events of each product, of one type where asked."""
        chosen = slice(None) if kind is None else np.flatnonzero(self.kinds == EVENT_TYPES.index(kind))
        counted = np.bincount(self.products[chosen], weights=self.counts[chosen], minlength=products)
        return counted.astype(np.float64)

    def without(self, users: NDArray[np.int64]) -> DayCounts:
        """The same day without these users."""
        kept = ~np.isin(self.users, users)
        return DayCounts(self.users[kept], self.products[kept], self.kinds[kept], self.counts[kept])


@dataclass(frozen=True)
class Exam:
    """`users[n]`, rising, and `found` (all users × products): what they viewed, put in the cart or bought that day."""

    users: NDArray[np.int64]
    found: csr_matrix


@dataclass(frozen=True)
class Verdict:
    """Whether the new model may serve, and the recall of both."""

    passed: bool
    metrics: dict[str, float]


def exam_of(day: DayCounts, users: int, share: float, seed: int) -> Exam | None:
    """The exam of a day: the users whose hash falls below the share; None where too few of them did anything."""
    chosen = np.isin(day.kinds, _CHOSEN)
    drawn = words(seed, _STREAM, day.users.astype(np.uint64))[:, 0] < round(share * 2**32)
    chosen &= drawn
    takers = np.unique(day.users[chosen])
    if len(takers) < LEAST_USERS:
        return None
    rows, columns = day.users[chosen], day.products[chosen]
    width = int(columns.max()) + 1
    found = csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(users, width))
    found.data[:] = 1
    return Exam(takers, found)


def judge_models(
    exam: Exam,
    serving: tuple[NDArray[np.float32], NDArray[np.float32]],
    fresh: tuple[NDArray[np.float32], NDArray[np.float32]],
    *,
    k: int,
    tolerance: float,
) -> Verdict:
    """Recall@k of (user vectors, product vectors) of both models over the users of the exam."""
    products = len(fresh[1])
    truth = csr_matrix((exam.found.data, exam.found.indices, exam.found.indptr), shape=(exam.found.shape[0], products))
    metric = parse(f"recall@{k}")
    values = []
    for users, vectors in (serving, fresh):
        slates = rank_factors(users, vectors, exam.users, k, seen=None)
        values.append(
            float(metric.per_user(judge(np.arange(len(exam.users)), slates.products, truth[exam.users])).mean())
        )
    before, after = values
    metrics = {f"gate_recall@{k}_before": before, f"gate_recall@{k}": after}
    return Verdict(passed=after >= (1 - tolerance) * before, metrics=metrics)
