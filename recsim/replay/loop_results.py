"""What the closed loop leaves behind: a row for each product looked at, rates by day and surface, A/B differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.metrics.bootstrap import intervals
from recsim.replay.loop import SURFACES, Outcome
from recsim.replay.quality import tabulate
from recsim.replay.served import Served
from recsim.schema.columns import arrow_schema
from recsim.schema.tables import LoopOutcome

METRICS = ["clicks", "carts", "orders"]
_Z95 = 1.959964


def outcome_table(outcomes: list[Outcome]) -> pa.Table:
    """The outcomes of a day, a row for each product of a slate that was looked at."""
    rows = []
    for one in outcomes:
        place = 0
        for made in one.looked:
            slate = made.slate
            assert slate is not None
            for rank, product in enumerate(slate.products.tolist()):
                chosen = place == one.place
                rows.append(
                    (
                        made.request_id, one.offer.event, one.offer.user, made.surface, rank + 1, product,
                        float(slate.propensities[rank]), slate.policy, one.offer.product, chosen,
                        chosen and one.carted, chosen and one.bought,
                    )
                )  # fmt: skip
                place += 1
    schema = arrow_schema(LoopOutcome)
    if not rows:
        return schema.empty_table()
    columns = [pa.array(list(column)) for column in zip(*rows, strict=True)]
    return pa.Table.from_arrays(columns, names=schema.names).cast(schema)


def rates(served: Served, outcomes: list[Outcome], *, seed: int, replicates: int) -> list[dict[str, Any]]:
    """Rows of clicks, carts and orders per request of a day, of all surfaces together and of each."""
    made = [one for one in served.made if one.slate is not None and one.surface in SURFACES]
    if not made:
        return []
    counted: dict[int, tuple[float, float, float]] = {}
    for one in outcomes:
        if one.place is not None:
            ends = np.cumsum([len(shown.slate.products) for shown in one.looked if shown.slate is not None])
            clicked = one.looked[int(np.searchsorted(ends, one.place, side="right"))]
            counted[clicked.request_id] = (1.0, float(one.carted), float(one.bought))
    values = np.array([counted.get(one.request_id, (0.0, 0.0, 0.0)) for one in made])
    return tabulate(
        served.day, METRICS, values, made,
        lambda values, users: intervals(values, users, seed=seed, replicates=replicates),
    )  # fmt: skip


def per_user(table: pa.Table, users: NDArray[np.int64]) -> NDArray[np.float64]:
    """Clicks, carts and orders of each of the users, ascending: float64[users, 3]."""
    place = np.searchsorted(users, table["user_id"].to_numpy())
    columns = [table[name].to_numpy().astype(np.float64) for name in ("clicked", "carted", "bought")]
    return np.stack([np.bincount(place, weights=column, minlength=len(users)) for column in columns], axis=1)


def compare(a: NDArray[np.float64], b: NDArray[np.float64], redrawn: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Rows of B minus A per user, paired, with the 95 % interval of the mean over users (normal), and what the interval
    is with independent numbers: `redrawn` is B again with other random numbers. `variance_ratio` is the variance of the
    difference with independent numbers over that with common ones; None where the latter is 0."""
    rows = []
    for column, metric in enumerate(METRICS):
        common, independent = b[:, column] - a[:, column], redrawn[:, column] - a[:, column]
        spread, other = (_half_width(values) for values in (common, independent))
        mean = float(common.mean())
        rows.append(
            {
                "metric": f"{metric}_per_user", "a": round(float(a[:, column].mean()), 6),
                "b": round(float(b[:, column].mean()), 6), "difference": round(mean, 6),
                "low": round(mean - spread, 6), "high": round(mean + spread, 6), "users": len(a),
                "independent_half_width": round(other, 6), "common_half_width": round(spread, 6),
                "variance_ratio": round((other / spread) ** 2, 4) if spread else None,
                "users_that_differ": int(np.count_nonzero(common)),
            }
        )  # fmt: skip
    return rows


def _half_width(values: NDArray[np.float64]) -> float:
    return _Z95 * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else 0.0
