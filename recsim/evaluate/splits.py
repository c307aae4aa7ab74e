"""What a recommender learns from, and what it is judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.clock import iso
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.matrix import Rows, Source, interactions, read_rows, source_of
from recsim.recommenders.base import Interactions
from recsim.registry import did_you_mean
from recsim.rng import words
from recsim.scenario import Scenario

SPLITS = ("auto", "given", "global-time", "leave-last-out")

Parts = tuple[list[Rows], list[Rows]]


@dataclass(frozen=True)
class Split:
    """`train` is learned from, `test` (users × products, every stored pair relevant) is judged on.

    `facts` are the counts a reader needs: see `docs/metrics.md`.
    """

    kind: str
    train: Interactions
    test: csr_matrix
    facts: dict[str, Any]


def check_kind(kind: str) -> None:
    """Raises `BadInput` for an unknown name."""
    if kind not in SPLITS:
        raise BadInput(f'unknown split "{kind}".{did_you_mean(kind, SPLITS)}')


def resolve(world: Dataset, kind: str) -> str:
    """What `auto` means for a world: the split it brings, else global time where it has times; raises `BadInput`."""
    check_kind(kind)
    given = _has_given(world)
    if kind == "given" and not given:
        raise BadInput(f"world {world.name} brings no test split; use --split global-time or --split leave-last-out.")
    if kind != "auto":
        return kind
    return "given" if given else "global-time"


def split_world(world: Dataset, scenario: Scenario, kind: str) -> Split:
    """Split a world; a test pair the user already has in train is dropped and counted (`repeated_pairs`)."""
    chosen = resolve(world, kind)
    (train_rows, test_rows), facts = _MAKERS[chosen](world, scenario)
    train = interactions(Rows.together(train_rows), world.users, world.products)
    everything = interactions(Rows.together(test_rows), world.users, world.products).matrix
    test = _without(everything, train.matrix)
    sampled = _sample(test, scenario.evaluation.users, scenario.seed)
    if not train.matrix.nnz or not sampled.nnz:
        empty = "train" if not train.matrix.nnz else "test"
        raise BadInput(
            f"split {chosen} leaves nothing to {empty} on in world {world.name}; choose another --split, "
            f"another evaluation.test_share, or a world with more history."
        )
    facts |= _counts(train.matrix, sampled) | {"repeated_pairs": int(everything.nnz - test.nnz)}
    return Split(chosen, train, sampled, facts)


def _has_given(world: Dataset) -> bool:
    if not world.has("interactions"):
        return False
    labels = world.scan("interactions").select("split").unique().collect()["split"].cast(str)
    return "test" in labels.to_list()


def _given(world: Dataset, scenario: Scenario) -> tuple[Parts, dict[str, Any]]:
    """The split the data set came with. Validation rows are neither learned from nor judged on."""
    signals = scenario.evaluation.signals
    train = list(read_rows(world, "interactions", signals, split="train"))
    if not sum(map(len, train)) and world.has("events"):
        train = list(read_rows(world, "events", signals))
    return (train, list(read_rows(world, "interactions", signals, split="test"))), {}


def _global_time(world: Dataset, scenario: Scenario) -> tuple[Parts, dict[str, Any]]:
    """Learn from everything before one instant, be judged on what is new to each user from then on."""
    source = source_of(world)
    parts = list(_timed(world, source, scenario))
    start = min(int(_times(part).min()) for part in parts if len(part))
    end = max(int(_times(part).max()) for part in parts if len(part))
    cut_us = start + round((1.0 - scenario.evaluation.test_share) * (end - start))
    before = [part.where(_times(part) < cut_us) for part in parts]
    after = [part.where(_times(part) >= cut_us) for part in parts]
    return (before, after), {"cut": iso(cut_us), "test_share": scenario.evaluation.test_share}


def _leave_last_out(world: Dataset, scenario: Scenario) -> tuple[Parts, dict[str, Any]]:
    """Hold out the last product each user met for the first time; learn from what the user did before that instant.

    A user with one product keeps it in train. Users are cut at different times, so a recommender learns from days
    after other users' tests: global time has no such leak.
    """
    train, test = [], []
    for part in _timed(world, source_of(world), scenario):
        held_out, cut_us = _last_new(part)
        train.append(part.where(_times(part) < cut_us))
        test.append(part.where(held_out))
    return (train, test), {}


def _last_new(rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """For each row, whether it is the first meeting held out, and the instant its user's training ends."""
    times = _times(rows)
    never = np.iinfo(np.int64).max
    order = np.lexsort((times, rows.products, rows.users))
    users, products = rows.users[order], rows.products[order]
    new_user = np.diff(users, prepend=-1) != 0
    first = order[new_user | (np.diff(products, prepend=-1) != 0)]
    late = first[np.lexsort((rows.products[first], times[first], rows.users[first]))]
    last = late[np.flatnonzero(np.diff(rows.users[late], append=-1) != 0)] if len(late) else late
    several = np.bincount(rows.users[first])[rows.users[last]] > 1 if len(last) else np.empty(0, np.bool_)
    held_out = np.zeros(len(rows), np.bool_)
    held_out[last[several]] = True
    cut_us = np.full(int(rows.users.max(initial=0)) + 1, never, np.int64)
    cut_us[rows.users[last[several]]] = times[last[several]]
    return held_out, cut_us[rows.users]


