"""Parts of the users and of the products that a mean over all of them may hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.dataset import Dataset
from recsim.evaluate.task import Task
from recsim.metrics.context import Groups

ACTIVITY = (("no history", 1), ("1 to 4 products", 5), ("5 to 19 products", 20), ("20 to 99 products", 100))
"""Bands of distinct products in training: a name and the first count above it."""

HISTORY = (("after 1 product", 2), ("after 2 to 4", 5), ("after 5 to 9", 10))
"""Bands of what a session or a user with baskets did before the question."""

MOST_CATEGORIES = 8


@dataclass(frozen=True)
class People:
    """What the tables of a world say of users and products, read once: partitions of users and of products by name."""

    users: Mapping[str, Groups]
    products: Mapping[str, Groups]
    categories: NDArray[np.int64] | None

    @classmethod
    def of(cls, world: Dataset) -> People:
        users = {}
        if world.has("users"):
            frame = world.frame("users", columns=["user_id", "region", "device", "tenant"])
            users = {name: _groups(frame, "user_id", name, world.users) for name in ("region", "device", "tenant")}
        products, categories = {}, None
        if world.has("products"):
            frame = world.frame("products", columns=["product_id", "category", "tenant"]).with_columns(
                top=pl.col("category").list.first(), leaf=pl.col("category").list.join(" / ")
            )
            tops = frame["top"].drop_nulls().value_counts(sort=True).sort(["count", "top"], descending=[True, False])
            common = tops["top"].head(MOST_CATEGORIES).to_list()
            frame = frame.with_columns(
                pl.when(pl.col("top").is_in(common) | pl.col("top").is_null())
                .then("top")
                .otherwise(pl.lit("other"))
                .alias("top")
            )
            products = {"category": _groups(frame, "product_id", "top", world.products)}
            products["tenant"] = _groups(frame, "product_id", "tenant", world.products)
            leaves = _groups(frame.with_columns(pl.col("leaf").replace("", None)), "product_id", "leaf", world.products)
            categories = leaves.codes if len(leaves.names) > 1 else None
        return cls(_telling(users), _telling(products), categories)

    def user_groups(self, task: Task) -> dict[str, Groups]:
        """Partitions of a task's cases: by what they did in training, by how long the session is, by their users."""
        owners = np.arange(task.truth.shape[0]) if task.case_users is None else task.case_users
        found = {"activity": _bands(np.diff(task.train.matrix.indptr)[owners], ACTIVITY, "100 or more products")}
        if task.prefixes is not None:
            lengths = task.prefixes.ends - task.prefixes.starts
            found["history"] = _bands(lengths, (("nothing before", 1), *HISTORY), "after 10 or more")
        found |= {name: Groups(groups.names, groups.codes[owners]) for name, groups in self.users.items()}
        return found

    def product_groups(self, task: Task) -> dict[str, Groups]:
        """Partitions of the products: by their popularity in training, by category, by tenant."""
        return {"popularity": popularity(task.train.matrix), **self.products}


def popularity(train: csr_matrix) -> Groups:
    """Head, mid and tail, a third of the training pairs each, most popular first; and products nobody had."""
    counts = np.bincount(train.indices, minlength=train.shape[1])
    order = np.argsort(-counts, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    third = np.minimum(3 * before // max(int(counts.sum()), 1), 2)
    codes = np.empty(len(counts), np.int64)
    codes[order] = third
    codes[counts == 0] = 3
    return Groups(("head", "mid", "tail", "new"), codes)


def judged_groups(task: Task, groups: Mapping[str, Groups]) -> dict[str, Groups]:
    """Those partitions that divide the cases with something to find."""
    cases = task.cases
    return {name: found for name, found in groups.items() if len(np.unique(found.codes[cases])) > 1}


def truth_within(truth: csr_matrix, chosen: NDArray[np.bool_]) -> csr_matrix:
    """The truth on some products alone."""
    kept = chosen[truth.indices]
    indptr = np.concatenate([[0], np.cumsum(kept)])[truth.indptr].astype(truth.indptr.dtype)
    found = csr_matrix((truth.data[kept], truth.indices[kept], indptr), shape=truth.shape)
    found.has_canonical_format = True
    return found


def _bands(counts: NDArray[np.int64], bands: tuple[tuple[str, int], ...], above: str) -> Groups:
    edges = np.array([edge for _, edge in bands])
    return Groups((*(name for name, _ in bands), above), np.searchsorted(edges, counts, side="right").astype(np.int64))


def _groups(frame: pl.DataFrame, key: str, column: str, size: int) -> Groups:
    text = frame[column].cast(pl.String)
    names = text.drop_nulls().unique().sort().to_list()
    numbers = text.replace_strict(names, list(range(len(names))), default=-1, return_dtype=pl.Int64) if names else None
    codes = np.full(size, -1, np.int64)
    if numbers is not None:
        codes[frame[key].to_numpy()] = numbers.fill_null(-1).to_numpy()
    return Groups(tuple(names), codes)


def _telling(groups: dict[str, Groups]) -> dict[str, Groups]:
    """Those with at least two names: one name for all tells nothing."""
    return {name: found for name, found in groups.items() if len(found.names) > 1}
