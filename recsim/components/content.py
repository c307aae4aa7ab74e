"""Vectors of products nobody has touched, from what is written about them.

A linear map from content to the trained vectors, by ridge regression over the products that have both (Gantner et al.,
"Learning attribute-to-feature mappings for cold-start recommendations", ICDM 2010). Content is the words of the name,
the brand and the levels of the category path, hashed into `WIDTH` columns, each product's row scaled to length one. A
product of which nothing is known but common words is drawn to the middle, so it seldom stands before a trained one.
"""

from __future__ import annotations

import zlib
from typing import Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

WIDTH = 1024
RIDGE = 1.0
"""Weight of the squared coefficients: about one product's worth of evidence a column."""

LEAST_TRAINED = 20
"""Products with a trained vector below which there is nothing to learn a map from."""


class ContentMap:
    """Content of p products, as a sparse matrix [p, WIDTH]."""

    def __init__(self, content: csr_matrix) -> None:
        self._content = content

    @classmethod
    def of(cls, products: pa.Table) -> Self:
        """From a `products` table in the order of its ids."""
        frame = pl.from_arrow(products.select(["name", "brand", "category"]))
        assert isinstance(frame, pl.DataFrame)
        words = frame["name"].cast(pl.String).fill_null("").str.to_lowercase().str.extract_all(r"\p{L}+")
        rows = pl.Series("row", np.arange(len(frame)))
        parts = [
            pl.DataFrame([rows, words.alias("token")]).explode("token"),
            pl.DataFrame([rows, ("brand:" + frame["brand"].cast(pl.String)).alias("token")]),
            pl.DataFrame([rows, frame["category"].cast(pl.List(pl.String)).alias("token")])
            .explode("token")
            .with_columns(("category:" + pl.col("token")).alias("token")),
        ]
        tokens = pl.concat(parts).drop_nulls()
        return cls(_hashed(tokens, len(frame)))

    def fill(self, vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """vectors[p, f] with a predicted one in place of every zero one, and which those are."""
        trained = vectors.any(axis=1)
        cold = ~trained
        if int(trained.sum()) < LEAST_TRAINED or not cold.any():
            return vectors, np.zeros(len(vectors), np.bool_)
        known = self._content[np.flatnonzero(trained)]
        left = (known.T @ known).toarray().astype(np.float64)
        left[np.diag_indices(WIDTH)] += RIDGE
        right = np.asarray(known.T @ vectors[trained].astype(np.float64))
        coefficients = np.linalg.solve(left, right)
        filled = vectors.copy()
        filled[cold] = np.asarray(self._content[np.flatnonzero(cold)] @ coefficients).astype(np.float32)
        return filled, np.asarray(cold & filled.any(axis=1))


def _hashed(tokens: pl.DataFrame, rows: int) -> csr_matrix:
    """One row a product, a column a hash of a token, scaled to length one."""
    distinct = tokens["token"].unique().sort()
    columns = [zlib.crc32(token.encode()) % WIDTH for token in distinct.to_list()]
    coded = tokens.join(pl.DataFrame({"token": distinct, "column": columns}), on="token")
    matrix = csr_matrix(
        (np.ones(len(coded)), (coded["row"].to_numpy(), coded["column"].to_numpy())), shape=(rows, WIDTH)
    )
    matrix.sum_duplicates()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(matrix.indptr))
    return matrix
