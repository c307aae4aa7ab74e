"""Served slates against the truth of a synthetic world, which no component ever reads.

The true utility of a product for a user is what the generator chooses by:
kappa · (user taste · product taste) + 0.3 · quality - price sensitivity · log(price ÷ median price of its category)
+ conformity · log popularity. `utility_share` of a slate is (mean utility of its products - mean of the whole
catalogue) ÷ (mean of the best products there are - mean of the whole catalogue): 0 is a random slate, 1 is the
oracle's. "The best" are as many as the slate has room for; a slate that is not full is held against a full one, its
empty places counting as random. Search is left out: there the words decide what is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import utility
from recsim.behaviour.utility import Utility
from recsim.dataset import Dataset
from recsim.metrics.bootstrap import intervals
from recsim.replay.quality import tabulate
from recsim.replay.served import Made, Served

MOST_REQUESTS = 1_000
"""Requests of a day held against the oracle, evenly spaced over the day: each costs a pass over the catalogue."""

METRIC = "utility_share"


@dataclass(frozen=True)
class Truth:
    """The utility of every product for every user, and `tenant[p]`: whose each product is."""

    known: Utility
    tenant: NDArray[np.int32]

    @classmethod
    def read(cls, world: Dataset, tenant: NDArray[np.int32]) -> Truth:
        """The truth tables of a synthetic world."""
        users = world.read("truth/users").sort_by("user_id")
        hidden = world.read("truth/products").sort_by("product_id")
        prices = world.read("products", columns=["product_id", "price_usd"]).sort_by("product_id")
        assert world.manifest.scenario is not None
        return cls(
            Utility(
                utility.weights(
                    _vectors(users["taste"]),
                    users["conformity"].to_numpy(),
                    users["price_sensitivity"].to_numpy(),
                    float(world.manifest.scenario["behaviour"]["taste_weight"]),
                ),
                utility.traits(
                    _vectors(hidden["taste"]),
                    hidden["popularity"].to_numpy(),
                    hidden["quality"].to_numpy(),
                    prices["price_usd"].to_numpy(),
                    hidden["category_id"].to_numpy(),
                ),
            ),
            tenant,
        )

    def utility(self, user: int) -> NDArray[np.float32]:
        """The true utility of every product for a user: float32[p]."""
        return self.known.of(np.array([user]))[0]

    def share(self, one: Made, tenant: int, depth: int) -> float:
        """`utility_share` of a served slate."""
        mine = np.flatnonzero(self.tenant == tenant)
        utility = self.utility(one.user)
        average = float(utility[mine].mean())
        k = min(depth, len(mine))
        best = float(np.partition(utility[mine], len(mine) - k)[len(mine) - k :].mean())
        served = utility[one.slate.products[:k]] if one.slate is not None else utility[:0]
        gained = float((served - average).sum()) / k
        return gained / (best - average) if best > average else 0.0


def _vectors(column: Any) -> NDArray[np.float32]:  # noqa: ANN401 - an Arrow list column
    flat = column.combine_chunks()
    return np.asarray(flat.flatten().to_numpy(), np.float32).reshape(len(flat), -1)


def judge_truth(
    served: Served, truth: Truth, tenants: list[str], *, depth: int, seed: int, replicates: int
) -> list[dict[str, Any]]:
    """Rows of `utility_share` of a day, of all surfaces but search together and of each."""
    judged = [one for one in served.made if one.surface != "search" and one.status == 200]
    if not judged:
        return []
    some = np.unique(np.linspace(0, len(judged) - 1, min(MOST_REQUESTS, len(judged))).astype(np.int64))
    chosen = [judged[place] for place in some]
    values = np.array([[truth.share(one, tenants.index(one.tenant), depth)] for one in chosen])
    return tabulate(
        served.day,
        [METRIC],
        values,
        chosen,
        lambda values, users: intervals(values, users, seed=seed, replicates=replicates),
    )
