"""Every contender on every task: lists are made, checked, judged, logged and thrown away; values stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from recsim.evaluate.as_tool import Values, values_as
from recsim.evaluate.contenders import Contender, Spent
from recsim.evaluate.leakage import Checked, check_lists
from recsim.evaluate.lists import Lists
from recsim.evaluate.segments import People, truth_within
from recsim.evaluate.task import Task
from recsim.metrics.base import Metric
from recsim.metrics.context import Context, Groups
from recsim.metrics.judged import TieOrder, judge
from recsim.metrics.ledger import Ledger
from recsim.metrics.scoring import Measured, measure
from recsim.progress import Progress
from recsim.runs import Stopwatch

Hear = Callable[[int, Task, int, Lists], None]
"""Told of the lists of each contender: the task's number, the task, the contender's place, the lists."""


@dataclass(frozen=True)
class Rules:
    """How lists are judged. `seeds`: those each model is fitted with. `segments`: whether parts are judged as well.

    `tools`: other tools whose figures are wanted beside ours.
    """

    metrics: Sequence[Metric]
    depth: int
    ties: TieOrder
    seeds: Sequence[int]
    segments: bool
    tools: Sequence[str] = ()


@dataclass
class Sums:
    """Sum, sum of squares and number of values, a column a metric: all that the mean of a segment needs."""

    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    number: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Sums:
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0)
        return cls(filled.sum(axis=0), (filled**2).sum(axis=0), known.sum(axis=0))

    def add(self, other: Sums) -> None:
        self.total = self.total + other.total
        self.squares = self.squares + other.squares
        self.number = self.number + other.number


@dataclass
class Tally:
    """What is known of one contender so far, a task at a time.

    `values[task]`: float64[n, m], the mean over seeds; `by_seed[task]`: float64[seeds, n, m] where there are several.
    `whole`, `answered`, `warm`: float64[m] a task. `parts`: sums by (partition, group) of products.
    """

    name: str
    values: list[NDArray[np.float64]] = field(default_factory=list)
    by_seed: list[NDArray[np.float64]] = field(default_factory=list)
    whole: list[NDArray[np.float64]] = field(default_factory=list)
    answered: list[NDArray[np.float64]] = field(default_factory=list)
    warm: list[NDArray[np.float64]] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    as_tools: list[Values] = field(default_factory=list)
    parts: dict[tuple[str, str], Sums] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    seeds: int = 0
    peak_memory_bytes: int = 0

    def ledger(self) -> Ledger:
        """The counts of all tasks together."""
        first = self.ledgers[0]
        summed = {one.name: sum(getattr(ledger, one.name) for ledger in self.ledgers) for one in fields(Ledger)}
        return Ledger(**{**summed, "depth": first.depth})


@dataclass
class Field:
    """All contenders and what tasks have told so far.

    `users[task]`: the user of each case; `cases[task]`: the cases; `groups[partition]`: its names and, a task, the
    code of each case.
    """

    tallies: list[Tally]
    users: list[NDArray[np.int64]] = field(default_factory=list)
    cases: list[NDArray[np.int64]] = field(default_factory=list)
    groups: dict[str, tuple[tuple[str, ...], list[NDArray[np.int16]]]] = field(default_factory=dict)
    checked: list[Checked] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    facts: list[Mapping[str, object]] = field(default_factory=list)


def run_task(
    field_: Field,
    contenders: Sequence[Contender],
    task: Task,
    at: int,
    rules: Rules,
    *,
    people: People,
    context: Context,
    created: NDArray[np.int64] | None,
    hear: Hear,
    progress: Progress,
) -> None:
    """Add one task to the field."""
    cases = task.cases
    field_.users.append(task.users_of(cases))
    field_.cases.append(cases)
    field_.names.append(task.name)
    field_.facts.append(task.facts)
    if rules.segments:
        for name, groups in people.user_groups(task).items():
            known = field_.groups.setdefault(name, (groups.names, []))
            known[1].append(groups.codes[cases].astype(np.int16))
    products = people.product_groups(task) if rules.segments else {}
    for place, (contender, tally) in enumerate(zip(contenders, field_.tallies, strict=True)):
        lists = _run(contender, tally, task, at, rules, context, progress)
        if contender.name != "oracle":  # it knows what is to come
            field_.checked.append(check_lists(contender.name, task, lists.cases, lists.products, created))
        hear(at, task, place, lists)
        tally.as_tools.append(values_as(rules.tools, rules.metrics, lists, task))
        _judge_parts(tally, task, lists, rules, context, products)
        tally.peak_memory_bytes = int(Stopwatch().reading()["peak_memory_bytes"])


def _run(
    contender: Contender, tally: Tally, task: Task, at: int, rules: Rules, context: Context, progress: Progress
) -> Lists:
    """Every seed of one contender; the lists of the first."""
    first: Lists | None = None
    found: list[Measured] = []
    seeds = rules.seeds if contender.seeded else rules.seeds[:1]
    for number, seed in enumerate(seeds):
        lists = contender.lists(task, at, rules.depth, seed=seed, spent=tally.spent, progress=progress)
        if first is not None and number == 1 and _alike(first, lists):
            break  # nothing in it is drawn: more seeds would say the same again
        found.append(judged(lists, task, rules, context))
        first = lists if first is None else first
    assert first is not None, "there is a seed"
    tally.seeds = max(tally.seeds, len(found))
    stack = np.stack([one.values for one in found])
    tally.values.append(stack.mean(axis=0))
    if len(found) > 1:
        tally.by_seed.append(stack)
    tally.whole.append(np.mean([one.means for one in found], axis=0))
    tally.answered.append(np.mean([one.answered for one in found], axis=0))
    tally.warm.append(np.mean([one.warm for one in found], axis=0))
    tally.ledgers.append(found[0].ledger)
    return first


def judged(lists: Lists, task: Task, rules: Rules, context: Context) -> Measured:
    """The metrics of some lists on a task."""
    return measure(
        rules.metrics,
        judge(lists.cases, lists.places, task.truth, scores=lists.scores, ties=rules.ties, context=context),
    )


def _judge_parts(
    tally: Tally, task: Task, lists: Lists, rules: Rules, context: Context, partitions: Mapping[str, Groups]
) -> None:
    """The same lists held against the truth of some products alone."""
    columns = [metric for metric in rules.metrics if not metric.whole_run and metric.definition.looks_at_truth]
    if not columns:
        return
    for partition, groups in partitions.items():
        for code, name in enumerate(groups.names):
            truth = truth_within(task.truth, groups.codes == code)
            if not truth.nnz:
                continue
            found = judge(lists.cases, lists.places, truth, scores=lists.scores, ties=rules.ties, context=context)
            sums = Sums.of(np.column_stack([metric.per_user(found) for metric in columns]))
            known = tally.parts.get((partition, name))
            if known is None:
                tally.parts[partition, name] = sums
            else:
                known.add(sums)


def _alike(first: Lists, second: Lists) -> bool:
    return bool((first.products == second.products).all() and (first.scores == second.scores).all())
