"""From values a case to what a table says: means with intervals, paired differences, seeds, segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.evaluate.contest import Field, Sums, Tally
from recsim.metrics.base import Metric, Score
from recsim.metrics.bootstrap import intervals
from recsim.metrics.significance import Test, compare, split_seeds

MOST_RANDOMISED = 100_000
"""Users above which the t test takes the place of the randomisation test: they agree to three digits there."""

_NORMAL = 1.959963984540054


@dataclass(frozen=True)
class Sampling:
    """How luck is measured: the seed of resamples, how many, and the paired test."""

    seed: int
    replicates: int
    test: Test

    def test_for(self, users: int) -> Test:
        return "t" if users > MOST_RANDOMISED else self.test


def pooled(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """All tasks, one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def scores_of(field: Field, metrics: Sequence[Metric], sampling: Sampling) -> list[list[Score]]:
    """The scores of every contender; users are resampled alike for all of them and with all their cases."""
    users = np.concatenate(field.users)
    values = np.hstack([pooled(tally.values) for tally in field.tallies])
    low, high = intervals(values, users, seed=sampling.seed, replicates=sampling.replicates)
    return [
        [
            _score(tally, metric, column, float(low[at]), float(high[at]))
            for column, (at, metric) in enumerate(enumerate(metrics, start=place * len(metrics)))
        ]
        for place, tally in enumerate(field.tallies)
    ]


def _score(tally: Tally, metric: Metric, column: int, low: float, high: float) -> Score:
    """A whole-run metric is the mean over tasks; the others are means over cases."""
    weights = np.array([np.count_nonzero(~np.isnan(part[:, column])) for part in tally.values], np.float64)
    if metric.whole_run:
        value, users = _mean([part[column] for part in tally.whole], np.ones(len(tally.whole))), tally.ledger().answered
    else:
        value, users = _mean([_nanmean(part[:, column]) for part in tally.values], weights), int(weights.sum())
    answered = np.array([ledger.answered for ledger in tally.ledgers], np.float64)
    return Score(
        metric=metric.name,
        value=value,
        low=None if np.isnan(low) else low,
        high=None if np.isnan(high) else high,
        users=users,
        answered=_or_none(_mean([part[column] for part in tally.answered], answered)),
        warm=_or_none(_mean([part[column] for part in tally.warm], np.ones(len(tally.warm)))),
    )


def differences(field: Field, metrics: Sequence[Metric], sampling: Sampling, *, without: str) -> list[dict[str, Any]]:
    """All pairs of contenders but `without`, metric by metric; Holm's correction is over the pairs of a metric."""
    tallies = [tally for tally in field.tallies if tally.name != without]
    users = np.concatenate(field.users)
    found = []
    for column, metric in enumerate(metrics):
        if metric.whole_run or len(tallies) < 2:
            continue
        values = np.column_stack([pooled([part[:, column] for part in tally.values]) for tally in tallies])
        by_user, ids = per_user(values, users)
        test = sampling.test_for(len(ids))
        rows = compare(
            by_user, ids, [tally.name for tally in tallies], metric=metric.name, seed=sampling.seed, test=test,
            resamples=sampling.replicates,
        )  # fmt: skip
        found += [{**asdict(row), "test": test} for row in rows]
    return found


