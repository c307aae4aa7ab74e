"""The rerank service: features of every candidate, their weighted sum, and a slate by the policy in force."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsim.components.base import Trace
from recsim.components.catalogue import Catalogue, Signals
from recsim.components.context import ContextTable
from recsim.components.profile import Profile
from recsim.components.slate import Candidates, Slate
from recsim.recommenders.rerank import FEATURES, Reranker

VARIED = frozenset({"home", "cart", "because"})
"""Surfaces that serve several intents at once, so variety is worth something; a page of lamps should show lamps."""

BUYING = frozenset({"bought", "cart"})
"""Surfaces whose products go into the cart with one touch."""

_CATEGORY_RECENCY = 0.5
"""Recency of a product whose category the user prefers, against 1 for the product seen last."""


class RerankService:
    """`rerank` over candidates. Signals are replaced whole at midnight."""

    def __init__(
        self,
        reranker: Reranker,
        catalogue: Catalogue,
        signals: Signals,
        *,
        contexts: ContextTable | None = None,
        out_of_stock: Literal["demote", "hide"] = "demote",
    ) -> None:
        self.signals = signals
        self.reranker = reranker
        self.contexts = contexts
        self._catalogue = catalogue
        self._out_of_stock = out_of_stock

    def rerank(
        self,
        candidates: Candidates,
        k: int,
        *,
        profile: Profile,
        surface: str,
        model: int,
        trace: Trace,
        vectors: NDArray[np.float32] | None = None,
        reranker: Reranker | None = None,
    ) -> Slate:
        """The slate of the k best candidates under the policy, or under another `reranker` than the one in force.

        Products that are sold out do not pass where `out_of_stock` says hide, nor ever where they would be put in a
        cart at once. On surfaces of several intents the slate is diversified: `vectors[p, f]` are those of all
        products.
        """
        policy = reranker or self.reranker
        with trace.hop("reranker", policy.policy):
            if self._out_of_stock == "hide" or surface in BUYING:
                candidates = candidates.keep(self.signals.stock[candidates.products] > 0)
            scores = policy.score(self.features(candidates, profile))
            varied = surface in VARIED and policy.diversity.kind != "none"
            order = policy.order(
                scores, candidates.products, k, request_id=trace.request_id,
                groups=self._catalogue.category[candidates.products] if varied else None,
                vectors=vectors[candidates.products] if varied and vectors is not None else None,
            )  # fmt: skip
            return Slate(
                surface,
                candidates.products[order.places],
                order.scores,
                order.propensities,
                candidates.sources[order.places],
                policy.name,
                model,
                candidates.found_by[order.places],
                candidates.anchors[order.places],
            )

    def features(self, candidates: Candidates, profile: Profile) -> NDArray[np.float32]:
        """The feature matrix [n, len(FEATURES)] of n candidates for a user."""
        products = candidates.products
        signals = self.signals
        columns = {
            "affinity": share_of_best(candidates.affinity),
            "relevance": share_of_best(candidates.relevance),
            "co_purchase": share_of_best(candidates.co_purchase),
            "recency": self._recency(products, profile),
            "click_through_rate": share_of_best(signals.click_through_rate[products]),
            "price_fit": self._price_fit(products, profile),
            "rating": signals.rating[products],
            "review_quality": signals.review_quality[products],
            "review_votes": share_of_best(np.log1p(signals.review_votes[products]).astype(np.float32)),
            "trend": share_of_best(signals.trend[products]),
            "context": self._context(products, profile),
            "stock": (signals.stock[products] > 0).astype(np.float32),
        }
        return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32)

    def _context(self, products: NDArray[np.int64], profile: Profile) -> NDArray[np.float32]:
        if self.contexts is None:
            return np.full(len(products), 0.5, np.float32)
        return self.contexts.fit(profile.context, self._catalogue.category[products])

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
