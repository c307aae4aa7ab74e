"""`--as TOOL`: the number another tool would print for the same lists, beside ours, and why it differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim.evaluate.lists import Lists
from recsim.evaluate.task import Task
from recsim.metrics.base import Metric
from recsim.metrics.conventions import CONVENTIONS
from recsim.metrics.conventions.convention import Convention
from recsim.metrics.conventions.lists import Run

Values = dict[tuple[str, str], float]
"""By (tool, metric)."""


def check_tools(tools: Sequence[str]) -> None:
    """Raises `BadInput` for an unknown tool."""
    for tool in tools:
        CONVENTIONS.load(tool)


def values_as(tools: Sequence[str], metrics: Sequence[Metric], lists: Lists, task: Task) -> Values:
    """What each tool prints for each metric that it has a notion of; NaN where it prints nothing."""
    if not tools:
        return {}
    seen = task.train.matrix if task.mask_seen and task.case_users is None else None
    run = Run(lists.cases, lists.places, task.truth, scores=lists.scores, seen=seen)
    found: Values = {}
    for tool in tools:
        convention: Convention = CONVENTIONS.load(tool)
        for metric in metrics:
            if convention.has(metric.family):
                found[tool, metric.name] = convention.value(metric.family, run, metric.k or lists.depth)
    return found


def rows_as(
    tools: Sequence[str], metrics: Sequence[Metric], name: str, by_task: Sequence[Values], ours: Sequence[float]
) -> list[dict[str, Any]]:
    """One row a tool and metric of one recommender; of several tasks the mean."""
    rows = []
    for tool in tools:
        convention: Convention = CONVENTIONS.load(tool)
        for metric, own in zip(metrics, ours, strict=True):
            known = convention.has(metric.family)
            value = float(np.mean([values[tool, metric.name] for values in by_task])) if known else float("nan")
            rows.append(
                {
                    "tool": tool,
                    "version": convention.version,
                    "recommender": name,
                    "metric": metric.name,
                    "value": None if np.isnan(value) else value,
                    "ours": None if np.isnan(own) else own,
                    "why": convention.why(metric.family) if known else "it has no such metric",
                }
            )
    return rows
