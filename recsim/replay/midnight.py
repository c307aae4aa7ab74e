"""What happens at a simulated midnight: train on the lake, register, publish, index, swap.

The window is the last `training.window_days` days of the lake. Where no event came in since the last training, the
version that serves goes on serving.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from recsim.components.catalogue import CART_PRIOR, RATING_PRIOR, Catalogue, Signals, smoothed
from recsim.components.content import ContentMap
from recsim.components.model_store import Model, ModelStore
from recsim.components.pair_counts import PairCounts
from recsim.components.retrieval import Publication
from recsim.recommenders.als import ALS
from recsim.recommenders.ann import ProductVectors
from recsim.recommenders.base import Interactions
from recsim.replay.gate import DayCounts, Exam, Verdict, exam_of, judge_models
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


@dataclass
class DailyBatch:
    """The batch job: keeps the days of its window as counted triples, so a day of the lake is read once."""

    scenario: Scenario
    catalogue: Catalogue
    users: int
    lake: Path
    store: ModelStore
    content: ContentMap | None = None
    """where it is given, products without an interaction get a vector from what is written about them"""
    _window: dict[str, DayCounts] = field(default_factory=dict)
    _sold: NDArray[np.int64] | None = None
    _stars: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def take(self, day: str, reviews: pa.Table, changes: Sequence[tuple[int, int, str, int]] = ()) -> int:
        """Read a finished day of the lake and its reviews; returns the events with a product that it held. `changes`
        are what a closed loop adds and takes away: (user, product, event type, +1 or -1)."""
        counted = self._count(read_lake(self.lake, [day], ["event_type", "user_id", "product_id"]))
        if changes:
            counted = self._changed(counted, changes)
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

    def _changed(self, day: DayCounts, changes: Sequence[tuple[int, int, str, int]]) -> DayCounts:
        users, products, kinds, signs = (list(column) for column in zip(*changes, strict=True))
        codes = np.array([EVENT_TYPES.index(kind) for kind in kinds])
        p, k = len(self.catalogue), len(EVENT_TYPES)
        triples = [
            np.concatenate([day.users, users]), np.concatenate([day.products, products]),
            np.concatenate([day.kinds, codes]),
        ]  # fmt: skip
        coded, place = np.unique((triples[0] * p + triples[1]) * k + triples[2], return_inverse=True)
        counts = np.bincount(place, weights=np.concatenate([day.counts, signs])).astype(np.int64)
        left = counts > 0
        coded = coded[left]
        return DayCounts(coded // (p * k), coded // k % p, coded % k, counts[left])

    def signals(self, trend: NDArray[np.float64] | None = None) -> Signals:
        """Product signals from every day taken so far (ratings, sales), from the window (clicks, popularity), and of
        the decayed sums `trend[p]` where they are kept. Review quality and votes are 0 here: whoever keeps the reviews
        adds them."""
        p = len(self.catalogue)
        views, carts, all_events = np.zeros(p), np.zeros(p), np.zeros(p)
        for counted in self._window.values():
            views += counted.per_product(p, "view_product")
            carts += counted.per_product(p, "add_to_cart")
            all_events += counted.per_product(p)
        ranked = np.lexsort((np.arange(p), -all_events))
        stars, given = self._stars if self._stars is not None else (np.zeros(p), np.zeros(p))
        sold = self._sold if self._sold is not None else np.zeros(p, np.int64)
        zeros = np.zeros(p)
        scores = zeros if trend is None else trend
        greatest = float(scores.max(initial=0.0))
        return Signals(
            rating=smoothed(stars, given, RATING_PRIOR),
            click_through_rate=smoothed(carts, views, CART_PRIOR),
            stock=np.maximum(self.catalogue.quantity - sold, 0),
            popular=ranked[: int((all_events > 0).sum())].astype(np.int64),
            trend=(scores / greatest if greatest > 0 else zeros).astype(np.float32),
            review_quality=zeros.astype(np.float32),
            review_votes=zeros.astype(np.int64),
        )

    def customers(self) -> dict[str, PairCounts]:
        """By tenant, the pairs of products that one customer bought in the window, in whatever orders."""
        purchase = EVENT_TYPES.index("purchase")
        bought = [
            (day.users[day.kinds == purchase], day.products[day.kinds == purchase]) for day in self._window.values()
        ]
        users, products = (np.concatenate(columns) for columns in zip(*bought, strict=True))
        found = {}
        for code, tenant in enumerate(self.catalogue.tenants):
            own = self.catalogue.tenant[products] == code
            found[tenant] = PairCounts(len(self.catalogue))
            found[tenant].add(users[own], products[own])
        return found

    def interactions(self, without: Exam | None = None) -> csr_matrix:
        """Users × products of the window: the sum of `evaluation.signals` over the events of each pair; without the
        last day of the users of an exam."""
        weights = np.array([self.scenario.evaluation.signals.get(kind, 0.0) for kind in EVENT_TYPES])
        days = [self._window[day] for day in sorted(self._window)]
        if without is not None:
            days[-1] = days[-1].without(without.users)
        values = np.concatenate([weights[day.kinds] * day.counts for day in days])
        rows = np.concatenate([day.users for day in days])
        columns = np.concatenate([day.products for day in days])
        signal = values > 0
        shape = (self.users, len(self.catalogue))
        matrix = coo_matrix((values[signal], (rows[signal], columns[signal])), shape=shape).tocsr()
        matrix.sum_duplicates()
        return matrix.astype(np.float32)

    def train(self, *, now_us: int) -> Trained | None:
        """Train, register, index, and promote if the gate lets it pass; None where the window holds no interaction or
        where yesterday's model goes on serving."""
        started = time.process_time()
        training, seed = self.scenario.training, self.scenario.seed
        exam = self._exam()
        matrix = self.interactions(exam)
        if not matrix.nnz:
            return None
        users, products = _fit(matrix, self.scenario)
        vectors, cold = (products, None) if self.content is None else self.content.fill(products)
        index = ProductVectors(vectors, choice=training.index, seed=seed)
        known = np.flatnonzero(users.any(axis=1))
        some = known[np.unique(np.linspace(0, len(known) - 1, min(RECALL_USERS, len(known))).astype(np.int64))]
        n = self.scenario.ranking.candidates
        verdict = self._verdict(exam, users, products)
        model = self.store.register(
            "als",
            users,
            products,
            trained_us=now_us,
            lineage={
                "days": sorted(self._window), "pairs": int(matrix.nnz), "users": len(known),
                "products": int(products.any(axis=1).sum()),
                "settings": training.model_dump(mode="json"), "seed": seed, "index": index.kind.factory,
            },
            metrics={f"index_recall@{n}": index.recall(users[some], n), **verdict.metrics},
        )  # fmt: skip
        if not verdict.passed:
            return None
        model = self.store.promote(model.version, now_us=now_us)
        publication = Publication(model.version, vectors, index, now_us, cold)
        return Trained(model, publication, users, time.process_time() - started)

    def _exam(self) -> Exam | None:
        """The day that is over of a share of the users, to judge by; None where the gate is off or nobody serves."""
        training = self.scenario.training
        if training.gate == "off" or self.store.serving is None:
            return None
        last = self._window[max(self._window)]
        return exam_of(last, self.users, training.gate_share, self.scenario.seed)

    def _verdict(self, exam: Exam | None, users: NDArray[np.float32], products: NDArray[np.float32]) -> Verdict:
        serving = self.store.serving
        if exam is None or serving is None:
            return Verdict(passed=True, metrics={})
        k, tolerance = self.scenario.ranking.slate, self.scenario.training.gate_tolerance
        return judge_models(exam, self.store.vectors(serving.version), (users, products), k=k, tolerance=tolerance)


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