def per_user(values: NDArray[np.float64], users: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One row a user, so that rows are independent: his cases added up, scaled so that the mean stays that of cases.

    Cases without a value in some column are left out.
    """
    known = ~np.isnan(values).any(axis=1)
    values, users = values[known], users[known]
    ids, place = np.unique(users, return_inverse=True)
    if len(ids) == len(users):
        order = np.argsort(users, kind="stable")
        return values[order], ids
    sums: NDArray[np.float64] = np.column_stack([np.bincount(place, column, len(ids)) for column in values.T])
    return sums * (len(ids) / len(users)), ids


def seeds_of(field: Field, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """For contenders fitted with several seeds, whose luck a mean's uncertainty is: the users' or the seeds'."""
    found = []
    users = np.concatenate(field.users)
    for tally in field.tallies:
        if tally.seeds < 2:
            continue
        stack = np.concatenate(tally.by_seed, axis=1)
        for column, metric in enumerate(metrics):
            if metric.whole_run or np.isnan(stack[:, :, column]).any():
                continue
            by_user, _ = per_user(stack[:, :, column].T, users)
            if len(by_user) > 1:
                means = stack[:, :, column].mean(axis=1)
                row = {"recommender": tally.name, "metric": metric.name, "seeds": tally.seeds}
                split = split_seeds(by_user.T)
                found.append(
                    {**row, "by_seed": means.tolist(), "mean": split.mean, "users_error": split.users,
                     "seeds_error": split.seeds, "both_error": split.both, "seed_share": split.seed_share}
                )  # fmt: skip
    return found


@dataclass(frozen=True)
class SegmentCell:
    """One metric of one contender over a part of the users or products, with a 95 % interval by the normal law."""

    recommender: str
    metric: str
    segment: str
    value: float
    low: float | None
    high: float | None
    users: int


def segment_cells(field: Field, metrics: Sequence[Metric]) -> list[SegmentCell]:
    """Every partition of users and of products that divides anything, in the order of its names."""
    cells: list[SegmentCell] = []
    usual = [metric for metric in metrics if not metric.whole_run]
    columns = [at for at, metric in enumerate(metrics) if not metric.whole_run]
    for partition, (names, codes) in field.groups.items():
        code = np.concatenate(codes)
        present = [at for at in range(len(names)) if (code == at).any()]
        if len(present) < 2:
            continue
        chosen = [np.flatnonzero(code == at) for at in present]
        for tally in field.tallies:
            values = pooled(tally.values)[:, columns]
            for at, rows in zip(present, chosen, strict=True):
                cells += _cells(tally.name, usual, f"{partition}: {names[at]}", Sums.of(values[rows]))
    truthful = [metric for metric in usual if metric.definition.looks_at_truth]
    for tally in field.tallies:
        partitions = [partition for partition, _ in tally.parts]
        for (partition, name), sums in tally.parts.items():
            if partitions.count(partition) > 1:
                cells += _cells(tally.name, truthful, f"product {partition}: {name}", sums)
    return cells


def _cells(name: str, metrics: Sequence[Metric], segment: str, sums: Sums) -> list[SegmentCell]:
    cells = []
    for column, metric in enumerate(metrics):
        n = int(sums.number[column])
        if not n:
            continue
        mean = float(sums.total[column] / n)
        low = high = None
        if n > 1:
            variance = max(float(sums.squares[column]) - n * mean**2, 0.0) / (n - 1)
            half = _NORMAL * (variance / n) ** 0.5
            low = max(mean - half, min(metric.definition.least, mean))
            high = min(mean + half, max(metric.definition.most, mean))
        cells.append(SegmentCell(name, metric.name, segment, mean, low, high, n))
    return cells


def notes_of(cells: Sequence[SegmentCell], leader: str, metric: str, overall: float) -> list[dict[str, Any]]:
    """Where the leader is worst, and where another one leads by more than both intervals."""
    by_segment: dict[str, list[SegmentCell]] = {}
    for cell in cells:
        if cell.metric == metric and cell.recommender != "oracle":
            by_segment.setdefault(cell.segment, []).append(cell)
    own = [cell for rows in by_segment.values() for cell in rows if cell.recommender == leader]
    below = [cell for cell in own if cell.high is not None and cell.high < overall and not _is_product(cell)]
    notes: list[dict[str, Any]] = []
    if below:
        worst = min(below, key=lambda cell: (cell.value, cell.segment))
        notes.append(
            {"note": "worst segment", "segment": worst.segment, "recommender": leader, "metric": metric,
             "value": worst.value, "overall": overall, "users": worst.users}
        )  # fmt: skip
    for segment, rows in by_segment.items():
        best = max(rows, key=lambda cell: (cell.value, cell.recommender))
        mine = next((cell for cell in rows if cell.recommender == leader), None)
        if mine is None or best is mine or best.low is None or mine.high is None or best.low <= mine.high:
            continue
        notes.append(
            {"note": "another leads", "segment": segment, "recommender": best.recommender, "metric": metric,
             "value": best.value, "leader": mine.value, "users": best.users}
        )  # fmt: skip
    return notes


def _is_product(cell: SegmentCell) -> bool:
    return cell.segment.startswith("product ")


def _mean(values: Sequence[float], weights: NDArray[np.float64]) -> float:
    known = ~np.isnan(np.array(values, np.float64))
    if not weights[known].sum():
        return float("nan")
    return float(np.average(np.array(values, np.float64)[known], weights=weights[known]))


def _nanmean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
