"""A hybrid: the lists of a collaborative model and of content, merged by rank."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsim.recommenders.base import Cost, Count, Depth, Histories, Interactions, Share, Slates
from recsim.recommenders.content import Content
from recsim.recommenders.ease import EASE
from recsim.recommenders.item_knn import ItemKNN
from recsim.recommenders.rp3beta import RP3Beta
from recsim.recommenders.slim import SLIM
from recsim.recommenders.topk import NOTHING

_MODELS = {"item-knn": ItemKNN, "ease": EASE, "slim": SLIM, "rp3beta": RP3Beta}


class Hybrid:
    """Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) of two models.

    A product at rank r of the list of the model `collaborative` gets (1 - `content`) ÷ (`flatness` + r), at rank r of
    the content list `content` ÷ (`flatness` + r), and the sums rank. Ranks are added and not scores, because the two
    scores have no common unit. Both lists are `depth` long (0: three times the list asked for, and 100 at least).
    Needs a catalogue.
    """

    name = "hybrid"

    def __init__(
        self,
        *,
        collaborative: Literal["item-knn", "ease", "slim", "rp3beta"] = "item-knn",
        content: Share = 0.2,
        flatness: Count = 20,
        depth: Depth = 0,
    ) -> None:
        self.content = content
        self.flatness = flatness
        self.depth = depth
        self._models = (_MODELS[collaborative](), Content())

    def fit(self, interactions: Interactions, *, seed: int) -> None:
        for model in self._models:
            model.fit(interactions, seed=seed)

    def recommend(self, users: NDArray[np.int64], k: int, *, mask_seen: bool) -> Slates:
        lists = [model.recommend(users, self._depth(k), mask_seen=mask_seen) for model in self._models]
        return self._fused(lists[0], lists[1], k)

    def recommend_after(self, histories: Histories, k: int, *, mask_seen: bool) -> Slates:
        lists = [model.recommend_after(histories, self._depth(k), mask_seen=mask_seen) for model in self._models]
        return self._fused(lists[0], lists[1], k)

    def _depth(self, k: int) -> int:
        return max(k, self.depth or max(3 * k, 100))

    def _fused(self, one: Slates, two: Slates, k: int) -> Slates:
        gains = 1.0 / (self.flatness + 1.0 + np.arange(one.products.shape[1]))
        products = np.full((len(one.users), k), NOTHING, np.int64)
        scores = np.full((len(one.users), k), -np.inf, np.float32)
        for row in range(len(one.users)):
            both = np.concatenate([one.products[row], two.products[row]])
            weights = np.concatenate([(1.0 - self.content) * gains, self.content * gains])
            held = (both != NOTHING) & (weights > 0)
            distinct, places = np.unique(both[held], return_inverse=True)
            totals = np.bincount(places, weights[held], len(distinct)).astype(np.float32)
            best = np.lexsort((distinct, -totals))[:k]
            products[row, : len(best)], scores[row, : len(best)] = distinct[best], totals[best]
        return Slates(one.users, products, scores)

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        parts = [model.cost(users, products, pairs) for model in self._models]
        return Cost(
            memory_bytes=sum(part.memory_bytes for part in parts),
            cpu_s=sum(part.cpu_s for part in parts) + users * 1.5e-4,
        )
