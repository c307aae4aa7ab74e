"""What happens at a simulated midnight: train on the lake, register, publish, index, swap.

The window is the last `training.window_days` days of the lake. Where no event came in since the last training, the
version that serves goes on serving.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from recsim.components.catalogue import CART_PRIOR, RATING_PRIOR, Catalogue, Signals, smoothed
from recsim.components.model_store import Model, ModelStore
from recsim.components.retrieval import Publication
from recsim.recommenders.als import ALS
from recsim.recommenders.ann import ProductVectors
from recsim.recommenders.base import Interactions
from recsim.replay.lake import read_lake
from recsim.scenario import Scenario
from recsim.schema.tables import EVENT_TYPES

RECALL_USERS = 200
"""Users, evenly spaced, whose exact nearest products the index is held against."""


@dataclass(frozen=True)
class Trained:
    """A new version and what it serves with."""

    model: Model
    publication: Publication
    embeddings: NDArray[np.float32]
    cpu_s: float


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


@dataclass
class DailyBatch:
    """The batch job: keeps the days of its window as counted triples, so a day of the lake is read once."""

    scenario: Scenario
    catalogue: Catalogue
    users: int
    lake: Path
    store: ModelStore
    _window: dict[str, DayCounts] = field(default_factory=dict)
    _sold: NDArray[np.int64] | None = None
    _stars: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def take(self, day: str, reviews: pa.Table) -> int:
        """Read a finished day of the lake and its reviews; returns the events with a product that it held."""
        counted = self._count(read_lake(self.lake, [day], ["event_type", "user_id", "product_id"]))
        self._window[day] = counted
        for old in sorted(self._window)[: -self.scenario.training.window_days]:
            del self._window[old]
        p = len(self.catalogue)
        sold = counted.per_product(p, "purchase").astype(np.int64)
        self._sold = sold if self._sold is None else self._sold + sold
        rated = reviews["product_id"].to_numpy()
        weights = (reviews["stars"].to_numpy().astype(np.float64) - 1) / 4
        stars = np.bincount(rated, weights=weights, minlength=p).astype(np.float64)
        given = np.bincount(rated, minlength=p).astype(np.float64)
        self._stars = (stars, given) if self._stars is None else (self._stars[0] + stars, self._stars[1] + given)
        return int(counted.counts.sum())

    def _count(self, events: pa.Table) -> DayCounts:
        events = events.filter(pc.is_valid(events["product_id"]))
        kinds = pc.index_in(pc.cast(events["event_type"], pa.string()), pa.array(EVENT_TYPES))
        triple = np.stack(
            [
                events["user_id"].to_numpy(),
                events["product_id"].to_numpy(),
                kinds.to_numpy().astype(np.int64),
            ]
        )
        p, k = len(self.catalogue), len(EVENT_TYPES)
        coded, counts = np.unique((triple[0] * p + triple[1]) * k + triple[2], return_counts=True)
        return DayCounts(coded // (p * k), coded // k % p, coded % k, counts)

    def signals(self) -> Signals:
        """Product signals from every day taken so far (ratings, sales) and from the window (clicks, popularity)."""
        p = len(self.catalogue)
        views, carts, all_events = np.zeros(p), np.zeros(p), np.zeros(p)
        for counted in self._window.values():
            views += counted.per_product(p, "view_product")
            carts += counted.per_product(p, "add_to_cart")
            all_events += counted.per_product(p)
        ranked = np.lexsort((np.arange(p), -all_events))
        stars, given = self._stars if self._stars is not None else (np.zeros(p), np.zeros(p))
        sold = self._sold if self._sold is not None else np.zeros(p, np.int64)
        return Signals(
            rating=smoothed(stars, given, RATING_PRIOR),
            click_through_rate=smoothed(carts, views, CART_PRIOR),
            stock=np.maximum(self.catalogue.quantity - sold, 0),
            popular=ranked[: int((all_events > 0).sum())].astype(np.int64),
        )

    def interactions(self) -> csr_matrix:
        """Users × products of the window: the sum of `evaluation.signals` over the events of each pair."""
        weights = np.array([self.scenario.evaluation.signals.get(kind, 0.0) for kind in EVENT_TYPES])
        days = list(self._window.values())
        values = np.concatenate([weights[day.kinds] * day.counts for day in days])
        rows = np.concatenate([day.users for day in days])
        columns = np.concatenate([day.products for day in days])
        signal = values > 0
        shape = (self.users, len(self.catalogue))
        matrix = coo_matrix((values[signal], (rows[signal], columns[signal])), shape=shape).tocsr()
        matrix.sum_duplicates()
        return matrix.astype(np.float32)

    def train(self, *, now_us: int) -> Trained | None:
        """Train, register, index and promote; None where the window holds no interaction."""
        started = time.process_time()
        training, seed = self.scenario.training, self.scenario.seed
        matrix = self.interactions()
        if not matrix.nnz:
            return None
        users, products = _fit(matrix, self.scenario)
        index = ProductVectors(products, choice=training.index, seed=seed)
        known = np.flatnonzero(users.any(axis=1))
        some = known[np.unique(np.linspace(0, len(known) - 1, min(RECALL_USERS, len(known))).astype(np.int64))]
        n = self.scenario.ranking.candidates
        model = self.store.register(
            "als",
            users,
            products,
            trained_us=now_us,
            lineage={
                "days": sorted(self._window), "pairs": int(matrix.nnz), "users": len(known), "products": len(index),
                "settings": training.model_dump(mode="json"), "seed": seed, "index": index.kind.factory,
            },
            metrics={f"index_recall@{n}": index.recall(users[some], n)},
        )  # fmt: skip
        model = self.store.promote(model.version, now_us=now_us)
        publication = Publication(model.version, products, index, now_us)
        return Trained(model, publication, users, time.process_time() - started)


def _fit(matrix: csr_matrix, scenario: Scenario) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of all users[u, f] and products[p, f], zero for those without an interaction in the window.

    Only the rows and columns that hold something are trained: the others would have zero vectors at the end, but cost
    time in every sweep.
    """
    training = scenario.training
    rows = np.flatnonzero(np.diff(matrix.indptr))
    columns = np.unique(matrix.indices)
    model = ALS(
        factors=training.factors, iterations=training.iterations, regularization=training.regularization,
        alpha=training.alpha,
    )  # fmt: skip
    model.fit(Interactions(matrix[rows][:, columns].tocsr()), seed=scenario.seed)
    users = np.zeros((matrix.shape[0], training.factors), np.float32)
    products = np.zeros((matrix.shape[1], training.factors), np.float32)
    users[rows] = model.user_vectors
    products[columns] = model.product_vectors
    return users, products
