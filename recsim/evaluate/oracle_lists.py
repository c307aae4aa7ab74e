"""The truth of a synthetic world as metrics and the leaderboard take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.evaluate.contenders import Spent
from recsim.evaluate.lists import Lists
from recsim.evaluate.oracle import USERS_PER_BLOCK, Part, Period, Truth, rank_by_truth
from recsim.evaluate.task import Task
from recsim.progress import Progress
from recsim.recommenders.base import Cost
from recsim.recommenders.topk import NOTHING

_USERS_PER_CALL = 8192


def period_of(task: Task) -> Period:
    """When the judged pairs of a task happen: from its instant on, or where it has none at any time of the world."""
    return Period(task.cut_us, task.end_us)


@dataclass(frozen=True)
class OracleLists:
    """The likeliest products of each user: a contender that no recommender can beat on average."""

    truth: Truth
    name: str = "oracle"
    identity: str = "oracle"

    seeded = False

    def cost(self, users: int, products: int, pairs: int) -> Cost | None:  # noqa: ARG002 - as measured, per score
        return Cost(memory_bytes=USERS_PER_BLOCK * products * 20, cpu_s=users * products * 4e-8)

    def check(self, *, by_user: bool, tasks: int) -> None:
        """It is asked only where a case is a user."""

    def lists(self, task: Task, at: int, depth: int, *, seed: int, spent: Spent, progress: Progress) -> Lists:  # noqa: ARG002
        out = Lists.empty(task.cases, depth)
        seen = task.train.matrix if task.mask_seen else None
        parts = self.truth.parts(period_of(task))
        for row in range(0, len(out.cases), _USERS_PER_CALL):
            block = out.cases[row : row + _USERS_PER_CALL]
            slates = rank_by_truth(self.truth, block, depth, parts, seen=seen)
            out.products[row : row + len(block)] = slates.products
            out.scores[row : row + len(block)] = slates.scores
            progress(f"rank {self.name}", row + len(block), len(out.cases), "lists")
        return out


@dataclass(frozen=True)
class TrueOracle:
    """The `Oracle` of `recsim.metrics.context`: how likely the generator makes a user look at a product."""

    truth: Truth
    parts: list[Part]
    seen: csr_matrix | None

    def utility(self, users: NDArray[np.int64], products: NDArray[np.int64]) -> NDArray[np.float64]:
        """The relative chance of products[n, k] for users[n]; 0 at an empty place."""
        out = np.zeros(products.shape)
        for row in range(0, len(users), USERS_PER_BLOCK):
            rows = slice(row, row + USERS_PER_BLOCK)
            chance = self.truth.likelihood(users[rows], self.parts)
            places = np.maximum(products[rows], 0)
            out[rows] = np.where(products[rows] == NOTHING, 0.0, np.take_along_axis(chance, places, axis=1))
        return out

    def best(self, users: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """The k likeliest products that could have been shown: int64[n, k], padded with -1."""
        out = np.full((len(users), k), NOTHING, np.int64)
        for row in range(0, len(users), _USERS_PER_CALL):
            rows = slice(row, row + _USERS_PER_CALL)
            out[rows] = rank_by_truth(self.truth, users[rows], k, self.parts, seen=self.seen).products
        return out
