"""Baskets for tests and benchmarks of what is bought together, with recounts and rankings by plainer means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.components.bought_together import BoughtTogether
from recsim.components.pair_counts import PairCounts

Lines = tuple[NDArray[np.int64], NDArray[np.int64]]
US_PER_DAY_S = 86_400


def random_baskets(count: int, products: int, *, seed: int = 1, popular: bool = True) -> Lines:
    """Lines of `count` baskets of 1 to 8 products each, drawn by a Zipf law or evenly."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 9, count)
    weight = 1.0 / np.arange(1, products + 1) if popular else np.ones(products)
    drawn = random.choice(products, int(sizes.sum()), p=weight / weight.sum())
    return np.repeat(np.arange(count), sizes), drawn.astype(np.int64)


def batch_recount(baskets: list[list[int]]) -> list[tuple[int, int, int]]:
    """Pairs and their counts, by the book."""
    counted = Counter(pair for basket in baskets for pair in combinations(sorted(set(basket)), 2))
    return sorted((*pair, count) for pair, count in counted.items())


def deliveries(
    ids: NDArray[np.int64], products: NDArray[np.int64], *, duplicates: float, batch: int, seed: int
) -> Iterator[Lines]:
    """The baskets in random order, a share of them twice, in batches of so many baskets."""
    random = np.random.default_rng(seed)
    distinct, starts, sizes = np.unique(ids, return_index=True, return_counts=True)
    again = random.choice(len(distinct), int(duplicates * len(distinct)), replace=False)
    order = random.permutation(np.concatenate([np.arange(len(distinct)), again]))
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        within = np.arange(int(sizes[some].sum())) - np.repeat(np.cumsum(sizes[some]) - sizes[some], sizes[some])
        rows = np.repeat(starts[some], sizes[some]) + within
        yield ids[rows], products[rows]


def also_buy(products: pl.DataFrame) -> csr_matrix:
    """Products × products, 1 where the catalogue's own "customers also bought" list holds the second."""
    pairs = products.select("item", "also_buy").explode("also_buy").drop_nulls()
    n = 1 + max(int(products["item"].max()), int(pairs["also_buy"].max()))  # type: ignore[arg-type]
    truth = csr_matrix((np.ones(len(pairs)), (pairs["item"].to_numpy(), pairs["also_buy"].to_numpy())), shape=(n, n))
    truth.data[:] = 1.0
    return truth


def grocery_shop(bought: pl.DataFrame) -> BoughtTogether:
    """A basket is what a user reviewed on one day; the customer's pairs come beside it."""
    n = 1 + int(bought["item"].max())  # type: ignore[arg-type]
    shop, customers = BoughtTogether(n), PairCounts(n)
    day = bought["user"].to_numpy() * 100_000 + bought["ts"].to_numpy() // US_PER_DAY_S
    shop.take(day, bought["item"].to_numpy())
    customers.add(bought["user"].to_numpy(), bought["item"].to_numpy())
    shop.publish(customers)
    return shop


def precision_at(k: int, truth: csr_matrix, starts: NDArray[np.int64], partners: NDArray[np.int64]) -> float:
    """Mean over the products that have an also-bought list: how many of the k first partners are on it, over k."""
    n = min(len(starts) - 1, truth.shape[0])
    product = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    kept = (np.arange(len(product)) - starts[product] < k) & (product < n)
    hits = np.asarray(truth[product[kept], partners[kept]]).ravel()
    judged = np.diff(truth.indptr)[:n] > 0
    return float(np.bincount(product[kept], weights=hits, minlength=n)[judged].mean() / k)


def co_counted(counts: PairCounts) -> Lines:
    """Rows of partners by plain co-count, most first."""
    pairs = counts.pairs()
    first, second = np.concatenate([pairs.first, pairs.second]), np.concatenate([pairs.second, pairs.first])
    order = np.lexsort((second, -np.tile(pairs.counts, 2), first))
    return np.searchsorted(first[order], np.arange(len(counts.product_counts) + 1)), second[order]


def popular(counts: PairCounts) -> Lines:
    """The same ten most bought products for every product (the eleventh in place of itself)."""
    best = np.argsort(-counts.product_counts, kind="stable")[:11]
    n = len(counts.product_counts)
    rows = np.tile(best, (n, 1))
    kept = rows != np.arange(n)[:, None]
    kept[kept.sum(axis=1) == 11, 10] = False
    return np.arange(n + 1) * 10, rows[kept]
