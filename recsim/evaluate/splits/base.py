"""What a split is, and the way most of them work: a label for every row, one partition of users at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.learned import Learned, catalogue_of
from recsim.evaluate.matrix import Gathering, joined, sessions_in_order
from recsim.evaluate.rows import TEST, TRAIN, VALIDATION, Rows, positives, source_of
from recsim.evaluate.task import NEVER, Evidence, Part, Task, Wanted, counts, sampled, truth_of, without
from recsim.recommenders.base import Histories
from recsim.scenario.system import Evaluation

Label = Callable[[Rows], NDArray[np.int8]]


class Read(Protocol):
    """Reads the rows of a split anew, with their sessions where asked."""

    def __call__(self, *, sessions: bool) -> Iterable[Rows]: ...


@dataclass(frozen=True)
class Split:
    """A named way to split. `tasks` makes one task, or one a window or fold, each when it is asked for.

    `masks_seen`: whether lists leave out what the user has in training unless told otherwise. `check` raises `BadInput`
    where a world can't be split so, without reading its rows.
    """

    name: str
    masks_seen: bool
    tasks: Callable[[Dataset, Evaluation, Wanted], Iterator[Task]]
    check: Callable[[Dataset], None] = lambda _: None


@dataclass
class Gathered:
    """Pairs of one part of a split, and for each user the first time he appears in it."""

    pairs: Gathering
    first_us: NDArray[np.int64]
    timed: bool = True

    @classmethod
    def of(cls, world: Dataset) -> Gathered:
        return cls(Gathering(world.users, world.products), np.full(world.users, NEVER))

    def add(self, rows: Rows) -> None:
        self.pairs.add(rows)
        if rows.times_us is None:
            self.timed &= not len(rows)
        else:
            np.minimum.at(self.first_us, rows.users, rows.times_us)

    def part(self) -> Part:
        return Part(self.pairs.interactions(), self.first_us if self.timed else None)


def by_labels(
    world: Dataset,
    read: Read,
    label: Label,
    wanted: Wanted,
    *,
    kind: str,
    name: str = "",
    facts: dict[str, Any] | None = None,
    cut_us: int | None = None,
    end_us: int | None = None,
    sets: bool = False,
) -> Task:
    """The task of rows that are labelled TRAIN, VALIDATION, TEST or UNUSED."""
    gathered = {code: Gathered.of(world) for code in (TRAIN, VALIDATION, TEST)}
    for rows in read(sessions=False):
        labels = label(rows)
        for code, into in gathered.items():
            into.add(rows.where(labels == code))

    def histories() -> Histories | None:
        found = [sessions_in_order(rows.where(label(rows) == TRAIN)) for rows in read(sessions=True) if _ordered(rows)]
        return joined(found)

    return task_of(
        world, {code: into.part() for code, into in gathered.items()}, histories, wanted,
        kind=kind, name=name, facts=facts or {}, cut_us=cut_us, end_us=end_us, sets=sets,
    )  # fmt: skip


def task_of(
    world: Dataset,
    parts: dict[int, Part],
    histories: Callable[[], Histories | None],
    wanted: Wanted,
    *,
    kind: str,
    name: str,
    facts: dict[str, Any],
    cut_us: int | None,
    sets: bool,
    end_us: int | None = None,
) -> Task:
    """The task of gathered parts, one case a user; raises `BadInput` where nothing is left."""
    found = parts[TRAIN].pairs
    judged = parts[VALIDATION if wanted.judge_on == "validation" else TEST].pairs.matrix
    kept = without(judged, found.matrix) if wanted.mask_seen else judged
    truth = sampled(truth_of(kept), None, wanted.users, wanted.seed)
    check_not_empty(world, found.matrix.nnz, truth.nnz, kind=kind, judge_on=wanted.judge_on)
    validation = parts[VALIDATION] if parts[VALIDATION].pairs.matrix.nnz else None
    sizes = counts(found.matrix, truth, None)
    held = {} if validation is None else {"validation_pairs": int(validation.pairs.matrix.nnz)}
    return Task(
        name=name,
        train=Learned(found.matrix, found.last_us, histories, catalogue_of(world)),
        truth=truth,
        mask_seen=wanted.mask_seen,
        facts={**facts, **sizes, **held, "repeated_pairs": int(judged.nnz - kept.nnz)},
        evidence=Evidence(parts[TRAIN], parts[TEST], validation, sets=sets),
        cut_us=cut_us,
        end_us=end_us,
    )


def check_not_empty(world: Dataset, train: int, truth: int, *, kind: str, judge_on: str) -> None:
    """Raises `BadInput` for a split with an empty side."""
    if train and truth:
        return
    if train and judge_on == "validation":
        raise BadInput(
            f"split {kind} of world {world.name} has no validation part to judge on; give it one with "
            "--set evaluation.validation_share=0.1, or judge on the test part."
        )
    raise BadInput(
        f"split {kind} leaves nothing to {'test' if train else 'train'} on in world {world.name}; choose another "
        f"--split, another evaluation.test_share, or a world with more history."
    )


def time_span(world: Dataset, evaluation: Evaluation) -> tuple[int, int]:
    """The first and the last time of a row."""
    spans = [(int(part.times.min()), int(part.times.max())) for part in rows_of(world, evaluation)(sessions=False)]
    return min(first for first, _ in spans), max(last for _, last in spans)


def rows_of(world: Dataset, evaluation: Evaluation) -> Read:
    """All rows of a world that have a weight, with or without times, to be read as often as needed."""
    source = source_of(world)

    def read(*, sessions: bool) -> Iterable[Rows]:
        return positives(world, source, evaluation.signals, sessions=sessions)

    return read


def _ordered(rows: Rows) -> bool:
    return rows.times_us is not None or rows.positions is not None