def _timed(world: Dataset, source: Source, scenario: Scenario) -> Iterable[Rows]:
    found = [part for part in read_rows(world, source, scenario.evaluation.signals) if len(part)]
    if any(part.times_us is None for part in found):
        raise BadInput(f"table {source} of world {world.name} has rows without a time; use --split given.")
    if not found:
        raise BadInput(
            f"no row of table {source} of world {world.name} has a weight above 0; raise evaluation.signals."
        )
    return found


def _times(rows: Rows) -> NDArray[np.int64]:
    assert rows.times_us is not None, "rows of a split by time have times"
    return rows.times_us


def _without(test: csr_matrix, train: csr_matrix) -> csr_matrix:
    """The pairs of `test` that are not in `train`; sorted, weight 1."""
    users, products = test.shape
    keys = np.repeat(np.arange(users, dtype=np.int64), np.diff(test.indptr)) * products + test.indices
    known = np.repeat(np.arange(users, dtype=np.int64), np.diff(train.indptr)) * products + train.indices
    place = np.searchsorted(known, keys)
    new = np.ones(len(keys), np.bool_)
    if len(known):
        new = known[np.minimum(place, len(known) - 1)] != keys
    indptr = np.concatenate([[0], np.cumsum(new)])[test.indptr]
    return csr_matrix((np.ones(int(new.sum()), np.float32), test.indices[new], indptr), shape=test.shape)


def _sample(test: csr_matrix, wanted: int, seed: int) -> csr_matrix:
    """The test pairs of `wanted` users (0 is all): those whose hash is smallest."""
    users = np.flatnonzero(np.diff(test.indptr))
    if wanted == 0 or wanted >= len(users):
        return test
    ranks = words(seed, "evaluate/users", users.astype(np.uint64))[:, 0]
    kept = np.zeros(test.shape[0], np.bool_)
    kept[users[np.argsort(ranks, kind="stable")[:wanted]]] = True
    rows = np.repeat(kept, np.diff(test.indptr))
    indptr = np.concatenate([[0], np.cumsum(rows)])[test.indptr]
    return csr_matrix((test.data[rows], test.indices[rows], indptr), shape=test.shape)


def _counts(train: csr_matrix, test: csr_matrix) -> dict[str, int]:
    has_truth = np.diff(test.indptr) > 0
    known = np.bincount(train.indices, minlength=train.shape[1]) > 0
    return {
        "train_pairs": int(train.nnz),
        "train_users": int(np.count_nonzero(np.diff(train.indptr))),
        "train_products": int(np.count_nonzero(known)),
        "test_pairs": int(test.nnz),
        "users": int(np.count_nonzero(has_truth)),
        "cold_users": int(np.count_nonzero(has_truth & (np.diff(train.indptr) == 0))),
        "cold_products": len(np.unique(test.indices[~known[test.indices]])),
        "cold_product_pairs": int(np.count_nonzero(~known[test.indices])),
    }


_MAKERS: dict[str, Callable[[Dataset, Scenario], tuple[Parts, dict[str, Any]]]] = {
    "given": _given,
    "global-time": _global_time,
    "leave-last-out": _leave_last_out,
}
