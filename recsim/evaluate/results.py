"""The results document of an evaluation, and the table of values a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.evaluate.as_tool import rows_as
from recsim.evaluate.contest import Field, Tally
from recsim.evaluate.leakage import Checked
from recsim.evaluate.statistics import (
    MOST_RANDOMISED,
    Sampling,
    SegmentCell,
    differences,
    notes_of,
    scores_of,
    seeds_of,
    segment_cells,
)
from recsim.metrics.base import Metric, Score
from recsim.scenario import Scenario

ORACLE = "oracle"


@dataclass(frozen=True)
class Board:
    """All contenders with their scores, best first of the first metric."""

    field: Field
    metrics: Sequence[Metric]
    scores: Mapping[str, Sequence[Score]]
    ranked: Sequence[Tally]

    @classmethod
    def of(cls, field: Field, metrics: Sequence[Metric], sampling: Sampling) -> Board:
        rows = scores_of(field, metrics, sampling)
        scores = {tally.name: found for tally, found in zip(field.tallies, rows, strict=True)}
        sign = 1.0 if metrics[0].definition.better == "lower" else -1.0

        def key(tally: Tally) -> tuple[float, str]:
            value = scores[tally.name][0].value
            return (np.inf if np.isnan(value) else sign * value, tally.name)

        return cls(field, metrics, scores, sorted(field.tallies, key=key))

    @property
    def leaderboard(self) -> list[str]:
        """Names, best of the first metric first; the oracle is none."""
        return [tally.name for tally in self.ranked if tally.name != ORACLE]


def results(
    scenario: Scenario,
    world: Dataset,
    board: Board,
    sampling: Sampling,
    checked: Checked,
    *,
    kind: str,
    masked: bool,
    depth: int,
    imported: Mapping[str, Mapping[str, int]],
    tools: Sequence[str] = (),
) -> dict[str, Any]:
    """The results document. It depends on the scenario, the world and the files named alone."""
    field, metrics = board.field, board.metrics
    cells = segment_cells(field, metrics)
    leader = board.leaderboard[0] if board.leaderboard else ORACLE
    evaluation = scenario.evaluation
    return {
        "verb": "evaluate",
        "world": world.name,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "split": _split(field, kind),
        "protocol": {
            "candidates": "every product",
            "judged_on": f"the {evaluation.judge_on} part",
            "seen_products": "left out of lists and truth" if masked else "kept: they may be recommended and count",
            "list_depth": depth,
            "users": "all with a test product; one without a list scores 0",
            "ties": "the mean over all orders" if evaluation.ties == "expected" else "as listed",
            "intervals": f"95 %, Poisson bootstrap over users, {sampling.replicates} replicates; of segments by the "
            "normal law",
            "tests": f"paired {sampling.test} over users (t above {MOST_RANDOMISED:,}), Holm over the pairs",
            "model_seeds": max(tally.seeds for tally in field.tallies),
        },
        "metrics": [_metric(metric) for metric in metrics],
        "leaderboard": board.leaderboard,
        "scores": [
            *(row for tally in board.ranked for row in _score_rows(board, tally)),
            *(_segment_row(cell) for cell in cells),
        ],
        "lists": [_list_row(tally, imported.get(tally.name)) for tally in board.ranked],
        "differences": differences(_in_order(board), metrics, sampling, without=ORACLE),
        "as_tools": [
            row
            for tally in board.ranked
            if tally.name != ORACLE
            for row in rows_as(
                tools, metrics, tally.name, tally.as_tools, [score.value for score in board.scores[tally.name]]
            )
        ],
        "seeds": seeds_of(field, metrics),
        "tasks": _tasks(board),
        "notes": notes_of(cells, leader, metrics[0].name, board.scores[leader][0].value),
        "leakage": checked.document(),
    }


def _in_order(board: Board) -> Field:
    """The field with its tallies best first, so that a difference is the better minus the worse."""
    return Field(**{**vars(board.field), "tallies": list(board.ranked)})


def _metric(metric: Metric) -> dict[str, Any]:
    definition = metric.definition
    return {
        "metric": metric.name,
        "formula": definition.formula,
        "source": definition.source,
        "better": definition.better,
        "of": "the whole run" if metric.whole_run else "a user",
    }


def _split(field: Field, kind: str) -> dict[str, Any]:
    """The facts of the one task; of several their number and the users and cases in all."""
    if len(field.facts) == 1:
        return {"kind": kind, **field.facts[0]}
    users = np.concatenate(field.users)
    return {"kind": kind, "tasks": len(field.facts), "users": len(np.unique(users)), "cases": len(users)}


def _score_rows(board: Board, tally: Tally) -> list[dict[str, Any]]:
    best = board.scores.get(ORACLE)
    rows = []
    for column, score in enumerate(board.scores[tally.name]):
        top = 0.0 if best is None else best[column].value
        share = score.value / top if top > 0 and tally.name != ORACLE and _is_share(board.metrics[column]) else None
        row = {"recommender": tally.name, "segment": "all", **asdict(score), "share_of_oracle": share}
        rows.append({**row, "value": None if np.isnan(score.value) else score.value})
    return rows


def _is_share(metric: Metric) -> bool:
    """Whether the oracle's value is the most there is: of metrics of relevance that are better when higher."""
    return metric.definition.looks_at_truth and metric.definition.better == "higher" and not metric.whole_run


