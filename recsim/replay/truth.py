"""Served slates against the truth of a synthetic world, which no component ever reads.

The true utility of a product for a user is what the generator chooses by:
kappa · (user taste · product taste) + 0.3 · quality - price sensitivity · log(price ÷ median price of its category)
+ conformity · log popularity, with the taste, the prices and the popularity of the day. `utility_share` of a slate is
(mean utility of its products - mean of the whole catalogue) ÷ (mean of the best products there are - mean of the
whole catalogue), the catalogue being what is sold that day: 0 is a random slate, 1 is the best there is. "The best"
are as many as the slate has room for; a slate that is not full is held against a full one, its empty places counting
as random. Search is left out: there the words decide what is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.utility import Judge
from recsim.behaviour.world import GENERATOR
from recsim.dataset import Dataset
from recsim.metrics.bootstrap import intervals
from recsim.replay.quality import tabulate
from recsim.replay.served import Made, Served
from recsim.scenario import Scenario

MOST_REQUESTS = 1_000
"""Requests of a day held against the oracle, evenly spaced over the day: each costs a pass over the catalogue."""

METRIC = "utility_share"


@dataclass(frozen=True)
class Truth:
    """The formulas of a world, and `tenant[p]`: whose each product is."""

    known: Judge
    tenant: NDArray[np.int32]

    @classmethod
    def of(cls, world: Dataset, tenant: NDArray[np.int32]) -> Truth | None:
        """The truth of a world; None where nobody knows it: it was imported, or made by another version."""
        manifest = world.manifest
        if not world.synthetic or manifest.scenario is None or manifest.facts.get("generator") != GENERATOR:
            return None
        return cls(Judge.of(Scenario.model_validate(manifest.scenario)), tenant)

    def day(self, label: str) -> int:
        """The day of the world of a date; -1 outside of it."""
        calendar = self.known.scenario.calendar
        day = (date.fromisoformat(label) - calendar.first_day).days
        return day if 0 <= day < calendar.days else -1

    def share(self, one: Made, tenant: int, depth: int, day: int) -> float:
        """`utility_share` of a slate served on a day of the world."""
        mine = np.flatnonzero((self.tenant == tenant) & self.known.sold(day))
        utility = self.known.utility(np.array([one.user]), day)[0]
        average = float(utility[mine].mean())
        k = min(depth, len(mine))
        best = float(np.partition(utility[mine], len(mine) - k)[len(mine) - k :].mean())
        served = utility[one.slate.products[:k]] if one.slate is not None else utility[:0]
        gained = float((served - average).sum()) / k
        return gained / (best - average) if best > average else 0.0


def judge_truth(
    served: Served, truth: Truth, tenants: list[str], *, depth: int, seed: int, replicates: int
) -> list[dict[str, Any]]:
    """Rows of `utility_share` of a day, of all surfaces but search together and of each."""
    judged = [one for one in served.made if one.surface != "search" and one.status == 200]
    day = truth.day(served.day)
    if not judged or day < 0:
        return []
    some = np.unique(np.linspace(0, len(judged) - 1, min(MOST_REQUESTS, len(judged))).astype(np.int64))
    chosen = [judged[place] for place in some]
    values = np.array([[truth.share(one, tenants.index(one.tenant), depth, day)] for one in chosen])
    return tabulate(
        served.day,
        [METRIC],
        values,
        chosen,
        lambda values, users: intervals(values, users, seed=seed, replicates=replicates),
    )
