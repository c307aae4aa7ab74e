"""How sessions and products hang together: the spectrum of their matrix, and triangles among products."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from recsim.fidelity.base import About, Context, Limits, Measured, told, untold
from recsim.fidelity.clicks import Clicks, Sampler, popularity_levels
from recsim.fidelity.log import Piece

SESSIONS = 30_000
PRODUCTS = 1_000
"""The sessions sampled and the most viewed products kept: the same size of every world, so that figures compare."""
RANKS = (2, 5, 10, 20, 50)
ENOUGH_STEPS = 1_000
NO_STEPS = "too few steps from a product to another"
TOO_SMALL = "fewer than 100 products are viewed together"


def matrix_of(clicks: Clicks) -> csr_matrix:
    """Sessions × the most viewed products, 1 where viewed; without sessions that saw fewer than two of them."""
    kept, product = np.unique(clicks.product, return_inverse=True)
    counts = np.bincount(product, minlength=len(kept))
    order = np.argsort(-counts, kind="stable")[:PRODUCTS]
    place = np.full(len(kept), -1, np.int64)
    place[order] = np.arange(len(order))
    column = place[product]
    row = np.repeat(np.arange(len(clicks)), clicks.lengths)[column >= 0]
    matrix = csr_matrix((np.ones(len(row), np.float64), (row, column[column >= 0])), shape=(len(clicks), len(order)))
    matrix.data[:] = 1.0
    return matrix[np.diff(matrix.indptr) >= 2]


class _OfSessions:
    """What is told by a sample of the sessions of two views or more."""

    def __init__(self, context: Context) -> None:  # noqa: ARG002 - the same of every world
        self._sampler = Sampler(least=2, most=SESSIONS)

    def add(self, piece: Piece) -> None:
        self._sampler.add(piece)


class Spectrum(_OfSessions):
    """Singular values over the first, of the matrix of sessions and products: how many directions taste has.

    The test of Belletti, Lakshmanan, Krichene et al., "Scaling up collaborative filtering data sets through
    randomized fractal expansions" (arXiv 1901.08910). Products are scaled by the square root of their views, so that
    popularity is not the first direction.
    """

    about = About("spectrum", "rates", "joint", "of the first")

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        matrix = matrix_of(self._sampler.clicks())
        if min(matrix.shape) < 2 * max(RANKS):
            return untold(self.about, TOO_SMALL)
        views = np.asarray(matrix.sum(axis=0)).ravel()
        scaled = matrix.multiply(1 / np.sqrt(np.maximum(views, 1))).tocsr()
        squares = np.linalg.eigvalsh((scaled.T @ scaled).toarray())
        ordered = np.sqrt(np.maximum(squares[::-1], 0.0))
        return told(
            self.about, {f"rank_{rank}": float(ordered[rank - 1] / ordered[0]) for rank in RANKS}, matrix.shape[0]
        )


class PopularitySteps(_OfSessions):
    """How alike in popularity a view and the next of the session are, of steps to another product.

    Popularity is the level of a product's rank, in doublings from the most popular hundredth. `correlation` is
    Pearson's, 0 where the next product is any; `same_share` the steps to the same level.
    """

    about = About("popularity_steps", "rates", "joint", "of steps")

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        clicks = self._sampler.clicks()
        if not len(clicks):
            return untold(self.about, NO_STEPS)
        row = np.repeat(np.arange(len(clicks)), clicks.lengths)
        moved = (row[1:] == row[:-1]) & (clicks.product[1:] != clicks.product[:-1])
        level = popularity_levels(clicks.product)
        here, there = level[:-1][moved], level[1:][moved]
        if len(here) < ENOUGH_STEPS or not here.std() or not there.std():
            return untold(self.about, NO_STEPS)
        values = {
            "correlation": float(np.corrcoef(here, there)[0, 1]),
            "same_share": float((here == there).mean()),
        }
        return told(self.about, values, len(here))


class Clustering(_OfSessions):
    """Whether products viewed with the same product are viewed together: triangles over paths of two, of the graph
    that joins each product with the ten it is viewed with most.
    """

    about = About("clustering", "rates", "joint", "share")

    def finish(self, limits: Limits) -> Measured:  # noqa: ARG002 - not a distribution of counts
        matrix = matrix_of(self._sampler.clicks())
        if min(matrix.shape) < 2 * max(RANKS):
            return untold(self.about, TOO_SMALL)
        together = (matrix.T @ matrix).toarray()
        np.fill_diagonal(together, 0)
        nearest = np.argsort(-together, axis=1, kind="stable")[:, :10]
        graph = np.zeros(together.shape, bool)
        rows = np.repeat(np.arange(len(together)), nearest.shape[1])
        graph[rows, nearest.ravel()] = together[rows, nearest.ravel()] > 0
        graph |= graph.T
        edges = graph.astype(np.float32)
        degree = edges.sum(axis=1)
        paths = float((degree * (degree - 1)).sum())
        closed = float(((edges @ edges) * edges).sum())
        if not paths:
            return untold(self.about, TOO_SMALL)
        return told(self.about, {"transitivity": closed / paths}, len(together))
