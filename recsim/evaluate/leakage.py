"""The leakage check: what training, or a list, knows that it could not have known when the question was asked.

Every finding says what leaked, how often, with examples. What a data set's missing times make impossible to check is
said as well, in `unchecked`, so that silence means clean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.clock import iso
from recsim.dataset import Dataset
from recsim.evaluate.rows import source_of
from recsim.evaluate.task import NEVER, Part, Task, place_in

EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """`leak` names the kind, `where` the task or list it was found in, `count` how many of `of` there are."""

    leak: str
    where: str
    count: int
    of: int
    says: str
    examples: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"examples": list(self.examples)}


@dataclass(frozen=True)
class Checked:
    """What was found, the names of the checks made, and those that could not be made, each with the reason."""

    findings: tuple[Finding, ...]
    made: tuple[str, ...]
    unchecked: tuple[tuple[str, str], ...]

    @classmethod
    def together(cls, parts: Sequence[Checked]) -> Checked:
        return cls(
            tuple(finding for part in parts for finding in part.findings),
            tuple(dict.fromkeys(name for part in parts for name in part.made)),
            tuple(dict.fromkeys(pair for part in parts for pair in part.unchecked)),
        )

    def document(self) -> dict[str, Any]:
        return {
            "findings": [finding.document() for finding in self.findings],
            "checked": list(self.made),
            "unchecked": [{"check": name, "because": reason} for name, reason in self.unchecked],
        }


def check_task(task: Task) -> Checked:
    """The split of a task: time order, repeated facts, parts that must not meet."""
    evidence = task.evidence
    found: list[Finding | None] = [_repeated(task), _same_instant(task), _overlap(task)]
    made = ["repeated-pairs" if evidence.sets else "same-fact-twice"]
    if evidence.disjoint:
        made.append(f"{evidence.disjoint}-overlap")
    unchecked: list[tuple[str, str]] = []
    if evidence.train.pairs.last_us is None or evidence.test.first_us is None:
        reason = "rows of the training or the test part have no time"
        unchecked += [("train-after-test", reason), ("own-future", reason)]
    else:
        found += [_own_future(task), _after_start(task)]
        made += ["own-future", "train-after-test"]
    if evidence.validation is not None:
        if evidence.validation.pairs.last_us is None or evidence.test.first_us is None:
            unchecked.append(("validation-after-test", "rows of the validation or the test part have no time"))
        else:
            found.append(_validation_late(task))
            made.append("validation-after-test")
    return Checked(tuple(one for one in found if one), tuple(made), tuple(unchecked))


def check_world(world: Dataset) -> Checked:
    """The data themselves: products used before they existed, negatives that are positives."""
    found, made, unchecked = [], [], []
    created = created_us(world)
    if created is None:
        unchecked.append(("before-it-existed", "products have no created_at"))
    else:
        made.append("before-it-existed")
        found.append(_too_early(world, created))
    if world.has("interactions"):
        made.append("negatives-that-are-positives")
        found.append(_contradictions(world))
    return Checked(tuple(one for one in found if one), tuple(made), tuple(unchecked))


def created_us(world: Dataset) -> NDArray[np.int64] | None:
    """When each product entered the catalogue; None where no product says so."""
    if not world.has("products"):
        return None
    frame = world.frame("products", columns=["product_id", "created_at"]).drop_nulls()
    if not len(frame):
        return None
    out = np.full(world.products, np.iinfo(np.int64).min)
    out[frame["product_id"].to_numpy()] = frame["created_at"].dt.epoch("us").to_numpy()
    return out


def check_lists(
    name: str, task: Task, cases: NDArray[np.int64], products: NDArray[np.int32], created: NDArray[np.int64] | None
) -> Checked:
    """The lists a recommender gave, or a file brought: products not yet there, and counts taken from the test part."""
    found: list[Finding | None] = [_counted_test(name, task, products)]
    made = ["counted-the-test-part"]
    unchecked: list[tuple[str, str]] = []
    if created is None:
        unchecked.append(("recommended-before-it-existed", "products have no created_at"))
    elif task.cut_us is None:
        unchecked.append(("recommended-before-it-existed", "the split has no instant"))
    else:
        made.append("recommended-before-it-existed")
        found.append(_not_yet(name, task, cases, products, created))
    return Checked(tuple(one for one in found if one), tuple(made), tuple(unchecked))


def _finding(leak: str, where: str, count: int, of: int, says: str, examples: Sequence[str]) -> Finding | None:
    return Finding(leak, where, int(count), int(of), says, tuple(examples)) if count else None


def _where(task: Task) -> str:
    return task.name or "split"


def _repeated(task: Task) -> Finding | None:
    """The same pair in training and test where a pair is all there is: the answer was learned."""
    evidence = task.evidence
    if not evidence.sets:
        return None
    return _in_both(
        "repeated-pairs", task, evidence.train, evidence.test, None, "test pairs are in the training part as well"
    )


def _same_instant(task: Task) -> Finding | None:
    """The same user, product and time in training and test: one row, copied."""
    evidence = task.evidence
    if evidence.train.pairs.last_us is None or evidence.test.pairs.last_us is None:
        return None
    return _in_both(
        "same-fact-twice", task, evidence.train, evidence.test, evidence.train.pairs.last_us,
        "test rows stand in the training part with the same user, product and time",
    )  # fmt: skip


def _in_both(
    leak: str, task: Task, train: Part, test: Part, times: NDArray[np.int64] | None, says: str
) -> Finding | None:
    tested = test.pairs.matrix
    at = place_in(tested, train.pairs.matrix)
    same = at >= 0
    if times is not None and test.pairs.last_us is not None:
        same[same] = times[at[same]] == test.pairs.last_us[same]
    return _finding(leak, _where(task), same.sum(), tested.nnz, says, _pairs(tested, np.flatnonzero(same)))


def _overlap(task: Task) -> Finding | None:
    kind, ids = task.evidence.disjoint, task.evidence.overlap
    says = f"{kind} are in the training and in the test part, which this protocol keeps apart"
    shown = [f"{kind[:-1]} {number}" for number in ids[:EXAMPLES].tolist()]
    of = task.facts.get("test_sessions", task.facts["users"]) if kind == "sessions" else task.facts["users"]
    return _finding(f"{kind}-overlap", _where(task), len(ids), of, says, shown) if kind else None


def _own_future(task: Task) -> Finding | None:
    """Training pairs of a user from after his first test row: his own future."""
    evidence = task.evidence
    first = evidence.test.first_us
    assert first is not None, "the test part has times"
    return _late(
        "own-future", task, evidence.train, first[_owners(evidence.train.pairs.matrix)],
        "training pairs come after the user's own first test row",
    )  # fmt: skip


def _after_start(task: Task) -> Finding | None:
    """Training pairs from after the first test row of anybody: what others will do."""
    evidence = task.evidence
    assert evidence.test.first_us is not None, "the test part has times"
    start = int(evidence.test.first_us.min(initial=NEVER))
    says = f"training pairs come after the test begins ({iso(start)})" if start < NEVER else ""
    return _late("train-after-test", task, evidence.train, np.array(start), says)


def _validation_late(task: Task) -> Finding | None:
    """Validation pairs of a user from after his first test row: settings would be chosen with hindsight."""
    evidence = task.evidence
    assert evidence.validation is not None, "there is a validation part"
    assert evidence.test.first_us is not None, "the test part has times"
    limits = evidence.test.first_us[_owners(evidence.validation.pairs.matrix)]
    return _late(
        "validation-after-test", task, evidence.validation, limits,
        "validation pairs come after the user's own first test row",
    )  # fmt: skip


def _late(leak: str, task: Task, part: Part, limits: NDArray[np.int64], says: str) -> Finding | None:
    times = part.pairs.last_us
    assert times is not None, "the part has times"
    late = np.flatnonzero(times > limits)
    matrix = part.pairs.matrix
    shown = _pairs(matrix, late)
    shown = [f"{text} at {iso(int(times[at]))}" for text, at in zip(shown, late.tolist(), strict=False)]
    return _finding(leak, _where(task), len(late), matrix.nnz, says, shown)


def _owners(matrix: csr_matrix) -> NDArray[np.int64]:
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))


def _pairs(matrix: csr_matrix, places: NDArray[np.int64]) -> list[str]:
    chosen = places[:EXAMPLES]
    users = np.searchsorted(matrix.indptr, chosen, side="right") - 1
    return [f"user {u}, product {p}" for u, p in zip(users.tolist(), matrix.indices[chosen].tolist(), strict=True)]


def _too_early(world: Dataset, created: NDArray[np.int64]) -> Finding | None:
    """Rows of the tables that are split that use a product before it entered the catalogue."""
    count, of = 0, 0
    shown: list[str] = []
    tables = sorted({source_of(world), *(["interactions"] if world.has("interactions") else [])})
    for table in tables:
        for partition in world.partitions(table):
            names = ["user_id", "product_id", "event_timestamp"]
            frame = world.frame(table, columns=names, partition=partition).drop_nulls()
            times = frame["event_timestamp"].dt.epoch("us").to_numpy()
            products = frame["product_id"].to_numpy()
            early = np.flatnonzero(times < created[products])
            of, count = of + len(frame), count + len(early)
            shown += [
                f"{table}: user {frame['user_id'][at]}, product {products[at]} at {iso(int(times[at]))}"
                for at in early[: EXAMPLES - len(shown)].tolist()
            ]
    return _finding("before-it-existed", "data", count, of, "rows use a product before its created_at", shown)


def _contradictions(world: Dataset) -> Finding | None:
    """Pairs given as a negative (value 0) and as a positive: a model would be punished for the right answer."""
    pairs = (
        world.scan("interactions")
        .group_by("user_id", "product_id")
        .agg(low=(pl.col("value") <= 0).sum(), high=(pl.col("value") > 0).sum())
        .filter(pl.col("low") > 0)
        .sort("user_id", "product_id")
        .collect()
    )
    both = pairs.filter(pl.col("high") > 0)
    shown = [f"user {row[0]}, product {row[1]}" for row in both.head(EXAMPLES).iter_rows()]
    says = "pairs given as negatives (value 0) are positives elsewhere in the data"
    return _finding("negatives-that-are-positives", "data", len(both), len(pairs), says, shown)


def _not_yet(
    name: str, task: Task, cases: NDArray[np.int64], products: NDArray[np.int32], created: NDArray[np.int64]
) -> Finding | None:
    assert task.cut_us is not None, "the split has an instant"
    late = (products >= 0) & (created[products] >= task.cut_us)
    rows, places = np.nonzero(late)
    users = task.users_of(cases[rows[:EXAMPLES]])
    shown = [
        f"user {user}, product {product}, created {iso(int(created[product]))}"
        for user, product in zip(users.tolist(), products[rows[:EXAMPLES], places[:EXAMPLES]].tolist(), strict=True)
    ]
    says = f"places hold a product that entered the catalogue after the instant of the split ({iso(task.cut_us)})"
    return _finding("recommended-before-it-existed", name, len(rows), int((products >= 0).sum()), says, shown)


def _counted_test(name: str, task: Task, products: NDArray[np.int32]) -> Finding | None:
    """Lists in the order of counts that hold the test part.

    Two neighbours of a list are out of order by a count where the lower one is counted more often. Lists that are in
    order by the counts of both parts together, and out of order by those of training alone, were counted with the test
    part; a recommender that does not sort by counts is out of order by both.
    """
    train = np.bincount(task.evidence.train.pairs.matrix.indices, minlength=task.train.products)
    weighed = np.bincount(
        task.evidence.train.pairs.matrix.indices,
        weights=task.evidence.train.pairs.matrix.data, minlength=task.train.products,
    )  # fmt: skip
    tested = task.evidence.test.pairs.matrix
    held = [tested] if task.evidence.validation is None else [tested, task.evidence.validation.pairs.matrix]
    extra = np.sum([np.bincount(part.indices, minlength=task.train.products) for part in held], axis=0)
    upper, lower = products[:, :-1].ravel(), products[:, 1:].ravel()
    both = (upper >= 0) & (lower >= 0)
    upper, lower = upper[both], lower[both]
    if not len(upper):
        return None
    honest = min(int((counts[lower] > counts[upper]).sum()) for counts in (train, weighed))
    totals = (train + extra, weighed + extra, train + np.bincount(tested.indices, minlength=len(train)))
    leaky = min(int((counts[lower] > counts[upper]).sum()) for counts in totals)
    if honest == 0 or leaky > _NEARLY * len(upper) or leaky * _TIMES > honest:
        return None
    wrong = np.flatnonzero(train[lower] > train[upper])[:EXAMPLES]
    shown = [
        f"product {upper[at]} above {lower[at]}: {train[upper[at]]} and {train[lower[at]]} in training, "
        f"{train[upper[at]] + extra[upper[at]]} and {train[lower[at]] + extra[lower[at]]} with the test part"
        for at in wrong.tolist()
    ]
    says = "neighbours in the lists are in the order of counts that include the test part, not of training's"
    return _finding("counted-the-test-part", name, honest, len(upper), says, shown)


_NEARLY = 0.001
"""Lists sorted by a count may be out of order by it this often (rounding in a file)."""

_TIMES = 20
"""How many times fewer neighbours must be out of order with the test part than without."""
