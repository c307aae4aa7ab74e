"""All metrics of one recommender's lists: values a user, values beside them, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.metrics.base import Metric, Score
from recsim.metrics.judged import Judged
from recsim.metrics.ledger import Ledger, ledger_of


@dataclass(frozen=True)
class Measured:
    """What `metrics` say of one recommender.

    `users`: int64[n]. `values`: float64[n, m], a column a metric, NaN where a user has no value (all of a whole-run
    metric). `means`: float64[m], the mean over users who have a value, or the value of the whole run. `counted`:
    int64[m], users with a value. `answered`, `warm`: float64[m], see `Score`; NaN where there is none.
    """

    metrics: tuple[Metric, ...]
    users: NDArray[np.int64]
    values: NDArray[np.float64]
    means: NDArray[np.float64]
    counted: NDArray[np.int64]
    answered: NDArray[np.float64]
    warm: NDArray[np.float64]
    ledger: Ledger

    def scores(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> list[Score]:
        """The scores, with the bounds that `bootstrap.intervals` gave for `values` (NaN becomes None)."""
        return [
            Score(
                metric=metric.name,
                value=float(self.means[at]),
                low=_or_none(low[at]),
                high=_or_none(high[at]),
                users=int(self.counted[at]),
                answered=_or_none(self.answered[at]),
                warm=_or_none(self.warm[at]),
            )
            for at, metric in enumerate(self.metrics)
        ]


def measure(metrics: Sequence[Metric], judged: Judged) -> Measured:
    """Compute every metric; raises `BadInput` where the context lacks what one needs."""
    n, m = len(judged.users), len(metrics)
    values = np.full((n, m), np.nan)
    means, answered, warm = np.full(m, np.nan), np.full(m, np.nan), np.full(m, np.nan)
    counted = np.zeros(m, np.int64)
    got = judged.answered
    for at, metric in enumerate(metrics):
        metric.check(judged.context)
        if metric.whole_run:
            means[at], counted[at] = metric.of_run(judged), np.count_nonzero(got)
            continue
        column = values[:, at] = metric.per_user(judged)
        counted[at] = np.count_nonzero(~np.isnan(column))
        means[at], answered[at] = mean_of(column), mean_of(column[got])
        if metric.definition.looks_at_truth and judged.warm is not None:
            warm[at] = mean_of(metric.per_user(judged.warm))
    return Measured(tuple(metrics), judged.users, values, means, counted, answered, warm, ledger_of(judged))


def mean_of(values: NDArray[np.float64]) -> float:
    """The mean over values that are numbers; NaN where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
