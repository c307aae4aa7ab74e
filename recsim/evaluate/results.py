"""From values a user to the results document and the per-user table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.splits import Split
from recsim.metrics.base import Metric, Score
from recsim.metrics.bootstrap import intervals
from recsim.scenario import Scenario

ORACLE = "oracle"


@dataclass(frozen=True)
class Entry:
    """One recommender's values[n, metrics] for `users[n]`, and how it answered them.

    `answered`: users who got a list. `short_lists`: users whose list has empty places, the unanswered among them.
    `duplicates`: places dropped because they repeated a product.
    """

    recommender: str
    users: NDArray[np.int64]
    values: NDArray[np.float64]
    answered: int
    short_lists: int
    duplicates: int


@dataclass(frozen=True)
class Board:
    """All entries, with the scores[entry][metric] made from them."""

    entries: Sequence[Entry]
    metrics: Sequence[Metric]
    scores: Sequence[Sequence[Score]]
    depth: int

    @classmethod
    def of(cls, entries: Sequence[Entry], metrics: Sequence[Metric], *, depth: int, scenario: Scenario) -> Board:
        """Means and intervals; all entries are resampled alike, so differences between them are paired."""
        users = entries[0].users
        values = np.hstack([entry.values for entry in entries])
        low, high = intervals(values, users, seed=scenario.seed, replicates=scenario.evaluation.bootstrap)
        mean = values.mean(axis=0)
        scores = [
            [
                Score(metric.name, float(mean[at]), float(low[at]), float(high[at]), len(users))
                for at, metric in enumerate(metrics, start=place * len(metrics))
            ]
            for place in range(len(entries))
        ]
        return cls(entries, metrics, scores, depth)


def _ranked(board: Board) -> list[int]:
    """Places of the entries, best of the first metric first, names breaking ties."""
    return sorted(range(len(board.entries)), key=lambda at: (-board.scores[at][0].value, board.entries[at].recommender))


def leaderboard(board: Board) -> list[str]:
    """Names of the recommenders, best of the first metric first; the oracle is none."""
    names = [board.entries[at].recommender for at in _ranked(board)]
    return [name for name in names if name != ORACLE]


def results(scenario: Scenario, world: Dataset, split: Split, board: Board) -> dict[str, Any]:
    """The results document. It depends on the scenario and the world alone."""
    return {
        "verb": "evaluate",
        "world": world.name,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "split": {"kind": split.kind, **split.facts},
        "protocol": {
            "candidates": "every product",
            "seen_products": "left out",
            "list_depth": board.depth,
            "users": "all with a test product; one without a list scores 0",
            "ties": "by product id",
            "intervals": f"95 %, Poisson bootstrap over users, {scenario.evaluation.bootstrap} replicates",
        },
        "metrics": [{"metric": metric.name, "formula": metric.definition.formula} for metric in board.metrics],
        "leaderboard": leaderboard(board),
        "scores": [row for at in _ranked(board) for row in _score_rows(board, at)],
        "lists": [_list_row(board.entries[at]) for at in _ranked(board)],
    }


def _score_rows(board: Board, at: int) -> list[dict[str, Any]]:
    oracle = next((place for place, entry in enumerate(board.entries) if entry.recommender == ORACLE), None)
    rows = []
    for column, score in enumerate(board.scores[at]):
        best = 0.0 if oracle is None else board.scores[oracle][column].value
        rows.append(
            {
                "recommender": board.entries[at].recommender,
                "metric": score.metric,
                "segment": "all",
                "value": score.value,
                "low": score.low,
                "high": score.high,
                "users": score.users,
                "share_of_oracle": score.value / best if best > 0 and at != oracle else None,
            }
        )
    return rows


def _list_row(entry: Entry) -> dict[str, Any]:
    users = len(entry.users)
    return {
        "recommender": entry.recommender,
        "users": users,
        "answered_share": entry.answered / users,
        "short_lists": entry.short_lists,
        "duplicates": entry.duplicates,
    }


def write_per_user(path: Path, board: Board) -> None:
    """One row a recommender and user, one column a metric."""
    names = [entry.recommender for entry in board.entries]
    codes = np.repeat(np.arange(len(names), dtype=np.int32), [len(entry.users) for entry in board.entries])
    values = np.vstack([entry.values for entry in board.entries])
    columns: dict[str, pa.Array] = {
        "recommender": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names)),
        "user_id": pa.array(np.concatenate([entry.users for entry in board.entries])),
    }
    columns |= {metric.name: pa.array(values[:, at]) for at, metric in enumerate(board.metrics)}
    pq.write_table(pa.table(columns), path, compression="zstd", compression_level=1)
