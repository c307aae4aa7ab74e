"""The rerank service: features of every candidate, their weighted sum, and a slate by the policy in force."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import Trace
from recsim.components.catalogue import Catalogue, Signals
from recsim.components.profile import Profile
from recsim.components.slate import Candidates, Slate
from recsim.recommenders.rerank import FEATURES, Reranker

_CATEGORY_RECENCY = 0.5
"""Recency of a product whose category the user prefers, against 1 for the product seen last."""


class RerankService:
    """`rerank` over candidates. Signals are replaced whole at midnight."""

    def __init__(self, reranker: Reranker, catalogue: Catalogue, signals: Signals) -> None:
        self.signals = signals
        self._reranker = reranker
        self._catalogue = catalogue

    def rerank(
        self, candidates: Candidates, k: int, *, profile: Profile, surface: str, model: int, trace: Trace
    ) -> Slate:
        """The slate of the k best candidates under the policy."""
        with trace.hop("reranker", self._reranker.policy):
            features = self.features(candidates, profile)
            scores = self._reranker.score(features)
            order = self._reranker.order(scores, candidates.products, k, request_id=trace.request_id)
            return Slate(
                surface,
                candidates.products[order.places],
                order.scores,
                order.propensities,
                candidates.sources[order.places],
                self._reranker.name,
                model,
            )

    def features(self, candidates: Candidates, profile: Profile) -> NDArray[np.float32]:
        """The feature matrix [n, len(FEATURES)] of n candidates for a user."""
        products = candidates.products
        signals = self.signals
        columns = {
            "affinity": share_of_best(candidates.affinity),
            "relevance": share_of_best(candidates.relevance),
            "recency": self._recency(products, profile),
            "click_through_rate": share_of_best(signals.click_through_rate[products]),
            "price_fit": self._price_fit(products, profile),
            "rating": signals.rating[products],
            "stock": (signals.stock[products] > 0).astype(np.float32),
        }
        return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32)

    def _recency(self, products: NDArray[np.int64], profile: Profile) -> NDArray[np.float32]:
        """1 for the product seen last, less for each one before; half for a preferred category; times the user's
        recency score."""
        of = self._catalogue.category[products]
        recency = np.where(np.isin(of, profile.categories) & (of >= 0), _CATEGORY_RECENCY, 0.0)
        if len(profile.seen):
            freshness = 1.0 - np.arange(len(profile.seen)) / len(profile.seen)
            same, place = np.nonzero(products[:, None] == profile.seen[None, :])
            np.maximum.at(recency, same, freshness[place])
        return (recency * profile.recency_score).astype(np.float32)

    def _price_fit(self, products: NDArray[np.int64], profile: Profile) -> NDArray[np.float32]:
        """exp(-|log price - mean log price of what the user saw last|); 0 where either price is unknown."""
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.log(self._catalogue.price_usd[profile.seen])
            price = np.log(self._catalogue.price_usd[products])
        usual = usual[np.isfinite(usual)]
        if not len(usual):
            return np.zeros(len(products), np.float32)
        fit = np.exp(-np.abs(price - usual.mean()))
        return np.where(np.isfinite(fit), fit, 0.0).astype(np.float32)


def share_of_best(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each value over the greatest, negatives as 0; all 0 where none is positive."""
    best = float(values.max(initial=0.0))
    return np.maximum(values, 0.0).astype(np.float32) / np.float32(best) if best > 0 else np.zeros_like(values)