def _segment_row(cell: SegmentCell) -> dict[str, Any]:
    return {**asdict(cell), "answered": None, "warm": None, "share_of_oracle": None}


def _list_row(tally: Tally, imported: Mapping[str, int] | None) -> dict[str, Any]:
    ledger = tally.ledger()
    row = {
        "recommender": tally.name,
        **asdict(ledger),
        "answered_share": ledger.answered_share,
        "short_lists": ledger.short + ledger.unanswered,
        "seeds": tally.seeds,
    }
    return row if imported is None else {**row, "imported": dict(imported)}


def _tasks(board: Board) -> list[dict[str, Any]]:
    """The value of every contender on every window or fold; nothing where there is one task."""
    field = board.field
    if len(field.facts) == 1:
        return []
    found = []
    for at, (name, facts) in enumerate(zip(field.names, field.facts, strict=True)):
        values = [
            {"recommender": tally.name, "metric": metric.name, "value": _value(tally, at, column, metric)}
            for tally in board.ranked
            for column, metric in enumerate(board.metrics)
        ]
        found.append({"task": name, "facts": dict(facts), "scores": values})
    return found


def _value(tally: Tally, task: int, column: int, metric: Metric) -> float | None:
    values = tally.whole[task][column] if metric.whole_run else _mean(tally.values[task][:, column])
    return None if np.isnan(values) else float(values)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def write_per_user(path: Path, field: Field, metrics: Sequence[Metric], *, by_case: bool) -> None:
    """One row a recommender and case, one column a metric; the task and the case where a user has several."""
    columns = [(at, metric) for at, metric in enumerate(metrics) if not metric.whole_run]
    several = len(field.facts) > 1
    names = pa.array([tally.name for tally in field.tallies])
    schema = pa.schema(
        [
            ("recommender", pa.dictionary(pa.int32(), pa.string())),
            *([("task", pa.string())] if several else []),
            ("user_id", pa.int64()),
            *([("case", pa.int64())] if by_case else []),
            *((metric.name, pa.float64()) for _, metric in columns),
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for place, tally in enumerate(field.tallies):
            for task, values in enumerate(tally.values):
                size = len(values)
                codes = pa.array(np.full(size, place, np.int32))
                arrays = [pa.DictionaryArray.from_arrays(codes, names)]
                arrays += [pa.array([field.names[task]] * size)] if several else []
                arrays += [pa.array(field.users[task])]
                arrays += [pa.array(field.cases[task])] if by_case else []
                arrays += [pa.array(values[:, at]) for at, _ in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
