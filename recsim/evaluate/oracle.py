"""The best ranking there is in a synthetic world: by how likely the generator makes the user look at the product.

A user opens category c with share s_c: s of his k-th interest falls as 0.42^k to nine tenths in all, the last tenth
is any category. There he compares M products drawn by weight w and takes i with odds e^U(i), where
U = taste_weight · (taste_u · taste_i) + conformity_u log w_i + 0.3 quality_i - price_sensitivity_u log(price_i / median
price of c). With p_i = w_i / Σ_c w, the chance of i is close to s_c · M p_i e^U(i) / (e^U(i) + (M - 1) E_c[e^U]): the
rivals of i are put at their mean. As M grows it tends to the logit over the whole category. From there he goes on to
near-substitutes: the same once more inside the niche, as often as he came to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.behaviour import utility
from recsim.behaviour.rules import session_length
from recsim.behaviour.utility import Utility
from recsim.dataset import Dataset
from recsim.recommenders.base import Slates
from recsim.recommenders.topk import Selection, one_thread
from recsim.scenario import Scenario
from recsim.scenario.choice import INTEREST_DECAY, RANDOM_CATEGORY_SHARE
from recsim.scenario.world import Behaviour

_USERS_PER_BLOCK = 64


@dataclass(frozen=True)
class Truth:
    """The truth tables as arrays: n users and m products by id, and the order of products by category and niche.

    `utility`, `category`, `niche` and `share` [m] (p_i) are in that order. `similar` is how many pages of a niche there
    are for each listing of a category.
    """

    utility: Utility
    interests: NDArray[np.int64]
    order: NDArray[np.int64]
    category: NDArray[np.int64]
    niche: NDArray[np.int64]
    share: NDArray[np.float32]
    consideration: int
    similar: float

    def likelihood(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """Relative chance that each user looks at each product, by product id: float32[users, m]."""
        appeal = self.utility.of(users)
        appeal -= appeal.max(axis=1, keepdims=True)
        np.exp(appeal, out=appeal)
        starts, sizes = _segments(self.category)
        chance = self._wins(appeal, self.share, starts, sizes)
        chance *= np.repeat(self._category_shares(users)[:, self.category[starts]], sizes, axis=1)
        if self.similar:
            niches, members = _segments(self.niche)
            share = self.share / np.repeat(np.add.reduceat(self.share, niches), members)
            again = self._wins(appeal, share, niches, members)
            again *= np.repeat(np.add.reduceat(chance, niches, axis=1), members, axis=1)
            chance += np.float32(self.similar) * again
        by_id = np.empty_like(chance)
        by_id[:, self.order] = chance
        return by_id

    def _wins(
        self,
        appeal: NDArray[np.float32],
        share: NDArray[np.float32],
        starts: NDArray[np.int64],
        sizes: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """How likely each product is taken from a page of its segment, up to a factor M."""
        mean = np.add.reduceat(appeal * share, starts, axis=1)
        rivals = np.repeat(mean, sizes, axis=1)
        rivals *= self.consideration - 1
        rivals += appeal
        return np.asarray(appeal / np.maximum(rivals, np.finfo(np.float32).tiny) * share, np.float32)

    def _category_shares(self, users: NDArray[np.int64]) -> NDArray[np.float32]:
        """How often each user opens each category: float32[users, categories]."""
        interests = self.interests[users]
        categories = int(max(self.category.max(), interests.max())) + 1
        decay = INTEREST_DECAY ** np.arange(interests.shape[1])
        decay *= (1.0 - RANDOM_CATEGORY_SHARE) / decay.sum()
        shares = np.full((len(users), categories), RANDOM_CATEGORY_SHARE / categories, np.float32)
        rows = np.arange(len(users))
        for rank, part in enumerate(decay):
            shares[rows, interests[:, rank]] += np.float32(part)
        return shares


def read_truth(world: Dataset, scenario: Scenario) -> Truth:
    """The truth of a synthetic world, under the behaviour section it was generated with."""
    users = _frame(world, "truth/users", ["user_id", "taste", "price_sensitivity", "conformity", "interests"])
    prices = _frame(world, "products", ["product_id", "price_usd"])
    products = (
        _frame(world, "truth/products").join(prices, on="product_id").sort("category_id", "niche_id", "product_id")
    )
    products = products.with_columns(share=pl.col("popularity") / pl.col("popularity").sum().over("category_id"))
    behaviour = _behaviour(world, scenario)
    category = products["category_id"].to_numpy().astype(np.int64)
    return Truth(
        utility=Utility(
            utility.weights(
                _vectors(users, "taste"),
                users["conformity"].to_numpy(),
                users["price_sensitivity"].to_numpy(),
                behaviour.taste_weight,
            ),
            utility.traits(
                _vectors(products, "taste"),
                products["popularity"].to_numpy(),
                products["quality"].to_numpy(),
                products["price_usd"].to_numpy().astype(np.float64),
                category,
            ),
        ),
        interests=_vectors(users, "interests").astype(np.int64),
        order=products["product_id"].to_numpy().astype(np.int64),
        category=category,
        niche=products["niche_id"].to_numpy().astype(np.int64),
        share=products["share"].to_numpy().astype(np.float32),
        consideration=behaviour.consideration,
        similar=_similar_pages(behaviour),
    )


def _segments(group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First position and size of each run of equal numbers."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return starts, np.diff(np.append(starts, len(group)))


def _similar_pages(behaviour: Behaviour) -> float:
    """Pages of near-substitutes for each listing of a category: a session opens with a listing, then moves on."""
    further = float(np.floor(session_length(behaviour)[1]).mean()) - 1.0
    known = behaviour.review_view_share + behaviour.page_share + behaviour.similar_share + behaviour.complement_share
    return further * behaviour.similar_share / (1.0 + further * max(1.0 - known, 0.0))


def rank_by_truth(truth: Truth, users: NDArray[np.int64], k: int, *, seen: csr_matrix | None) -> Slates:
    """The k likeliest products of each user, ranked and masked as any recommender's."""
    selection = Selection(users, k, seen=seen)
    with one_thread():
        for row in range(0, len(users), _USERS_PER_BLOCK):
            selection.offer(truth.likelihood(users[row : row + _USERS_PER_BLOCK]), first_row=row)
    return selection.slates()


def _behaviour(world: Dataset, scenario: Scenario) -> Behaviour:
    """As the world was generated: its own manifest knows better than the scenario of the evaluation."""
    resolved = world.manifest.scenario
    return scenario.behaviour if resolved is None else Behaviour.model_validate(resolved["behaviour"])


def _frame(world: Dataset, table: str, columns: list[str] | None = None) -> pl.DataFrame:
    frame = world.frame(table, columns=columns)
    return frame.sort("user_id" if "user_id" in frame.columns else "product_id")


def _vectors(frame: pl.DataFrame, name: str) -> NDArray[np.float32]:
    return frame[name].explode().to_numpy().astype(np.float32).reshape(len(frame), -1)
