"""Sessions: after every click of a test session, what is the next one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.clock import iso
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.learned import Learned, catalogue_of
from recsim.evaluate.matrix import joined, sessions_in_order
from recsim.evaluate.rows import TEST, TRAIN, UNUSED, VALIDATION, Rows, check_times, read_rows, source_of
from recsim.evaluate.splits.base import Gathered, Split, check_not_empty
from recsim.evaluate.splits.given import has_given
from recsim.evaluate.task import Evidence, Part, Prefixes, Task, Wanted, counts, sampled
from recsim.recommenders.base import Histories
from recsim.scenario.system import Evaluation

Label = Callable[[Rows], NDArray[np.int8]]


def check(world: Dataset) -> None:
    """Raises `BadInput` where the world has no sessions, or neither times nor a split of its own."""
    if world.has("events"):
        return
    if not has_given(world):
        check_times(world)
    if world.has("interactions"):
        columns = world.scan("interactions").select("session", "position", "event_timestamp").null_count().collect()
        lacking = dict(zip(columns.columns, columns.row(0), strict=True))
        if not lacking["session"] and not (lacking["position"] and lacking["event_timestamp"]):
            return
    raise BadInput(f"world {world.name} has no sessions with an order, so nothing is next; use another --split.")


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """Whole sessions are learned from or judged on: as given, else by the time they begin.

    One case a click of a test session but the first; the clicks before it are its history. Sessions that go on over
    the instant of a split by time are used for neither.
    """
    given = has_given(world)
    label, facts, cut_us = _as_given() if given else _by_time(world, evaluation)
    wanted_part = VALIDATION if wanted.judge_on == "validation" else TEST
    gathered = {code: Gathered.of(world) for code in (TRAIN, VALIDATION, TEST)}
    learned: list[Histories] = []
    judged: list[Histories] = []
    sessions: dict[int, list[NDArray[np.int64]]] = {TRAIN: [], wanted_part: []}
    for rows in _rows(world, evaluation, given=given):
        labels = label(rows)
        for code, into in gathered.items():
            into.add(rows.where(labels == code))
        for code, found in sessions.items():
            if rows.sessions is not None:
                found.append(np.unique(rows.sessions[labels == code]))
        learned.append(sessions_in_order(rows.where(labels == TRAIN)))
        judged.append(sessions_in_order(rows.where(labels == wanted_part)))
    parts = {code: into.part() for code, into in gathered.items()}
    overlap = np.intersect1d(np.concatenate(sessions[TRAIN]), np.concatenate(sessions[wanted_part]))
    evidence = Evidence(
        parts[TRAIN], parts[TEST], parts[VALIDATION] if parts[VALIDATION].pairs.matrix.nnz else None,
        disjoint="sessions", overlap=overlap,
    )  # fmt: skip
    histories = joined(judged)
    assert histories is not None, "there is a part of rows"
    yield _task(world, parts[TRAIN], joined(learned), histories, evidence, wanted, facts=facts, cut_us=cut_us)


def _task(
    world: Dataset,
    train: Part,
    learned: Histories | None,
    judged: Histories,
    evidence: Evidence,
    wanted: Wanted,
    *,
    facts: dict[str, Any],
    cut_us: int | None,
) -> Task:
    lengths = np.diff(judged.indptr)
    owners = np.repeat(np.arange(len(judged)), lengths)
    ends = np.arange(len(judged.products), dtype=np.int64)
    later = ends > judged.indptr[:-1][owners]
    starts, ends, owners = judged.indptr[:-1][owners[later]], ends[later], owners[later]
    targets = judged.products[ends]
    if wanted.mask_seen:  # a product the session had before can't be recommended, so it can't be asked for
        fresh = _first_in_session(judged)[ends]
        starts, ends, owners, targets = starts[fresh], ends[fresh], owners[fresh], targets[fresh]
    pairs = csr_matrix(
        (np.ones(len(ends), np.float32), targets.astype(np.int32), np.arange(len(ends) + 1, dtype=np.int32)),
        shape=(len(ends), world.products),
    )
    pairs.has_canonical_format = True
    users = judged.users[owners]
    truth = sampled(pairs, users, wanted.users, wanted.seed)
    check_not_empty(world, train.pairs.matrix.nnz, truth.nnz, kind="next-item", judge_on=wanted.judge_on)
    sizes = {"test_sessions": int(np.count_nonzero(lengths)), "sessions_of_one": int(np.count_nonzero(lengths == 1))}
    return Task(
        name="",
        train=Learned(train.pairs.matrix, train.pairs.last_us, learned, catalogue_of(world)),
        truth=truth,
        mask_seen=wanted.mask_seen,
        facts={**facts, **counts(train.pairs.matrix, truth, users), **sizes},
        evidence=evidence,
        case_users=users,
        prefixes=Prefixes(starts, ends, judged.products, times_us=judged.times_us),
        cut_us=cut_us,
    )


def _first_in_session(histories: Histories) -> NDArray[np.bool_]:
    owners = np.repeat(np.arange(len(histories), dtype=np.int64), np.diff(histories.indptr))
    _, first = np.unique(owners * (int(histories.products.max(initial=0)) + 1) + histories.products, return_index=True)
    out = np.zeros(len(owners), np.bool_)
    out[first] = True
    return out


def _rows(world: Dataset, evaluation: Evaluation, *, given: bool) -> Iterator[Rows]:
    """Views where the log has types and views weigh something: a cart of the product just viewed is no next click."""
    source = "interactions" if given else source_of(world)
    views = {name: weight for name, weight in evaluation.signals.items() if name == "view_product" and weight > 0}
    return read_rows(world, source, views or evaluation.signals, sessions=True)


def _as_given() -> tuple[Label, dict[str, Any], int | None]:
    def label(rows: Rows) -> NDArray[np.int8]:
        assert rows.given is not None, "interactions say their part"
        return rows.given

    return label, {}, None


def _by_time(world: Dataset, evaluation: Evaluation) -> tuple[Label, dict[str, Any], int]:
    spans = [
        (int(rows.times.min()), int(rows.times.max())) for rows in _rows(world, evaluation, given=False) if len(rows)
    ]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    cut_us = first + round((1.0 - evaluation.test_share) * (last - first))
    before_us = cut_us - round(evaluation.validation_share * (last - first))
    edges = np.array([before_us, cut_us])

    def label(rows: Rows) -> NDArray[np.int8]:
        assert rows.sessions is not None, "events have sessions"
        _, place = np.unique(rows.sessions, return_inverse=True)
        begins = np.full(int(place.max(initial=-1)) + 1, np.iinfo(np.int64).max)
        ends = np.full(len(begins), np.iinfo(np.int64).min)
        np.minimum.at(begins, place, rows.times)
        np.maximum.at(ends, place, rows.times)
        begun, ended = (np.searchsorted(edges, times, side="right") for times in (begins, ends))
        codes = np.array([TRAIN, VALIDATION, TEST], np.int8)[begun]
        return np.where(begun == ended, codes, UNUSED)[place].astype(np.int8)

    return label, {"cut": iso(cut_us), "test_share": evaluation.test_share}, cut_us


SPLIT = Split("next-item", masks_seen=False, tasks=tasks, check=check)
