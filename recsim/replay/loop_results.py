"""What the closed loop leaves behind: a row for each product looked at, rates by day and surface, A/B differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.metrics.bootstrap import intervals, resampled_means
from recsim.replay.loop import SURFACES, Outcome
from recsim.replay.quality import tabulate
from recsim.replay.served import Served
from recsim.schema.columns import arrow_schema
from recsim.schema.tables import LoopOutcome

METRICS = ["clicks", "carts", "orders"]
_COLUMNS = {"clicks": "clicked", "carts": "carted", "orders": "bought"}
_Z95 = 1.959964
_NO_SPREAD = 1e-12


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


def arm_of(table: pa.Table, users: int) -> dict[str, Any]:
    """What came of an arm's slates: choices that users made, of which how many for a slate, and how far they went."""
    counted = {name: int(pc.sum(table[column]).as_py() or 0) for name, column in _COLUMNS.items()}
    choices = len(pc.unique(table["event_id"]))
    return {
        "users": users, "requests_looked_at": len(pc.unique(table["request_id"])), "choices": choices,
        "organic": choices - counted["clicks"], **counted,
    }  # fmt: skip


def by_rank(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of the impressions that were looked at, by rank: their mean propensity, and what came of them."""
    grouped = table.group_by("rank").aggregate(
        [("propensity", "mean"), ("propensity", "count"), *((column, "sum") for column in _COLUMNS.values())]
    )
    return [
        {
            "rank": row["rank"], "impressions": row["propensity_count"],
            "mean_propensity": round(row["propensity_mean"], 6),
            **{name: int(row[f"{column}_sum"] or 0) for name, column in _COLUMNS.items()},
        }
        for row in grouped.sort_by("rank").to_pylist()
    ]  # fmt: skip


def by_surface(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of the slates that were looked at, by surface, and what came of them."""
    grouped = (
        table.unify_dictionaries()
        .group_by("surface")
        .aggregate([("request_id", "count_distinct"), *((column, "sum") for column in _COLUMNS.values())])
    )
    return [
        {
            "surface": row["surface"], "requests_looked_at": row["request_id_count_distinct"],
            **{name: int(row[f"{column}_sum"] or 0) for name, column in _COLUMNS.items()},
        }
        for row in sorted(grouped.to_pylist(), key=lambda row: str(row["surface"]))
    ]  # fmt: skip


def compare(
    a: NDArray[np.float64], b: NDArray[np.float64], redrawn: NDArray[np.float64], *, seed: int, replicates: int
) -> list[dict[str, Any]]:
    """Rows of B minus A per user, paired, with the 95 % interval of the mean over users (normal), and what the interval
    is with independent numbers: `redrawn` is B again with other random numbers. `variance_ratio` is the variance of the
    difference with independent numbers over that with common ones, with its 95 % interval by a bootstrap over users;
    None where the latter is 0."""
    rows = []
    common, independent = b - a, redrawn - a
    ends = _ratio_ends(independent, common, seed=seed, replicates=replicates)
    for column, metric in enumerate(METRICS):
        spread, other = (_half_width(values[:, column]) for values in (common, independent))
        mean = float(common[:, column].mean())
        low, high = ends[column] if spread else (None, None)
        rows.append(
            {
                "metric": f"{metric}_per_user", "a": round(float(a[:, column].mean()), 6),
                "b": round(float(b[:, column].mean()), 6), "difference": round(mean, 6),
                "low": round(mean - spread, 6), "high": round(mean + spread, 6), "users": len(a),
                "independent_half_width": round(other, 6), "common_half_width": round(spread, 6),
                "variance_ratio": round((other / spread) ** 2, 4) if spread else None,
                "ratio_low": low, "ratio_high": high,
                "users_that_differ": int(np.count_nonzero(common[:, column])),
            }
        )  # fmt: skip
    return rows


def _ratio_ends(
    above: NDArray[np.float64], below: NDArray[np.float64], *, seed: int, replicates: int
) -> list[tuple[float | None, float | None]]:
    """The 2.5 and 97.5 % quantiles of the ratio of two variances over resampled users, for each column; None where
    resamples have none."""
    users = np.arange(len(above), dtype=np.int64)
    columns = above.shape[1]
    moments = np.hstack([above, above**2, below, below**2])
    means = resampled_means(moments, users, seed=seed, replicates=replicates)
    parts = [means[:, part * columns : (part + 1) * columns] for part in range(4)]
    upper, lower = parts[1] - parts[0] ** 2, parts[3] - parts[2] ** 2
    found: list[tuple[float | None, float | None]] = []
    for column in range(columns):
        has = lower[:, column] > _NO_SPREAD
        ends = np.quantile(upper[has, column] / lower[has, column], (0.025, 0.975)) if has.any() else None
        found.append((None, None) if ends is None else (round(float(ends[0]), 4), round(float(ends[1]), 4)))
    return found


def _half_width(values: NDArray[np.float64]) -> float:
    return _Z95 * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else 0.0
