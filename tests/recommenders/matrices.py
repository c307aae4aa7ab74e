"""Small user-product matrices for tests of recommenders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from recsim.recommenders.base import Histories, Interactions


def matrix_of(*rows: list[int], products: int = 6) -> csr_matrix:
    """One user a list of products, weight 1."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    columns = np.array([product for row in rows for product in sorted(row)], np.int32)
    return csr_matrix((np.ones(len(columns), np.float32), columns, indptr), shape=(len(rows), products))


def two_clubs(users: int = 60, products: int = 40, seed: int = 0) -> Interactions:
    """Even users take even products, odd users odd ones; everybody leaves most of his club's products unseen."""
    random = np.random.default_rng(seed)
    rows = [
        sorted((2 * random.choice(products // 2, random.integers(4, 9), replace=False) + user % 2).tolist())
        for user in range(users)
    ]
    return Interactions(matrix_of(*rows, products=products))


def sessions_of(*rows: list[int]) -> Histories:
    """One session a list of products in order, of a user of its own."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Histories(np.arange(len(rows)), indptr, np.array([product for row in rows for product in row], np.int64))


def in_a_row(interactions: Interactions) -> Interactions:
    """The same interactions with an order: each user one session, its products shuffled."""
    random = np.random.default_rng(5)
    rows = [random.permutation(row.indices).tolist() for row in interactions.matrix]
    return replace(interactions, histories=interactions.histories or sessions_of(*rows))


def described(interactions: Interactions) -> Interactions:
    """The same interactions with a catalogue in which even products have words in common, and odd ones."""
    ids = range(interactions.products)
    catalogue = pl.DataFrame(
        {
            "name": [f"{('plain', 'striped')[i % 2]}{i // 12}" for i in ids],
            "category": [[f"{i % 2} {i // 8}"] for i in ids],
            "price_usd": [10.0 + i % 2 for i in ids],
        },
        schema={"name": pl.String, "category": pl.List(pl.String), "price_usd": pl.Float64},
    )
    return replace(interactions, catalogue=catalogue)
