"""One task: what is learned from, what is judged on, and what a case looks like to the recommender."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Histories, Interactions
from recsim.rng import words

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Wanted:
    """How tasks are to be made.

    `judge_on`: the part that is judged on; with "validation" the test part is left untouched. `mask_seen`: products a
    user has in training are left out of lists and of the truth. `users`: test users kept, by hash; 0 is all.
    """

    seed: int
    judge_on: str = "test"
    mask_seen: bool = True
    users: int = 0


@dataclass(frozen=True)
class Prefixes:
    """What each of n cases saw before it was asked: `products[starts[i]:ends[i]]`, oldest first, of one long array."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    products: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    times_us: NDArray[np.int64] | None = None

    def histories(self, cases: NDArray[np.int64], users: NDArray[np.int64]) -> Histories:
        """The histories of some cases; `users` are theirs."""
        starts, lengths = self.starts[cases], self.ends[cases] - self.starts[cases]
        indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
        return Histories(
            users,
            indptr,
            self.products[places],
            None if self.groups is None else self.groups[places],
            None if self.times_us is None else self.times_us[places],
        )


@dataclass(frozen=True)
class Part:
    """One part of a split as evidence: its pairs with times, and for each user the first time in it (`NEVER`: none)."""

    pairs: Interactions
    first_us: NDArray[np.int64] | None


@dataclass(frozen=True)
class Evidence:
    """What the leakage check looks at. `test` and `validation` are as they were before pairs seen in training left.

    `disjoint`: "users" or "sessions" where the protocol promises that training and test share none, else "".
    `overlap`: ids of those that stand in both all the same. `sets`: whether a pair has no time and no session, so that
    the same pair in two parts is the same fact twice.
    """

    train: Part
    test: Part
    validation: Part | None
    disjoint: str = ""
    overlap: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sets: bool = False


@dataclass(frozen=True)
class Task:
    """`train` is learned from; `truth` (cases × products, every stored pair relevant) is judged on.

    A case is a user (then `case_users` is None and row u of the truth is user u), or one prediction inside a session.
    `prefixes`: what cases saw that the recommender did not learn from, or None. `name`: the window or fold, "" where
    there is one task only. `facts`: the counts a reader needs, see `docs/evaluate.md`. `cut_us` and `end_us`: from and
    before which instant all that is judged happens, where the split says so.
    """

    name: str
    train: Interactions
    truth: csr_matrix
    mask_seen: bool
    facts: dict[str, Any]
    evidence: Evidence
    case_users: NDArray[np.int64] | None = None
    prefixes: Prefixes | None = None
    cut_us: int | None = None
    end_us: int | None = None

    @property
    def cases(self) -> NDArray[np.int64]:
        """The cases with something to find, in rising order."""
        return np.flatnonzero(np.diff(self.truth.indptr)).astype(np.int64)

    def users_of(self, cases: NDArray[np.int64]) -> NDArray[np.int64]:
        """The users the cases belong to; what intervals and tests take as the unit."""
        return cases if self.case_users is None else self.case_users[cases]


def without(test: csr_matrix, train: csr_matrix) -> csr_matrix:
    """The pairs of `test` that are not in `train`; sorted, weights kept."""
    return _kept(test, ~shared(test, train))


def shared(left: csr_matrix, right: csr_matrix) -> NDArray[np.bool_]:
    """For each stored pair of `left`, whether `right` stores it too; `places` of it by `place_in`."""
    return place_in(left, right) >= 0


def place_in(left: csr_matrix, right: csr_matrix) -> NDArray[np.int64]:
    """For each stored pair of `left`, its place among those of `right`, or -1. Both have sorted indices."""
    out = np.full(left.nnz, -1, np.int64)
    if not right.nnz or not left.nnz:
        return out
    users, products = left.shape
    block = max(1, 20_000_000 * users // max(left.nnz + right.nnz, 1))
    for first in range(0, users, block):
        end = min(first + block, users)
        mine, theirs = (slice(m.indptr[first], m.indptr[end]) for m in (left, right))
        wanted, known = (_keys(m, first, end, part, products) for m, part in ((left, mine), (right, theirs)))
        if len(known):
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            out[mine] = np.where(known[at] == wanted, at + theirs.start, -1)
    return out


def _keys(matrix: csr_matrix, first: int, end: int, part: slice, products: int) -> NDArray[np.int64]:
    lengths = np.diff(matrix.indptr[first : end + 1])
    return np.repeat(np.arange(end - first, dtype=np.int64), lengths) * products + matrix.indices[part]


def _kept(matrix: csr_matrix, chosen: NDArray[np.bool_]) -> csr_matrix:
    indptr = np.concatenate([[0], np.cumsum(chosen)])[matrix.indptr].astype(matrix.indptr.dtype)
    kept = csr_matrix((matrix.data[chosen], matrix.indices[chosen], indptr), shape=matrix.shape)
    kept.has_canonical_format = True
    return kept


def truth_of(pairs: csr_matrix) -> csr_matrix:
    """The pairs with grade 1."""
    truth = csr_matrix((np.ones(pairs.nnz, np.float32), pairs.indices, pairs.indptr), shape=pairs.shape)
    truth.has_canonical_format = True
    return truth


def sampled(truth: csr_matrix, users: NDArray[np.int64] | None, wanted: int, seed: int) -> csr_matrix:
    """The truth of `wanted` users (0 is all): those whose hash is smallest. `users` are those of its rows."""
    rows = np.flatnonzero(np.diff(truth.indptr))
    owners = rows if users is None else users[rows]
    people = np.unique(owners)
    if wanted == 0 or wanted >= len(people):
        return truth
    ranks = words(seed, "evaluate/users", people.astype(np.uint64))[:, 0]
    chosen = np.sort(people[np.argsort(ranks, kind="stable")[:wanted]])
    kept = np.zeros(truth.shape[0], np.bool_)
    kept[rows[np.isin(owners, chosen)]] = True
    return _kept(truth, np.repeat(kept, np.diff(truth.indptr)))


def counts(train: csr_matrix, truth: csr_matrix, users: NDArray[np.int64] | None) -> dict[str, int]:
    """Sizes of the parts, and what is cold: unknown to training."""
    has_truth = np.flatnonzero(np.diff(truth.indptr))
    owners = np.unique(has_truth if users is None else users[has_truth])
    known = np.bincount(train.indices, minlength=train.shape[1]) > 0
    return {
        "train_pairs": int(train.nnz),
        "train_users": int(np.count_nonzero(np.diff(train.indptr))),
        "train_products": int(np.count_nonzero(known)),
        "test_pairs": int(truth.nnz),
        "users": len(owners),
        "cases": len(has_truth),
        "cold_users": int(np.count_nonzero(np.diff(train.indptr)[owners] == 0)),
        "cold_products": len(np.unique(truth.indices[~known[truth.indices]])),
        "cold_product_pairs": int(np.count_nonzero(~known[truth.indices])),
    }
