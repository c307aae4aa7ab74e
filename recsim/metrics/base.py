"""What a metric is: a name that parses, a value a user, and a mean with its interval."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.metrics import METRICS
from recsim.metrics.judged import Judged

DEEPEST = 10_000
"""The largest k a metric may ask for."""

_NAME = re.compile(r"(?P<family>[^@]*)(?:@(?P<k>.*))?", re.DOTALL)


@dataclass(frozen=True)
class Definition:
    """A family of metrics: `formula` in one line, and `per_user(judged, k)` that gives float64[n], one a user.

    `whole_list` tells whether the name without `@k` has a meaning: the metric over the full list.
    """

    formula: str
    per_user: Callable[[Judged, int], NDArray[np.float64]]
    whole_list: bool = False


@dataclass(frozen=True)
class Metric:
    """`recall@20`: a family and a depth. `k` is None for the full depth of the list. `str()` is the name again."""

    family: str
    k: int | None

    @property
    def name(self) -> str:
        return self.family if self.k is None else f"{self.family}@{self.k}"

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> Definition:
        found: Definition = METRICS.load(self.family)
        return found

    def per_user(self, judged: Judged) -> NDArray[np.float64]:
        """The metric of each user of `judged`: float64[n]. The lists must be as deep as k."""
        k = judged.depth if self.k is None else self.k
        if k > judged.depth:
            raise ValueError(f"{self.name} needs lists of {k} places, these were judged to {judged.depth}")
        return self.definition.per_user(judged, k)


@dataclass(frozen=True)
class Score:
    """The mean of a metric over `users` users and its 95 % interval."""

    metric: str
    value: float
    low: float
    high: float
    users: int


def parse(name: str) -> Metric:
    """The metric a name stands for; raises `BadInput` with a suggestion."""
    match = _NAME.fullmatch(name)
    assert match is not None, "the pattern takes any text"
    family, depth = match["family"], match["k"]
    definition: Definition = METRICS.load(family)
    if depth is None:
        if not definition.whole_list:
            raise BadInput(f'metric "{name}" needs a depth; write for example {family}@20.')
        return Metric(family, None)
    if not re.fullmatch(r"[1-9][0-9]*", depth) or int(depth) > DEEPEST:
        raise BadInput(f'metric "{name}" has no valid depth: it is a whole number from 1 to {DEEPEST}, as {family}@20.')
    return Metric(family, int(depth))


def depth_of(metrics: Sequence[Metric]) -> int:
    """How long lists must be for all of these: the largest k, or 20 where none has one."""
    return max((metric.k for metric in metrics if metric.k is not None), default=20)
