"""Baskets: what will be in the next one, things bought before included?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.learned import Learned, catalogue_of
from recsim.evaluate.matrix import basket_order, baskets_in_order, joined
from recsim.evaluate.rows import TEST, TRAIN, VALIDATION, Rows, positives, read_rows, source_of
from recsim.evaluate.splits.base import Gathered, Split, check_not_empty
from recsim.evaluate.splits.given import has_given
from recsim.evaluate.task import Evidence, Part, Prefixes, Task, Wanted, counts, sampled, truth_of, without
from recsim.recommenders.base import Histories
from recsim.scenario.system import Evaluation


def check(world: Dataset) -> None:
    """Raises `BadInput` where the world has no baskets."""
    if world.has("events"):
        return
    if world.has("interactions") and not world.scan("interactions").select("session").null_count().collect().item():
        return
    raise BadInput(f"world {world.name} has no baskets (sessions of purchases); use another --split.")


def tasks(world: Dataset, evaluation: Evaluation, wanted: Wanted) -> Iterator[Task]:
    """A user's last basket is judged on, his earlier ones are its history.

    Given parts are parts of users: those of the train part are learned from whole, those of the test part are judged.
    Without them every user with two baskets is judged, and the earlier baskets of all are learned from.
    """
    given = has_given(world)
    wanted_part = VALIDATION if wanted.judge_on == "validation" else TEST
    gathered = {code: Gathered.of(world) for code in (TRAIN, VALIDATION, TEST)}
    learned: list[Histories] = []
    asked: list[Histories] = []
    overlap: list[NDArray[np.int64]] = []
    for rows in _rows(world, evaluation, given=given):
        labels = rows.given if given and rows.given is not None else _last_apart(rows)
        judged_users = np.unique(rows.users[labels == wanted_part])
        history = rows.where(np.isin(rows.users, judged_users) & ((labels == wanted_part) | (labels == TRAIN)))
        baskets = baskets_in_order(history)
        asked.append(baskets)
        if given:
            overlap.append(np.intersect1d(judged_users, rows.users[labels == TRAIN]))
        gathered[TRAIN].add(rows.where(labels == TRAIN))
        for code in (VALIDATION, TEST):
            part = rows.where(labels == code)
            gathered[code].add(part.where(_last_apart(part) == TEST) if len(part) else part)
        learned.append(baskets_in_order(rows.where(labels == TRAIN)))
    parts = {code: into.part() for code, into in gathered.items()}
    evidence = Evidence(
        parts[TRAIN], parts[TEST], parts[VALIDATION] if parts[VALIDATION].pairs.matrix.nnz else None,
        disjoint="users" if given else "", overlap=np.concatenate(overlap) if overlap else np.empty(0, np.int64),
    )  # fmt: skip
    histories = joined(asked)
    assert histories is not None, "there is a part of rows"
    yield _task(world, parts[TRAIN], joined(learned), histories, evidence, wanted, {})


def _task(
    world: Dataset,
    train: Part,
    learned: Histories | None,
    asked: Histories,
    evidence: Evidence,
    wanted: Wanted,
    facts: dict[str, Any],
) -> Task:
    """One case a user: row u of the truth is the last basket of user u."""
    groups = asked.groups
    assert groups is not None, "baskets are numbered"
    lengths = np.diff(asked.indptr)
    last = groups[asked.indptr[1:] - 1]
    target = groups == np.repeat(last, lengths)
    owners = np.repeat(asked.users, lengths)
    pairs = csr_matrix(
        (np.ones(int(target.sum()), np.float32), (owners[target], asked.products[target])),
        shape=(world.users, world.products),
    )
    pairs.sum_duplicates()
    if wanted.mask_seen:
        before = csr_matrix(
            (np.ones(int((~target).sum()), np.float32), (owners[~target], asked.products[~target])), shape=pairs.shape
        )
        before.sum_duplicates()
        pairs = without(pairs, before)
    truth = sampled(truth_of(pairs), None, wanted.users, wanted.seed)
    check_not_empty(world, train.pairs.matrix.nnz, truth.nnz, kind="next-basket", judge_on=wanted.judge_on)
    starts, ends = np.zeros(world.users, np.int64), np.zeros(world.users, np.int64)
    starts[asked.users] = asked.indptr[:-1]
    ends[asked.users] = asked.indptr[1:] - np.add.reduceat(target, asked.indptr[:-1]) if len(asked) else 0
    judged = np.flatnonzero(np.diff(truth.indptr))
    sizes = {"first_baskets": int(np.count_nonzero(ends[judged] == starts[judged]))}
    return Task(
        name="",
        train=Learned(train.pairs.matrix, train.pairs.last_us, learned, catalogue_of(world)),
        truth=truth,
        mask_seen=wanted.mask_seen,
        facts={**facts, **counts(train.pairs.matrix, truth, None), **sizes},
        evidence=evidence,
        prefixes=Prefixes(starts, ends, asked.products, groups, asked.times_us),
    )


def _rows(world: Dataset, evaluation: Evaluation, *, given: bool) -> Iterator[Rows]:
    """Purchases where the log has types and purchases weigh something, else every row."""
    source = "interactions" if given else source_of(world)
    bought = {name: weight for name, weight in evaluation.signals.items() if name == "purchase" and weight > 0}
    found = (
        positives(world, source, bought or evaluation.signals, sessions=True)
        if source == "events"
        else read_rows(world, source, evaluation.signals, sessions=True)
    )
    for rows in found:
        if rows.sessions is None:
            raise BadInput(f"table {source} of world {world.name} has rows without a basket; use another --split.")
        yield rows


def _last_apart(rows: Rows) -> NDArray[np.int8]:
    """TEST for the rows of each user's last basket, TRAIN for those before; a user with one basket is TRAIN."""
    baskets = baskets_in_order(rows)
    lengths = np.diff(baskets.indptr)
    assert baskets.groups is not None, "baskets are numbered"
    last = baskets.groups[baskets.indptr[1:] - 1] if len(baskets) else np.empty(0, np.int64)
    target = (baskets.groups == np.repeat(last, lengths)) & (np.repeat(last, lengths) > 0)
    out = np.empty(len(rows), np.int8)
    out[basket_order(rows)] = np.where(target, TEST, TRAIN)
    return out


SPLIT = Split("next-basket", masks_seen=False, tasks=tasks, check=check)
