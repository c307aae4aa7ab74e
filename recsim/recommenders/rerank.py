"""Reranking: a weighted sum of candidate features, and two policies that turn scores into a slate.

`top-k` sorts: the slate is certain, so every propensity is 1. `softmax` samples without replacement from the
Plackett-Luce model (Plackett 1975): rank 1 is drawn with probability proportional to exp(score / temperature), rank 2
likewise from those left, and so on. It is drawn by adding Gumbel noise to score / temperature and sorting (Yellott
1977; Kool, van Hoof and Welling, ICML 2019). The propensity of the product at rank r is its probability there given
the ranks above: what an off-policy estimator divides by. The noise is a function of (seed, request, product), so the
same request always gets the same slate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.recommenders.diversity import EVEN, Diversity, capped, capped_propensities, marginal_relevance
from recsim.registry import did_you_mean
from recsim.rng import uniforms

FEATURES = (
    "affinity", "relevance", "co_purchase", "recency", "click_through_rate", "price_fit", "rating", "review_quality",
    "review_votes", "trend", "context", "stock",
)  # fmt: skip
"""Columns of a feature matrix, each 0 to 1.

affinity: inner product with the user's (or the page's) vector over the best among the candidates. relevance: keyword
score over the best. co_purchase: how strongly it is bought together with what the page or cart holds, over the best.
recency: how lately the user saw the product or its category, times the user's recency score.
click_through_rate: carts over views of the product, over the best. price_fit: 1 at the user's usual price, exp(-1) at
e times more or less. rating: mean stars, smoothed. review_quality: how good its reviews are. review_votes: log(1 +
votes on its reviews) over the best. trend: decayed events over the best. context: how well its category fits device,
hour and region, one half where they say nothing. stock: 1 where there is some.
"""

STREAM = "rerank/gumbel"


@dataclass(frozen=True)
class Order:
    """`places[k]` into the candidates, best first, with `scores[k]` and `propensities[k]`."""

    places: NDArray[np.int64]
    scores: NDArray[np.float32]
    propensities: NDArray[np.float32]


@dataclass(frozen=True)
class Reranker:
    """A scoring function and a policy. `weights` names features; those it leaves out weigh nothing."""

    weights: Mapping[str, float]
    policy: Literal["top-k", "softmax"]
    temperature: float
    seed: int
    diversity: Diversity = EVEN

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in FEATURES:
                raise BadInput(f'ranking.weights has an unknown feature "{name}".{did_you_mean(name, FEATURES)}')

    @property
    def name(self) -> str:
        """What goes into the log beside each impression."""
        named = "top-k/1" if self.policy == "top-k" else f"softmax/1 t={self.temperature:g}"
        return named + self.diversity.suffix

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weighted sums of features[n, len(FEATURES)]."""
        weights = np.array([self.weights.get(name, 0.0) for name in FEATURES], np.float32)
        return np.asarray((features * weights).sum(axis=1, dtype=np.float32))

    def order(
        self,
        scores: NDArray[np.float32],
        products: NDArray[np.int64],
        k: int,
        *,
        request_id: int,
        groups: NDArray[np.int32] | None = None,
        vectors: NDArray[np.float32] | None = None,
    ) -> Order:
        """The slate of min(k, n) of n candidates, fewer where a cap leaves fewer. Equal scores rank by product number.

        `groups` (the categories) are needed to cap, `vectors` for maximal marginal relevance; without them, which is
        where variety is not wanted, the slate is as if diversity were "none".
        """
        k = min(k, len(scores))
        most = self.diversity.most(k) if groups is not None else k
        if self.policy == "top-k":
            if self.diversity.kind == "mmr" and vectors is not None:
                places = marginal_relevance(scores, products, vectors, k, self.diversity.weight)
            else:
                places = capped(np.lexsort((products, -scores)), groups, k, most)
            return Order(places, scores[places], np.ones(len(places), np.float32))
        logits = scores.astype(np.float64) / self.temperature
        drawn = uniforms(self.seed, STREAM, products.astype(np.uint64), request_id)[:, 0].astype(np.float64)
        noise = -np.log(-np.log(np.clip(drawn, 2.0**-25, 1 - 2.0**-25)))
        places = capped(np.lexsort((products, -(logits + noise))), groups, k, most)
        if groups is None or most >= k:
            return Order(places, scores[places], propensities(logits, places))
        return Order(places, scores[places], capped_propensities(logits, places, groups, most))


def propensities(logits: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """P(places[r] at rank r | places[:r]) under Plackett-Luce: exp(logit) over the sum of those not yet placed."""
    chosen = logits[places]
    others = np.delete(logits, places)
    rest = np.logaddexp.reduce(others) if len(others) else -np.inf
    left = np.logaddexp.accumulate(np.append(rest, chosen[::-1]))[:0:-1]
    return np.clip(np.exp(chosen - left), np.finfo(np.float32).tiny, 1.0).astype(np.float32)
