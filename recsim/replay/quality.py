"""How good the served slates were, held against what the users did next.

One definition for every surface. The relevant products of a request are the distinct products the user viewed, put in
the cart or bought in the 24 hours after it (the instant itself not counted), without those its surface would not show:
outside search, the recently viewed ones of the user's feature record, and the product the page is about. Requests
without a relevant product are counted and not judged; an empty or refused slate that had something to find counts
with no hits. Values are means over requests; intervals resample users, so that a user with many requests does not make
them look narrower than they are. On the last day of a log the 24 hours are cut short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.metrics.base import parse
from recsim.metrics.bootstrap import intervals
from recsim.metrics.judged import judge
from recsim.replay.served import Made, Served
from recsim.units import US_PER_DAY

HORIZON_US = US_PER_DAY
CHOSEN = ("view_product", "add_to_cart", "purchase")
"""Events that make a product relevant."""

SURFACE_ORDER = ("all", "home", "search", "product", "cart", "bought", "because", "search_based")


@dataclass(frozen=True)
class Choices:
    """What sampled users chose, as columns of n in order of (user, time)."""

    users: NDArray[np.int64]
    at_us: NDArray[np.int64]
    products: NDArray[np.int64]

    @classmethod
    def of(cls, tables: Sequence[pa.Table]) -> Choices:
        """The choices in as-of tables of consecutive days."""
        kept = [table.filter(pc.is_in(table["event_type"], pa.array(CHOSEN))) for table in tables]
        users = np.concatenate([table["user_id"].to_numpy() for table in kept])
        at_us = np.concatenate([pc.cast(table["event_timestamp"], pa.int64()).to_numpy() for table in kept])
        products = np.concatenate([table["product_id"].to_numpy().astype(np.int64) for table in kept])
        order = np.lexsort((products, at_us, users))
        return cls(users[order], at_us[order], products[order])

    def after(self, user: int, at_us: int) -> NDArray[np.int64]:
        """The distinct products a user chose in the 24 hours after an instant, in rising order."""
        first, end = np.searchsorted(self.users, [user, user + 1])
        start = first + np.searchsorted(self.at_us[first:end], at_us, side="right")
        stop = first + np.searchsorted(self.at_us[first:end], at_us + HORIZON_US, side="right")
        return np.unique(self.products[start:stop])


def relevant_products(one: Made, choices: Choices) -> NDArray[np.int64]:
    """What there was to find for a request."""
    return np.setdiff1d(choices.after(one.user, one.at_us), one.hidden)


def judge_day(
    served: Served, choices: Choices, *, products: int, depth: int, seed: int, replicates: int
) -> list[dict[str, Any]]:
    """Rows of recall, NDCG and hit rate at `depth` of a day, of all surfaces together and of each."""
    if not served.made:
        return []
    found = [relevant_products(one, choices) for one in served.made]
    indptr = np.concatenate([[0], np.cumsum([len(some) for some in found])])
    columns = np.concatenate(found)
    truth = csr_matrix((np.ones(len(columns), np.int8), columns, indptr), shape=(len(found), products))
    slates = np.full((len(found), depth), -1, np.int64)
    for row, one in enumerate(served.made):
        if one.slate is not None:
            slates[row, : len(one.slate.products)] = one.slate.products[:depth]
    judged = judge(np.arange(len(found)), slates, truth)
    metrics = [parse(f"{family}@{depth}") for family in ("recall", "ndcg", "hit")]
    values = np.stack([metric.per_user(judged) for metric in metrics], axis=1)
    return tabulate(
        served.day,
        [metric.name for metric in metrics],
        values,
        [served.made[row] for row in judged.users],
        lambda values, users: intervals(values, users, seed=seed, replicates=replicates),
    )


Intervals = Callable[[NDArray[np.float64], NDArray[np.int64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


def tabulate(
    day: str, metrics: list[str], values: NDArray[np.float64], made: list[Made], interval: Intervals
) -> list[dict[str, Any]]:
    """One row a (surface, metric) of values[requests, metrics], all surfaces first."""
    users = np.array([one.user for one in made], np.int64)
    surfaces = np.array([one.surface for one in made], dtype=object)
    rows = []
    for surface in SURFACE_ORDER:
        chosen = np.flatnonzero((surfaces == surface) | (surface == "all"))
        if not len(chosen):
            continue
        low, high = interval(values[chosen], users[chosen])
        for column, metric in enumerate(metrics):
            rows.append(
                {
                    "day": day,
                    "surface": surface,
                    "metric": metric,
                    "value": round(float(values[chosen, column].mean()), 6),
                    "low": round(float(low[column]), 6),
                    "high": round(float(high[column]), 6),
                    "requests": len(chosen),
                    "users": len(np.unique(users[chosen])),
                }
            )
    return rows
