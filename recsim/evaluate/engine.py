"""`recsim evaluate`: every contender on the same split, judged over the whole catalogue, and how sure we are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from recsim import __version__
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.as_tool import check_tools
from recsim.evaluate.contenders import Contender, Imported, Stored, contenders
from recsim.evaluate.contest import Field, Rules, Tally, run_task
from recsim.evaluate.leakage import Checked, check_task, check_world, created_us
from recsim.evaluate.lists import TREC, Lists, Log, file_of, topics_of, write_qrels, write_run
from recsim.evaluate.oracle import read_truth
from recsim.evaluate.oracle_lists import OracleLists, TrueOracle, period_of
from recsim.evaluate.protocol import masks_seen, resolve, tasks_of
from recsim.evaluate.results import Board, results, write_per_user
from recsim.evaluate.rows import count_rows
from recsim.evaluate.segments import People
from recsim.evaluate.splits.base import Split
from recsim.evaluate.statistics import Sampling
from recsim.evaluate.task import Task
from recsim.metrics.base import Metric, depth_of, parse
from recsim.metrics.context import Context
from recsim.progress import Progress, silent
from recsim.runs import MEASURED, Manifest, Stopwatch, seal, staged, write_json
from recsim.scenario import Scenario
from recsim.scenario.model import digest
from recsim.units import human_bytes

VERB = "evaluate"


@dataclass(frozen=True)
class Question:
    """What is asked, as typed: names of recommenders (or `FILE.py:CLASS`), files of recommendations, metrics, a split.

    `log`: whether lists are kept in the run, so that they can be judged again. `per_user`: likewise the values a user.
    `oracle`: whether the truth of a synthetic world takes part. `trec`: whether lists and truth are written as TREC
    files too. `stored`: the run whose logged lists are judged in place of recommenders.
    `tools`: other tools whose figures are wanted too.
    """

    recommenders: Sequence[str]
    metrics: Sequence[str]
    split: str
    recommendations: Sequence[str] = ()
    log: bool = True
    per_user: bool = True
    oracle: bool = True
    trec: bool = False
    stored: Sequence[tuple[str, Path]] = ()
    tools: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """As the manifest keeps it."""
        return {
            "recommenders": list(self.recommenders),
            "metrics": list(self.metrics),
            "split": self.split,
            "recommendations": list(self.recommendations),
            "log": self.log,
            "per_user": self.per_user,
            "oracle": self.oracle,
            "trec": self.trec,
            "tools": list(self.tools),
            "stored": [[name, str(path)] for name, path in self.stored],
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> Question:
        """From a manifest's arguments."""
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document and name != "stored"}
        return cls(**known, stored=[(name, Path(path)) for name, path in document.get("stored", [])])


@dataclass(frozen=True)
class Checklist:
    """A question whose every part was found: nothing of it can fail for a wrong name any more."""

    question: Question
    contenders: list[Contender]
    metrics: list[Metric]
    split: Split
    masked: bool
    depth: int
    identity: str = field(default="")


def prepare(scenario: Scenario, world: Dataset, question: Question) -> Checklist:
    """Resolve a question; raises `BadInput` for whatever can't work, before anything is written or fitted."""
    metrics = [parse(name) for name in dict.fromkeys(question.metrics)]
    if not metrics:
        raise BadInput("no metric was named; give --metric ndcg@20, or evaluation.metrics in the scenario.")
    check_tools(question.tools)
    split = resolve(world, question.split)
    if question.stored:
        found: list[Contender] = [Stored(name, path) for name, path in question.stored]
    else:
        found = contenders(question.recommenders, question.recommendations, world)
    tasks = {"k-fold": scenario.evaluation.folds, "sliding-windows": scenario.evaluation.windows}.get(split.name, 1)
    for contender in found:
        contender.check(by_user=split.name != "next-item", tasks=tasks)
    masked = masks_seen(split, scenario.evaluation)
    checked = Checklist(question, found, metrics, split, masked, depth_of(metrics))
    return Checklist(**{**vars(checked), "identity": _identity(scenario, world, checked)})


def _identity(scenario: Scenario, world: Dataset, checked: Checklist) -> str:
    """What a run's results depend on, as one hash."""
    question = checked.question
    return digest(
        {
            "verb": VERB,
            "version": __version__,
            "seed": scenario.seed,
            "evaluation": scenario.evaluation.model_dump(mode="json"),
            "world": world.manifest.identity,
            "contenders": [contender.identity for contender in checked.contenders],
            "metrics": [metric.name for metric in checked.metrics],
            "split": checked.split.name,
            "kept": [question.log, question.per_user, question.oracle, question.trec, *question.tools],
        }
    )


def estimate(scenario: Scenario, world: Dataset, checked: Checklist) -> dict[str, Any]:
    """What an evaluation would take: rows read, bytes written, minutes of one core, memory. Modelled, not measured."""
    rows = signal_rows(world)
    fits = scenario.evaluation.seeds * _tasks_expected(scenario, checked.split)
    known = {one.name: one.cost(world.users, world.products, rows) for one in _all(scenario, world, checked)}
    costs = {name: cost for name, cost in known.items() if cost is not None}
    judged = min(world.users, scenario.evaluation.users or world.users)
    kept = judged * len(known) * (8 * len(checked.metrics) + (3 * checked.depth if checked.question.log else 0))
    return {
        "rows": rows,
        "bytes": kept + 20_000,
        "minutes": round((fits * sum(cost.cpu_s for cost in costs.values()) + rows * 1e-6) / 60, 2),
        "memory_bytes": 400_000_000 + rows * 40 + judged * checked.depth * 20
        + max((cost.memory_bytes for cost in costs.values()), default=0),
        "split": checked.split.name,
        "users": judged,
        "products": world.products,
        "recommenders": {
            name: {"minutes": round(fits * cost.cpu_s / 60, 2), "memory_bytes": cost.memory_bytes}
            for name, cost in costs.items()
        },
    }  # fmt: skip


def evaluate(
    scenario: Scenario,
    world: Dataset,
    out: Path,
    question: Question,
    *,
    force: bool,
    progress: Progress = silent,
) -> Manifest:
    """Compare contenders on a world and write a run; raises `BadInput` before anything is written."""
    checked = prepare(scenario, world, question)
    _check_memory(world, checked)
    watch = Stopwatch()
    with staged(out, identity=checked.identity, resume=False, force=force) as directory:
        progress("split", 0, 1, "worlds")
        found, board, sampling = _contest(scenario, world, checked, directory, progress)
        leaks = Checked.together([*found.checked, check_world(world)])
        document = results(
            scenario, world, board, sampling, leaks,
            kind=checked.split.name, masked=checked.masked, depth=checked.depth,
            tools=question.tools,
            imported={one.name: one.found.facts for one in checked.contenders if isinstance(one, Imported)},
        )  # fmt: skip
        write_json(directory / "results.json", document)
        by_case = checked.split.name == "next-item"
        if question.per_user:
            write_per_user(directory / "per_user.parquet", found, checked.metrics, by_case=by_case)
        timings = [
            {"recommender": tally.name, **_rounded(tally), "peak_memory_bytes": tally.peak_memory_bytes}
            for tally in found.tallies
            if tally.name != "oracle"
        ]
        write_json(directory / MEASURED / "measured.json", {"recommenders": timings})
        return seal(
            directory,
            kind="run",
            verb=VERB,
            name=scenario.name,
            identity=checked.identity,
            scenario=scenario.resolved(),
            arguments={"world": str(world.path), **question.document()},
            facts={
                "split": checked.split.name,
                "users": document["split"]["users"],
                "leaderboard": board.leaderboard,
                "lists": {tally.name: file_of(at, tally.name) for at, tally in enumerate(found.tallies)}
                if question.log
                else {},
            },
            inputs={"world": world.manifest.identity},
            watch=watch,
        )


def _rounded(tally: Tally) -> dict[str, float]:
    return {name: round(value, 3) for name, value in vars(tally.spent).items()}


def _contest(
    scenario: Scenario, world: Dataset, checked: Checklist, directory: Path, progress: Progress
) -> tuple[Field, Board, Sampling]:
    """All tasks, one after the other; only values are kept of each."""
    evaluation = scenario.evaluation
    everybody = _all(scenario, world, checked)
    names = [contender.name for contender in everybody]
    found = Field([Tally(name) for name in names])
    rules = Rules(
        checked.metrics, checked.depth, evaluation.ties,
        [scenario.seed + number for number in range(evaluation.seeds)], segments=evaluation.segments,
        tools=list(dict.fromkeys(checked.question.tools)),
    )  # fmt: skip
    people, created = People.of(world), created_us(world)
    tasks = _tasks_expected(scenario, checked.split)
    keeper = _Keeper(directory, names, checked, tasks)
    try:
        for at, task in enumerate(tasks_of(world, checked.split, evaluation, seed=scenario.seed)):
            progress("split", at + 1, tasks, "tasks")
            found.checked.append(check_task(task))
            context = _context(scenario, world, task, people, checked)
            if at == 0:
                for metric in checked.metrics:
                    metric.check(context)
            keeper.truth(at, task)
            run_task(
                found, everybody, task, at, rules, people=people, context=context, created=created,
                hear=keeper.hear, progress=progress,
            )  # fmt: skip
    finally:
        keeper.close()
    sampling = Sampling(scenario.seed, evaluation.bootstrap, evaluation.test)
    progress("statistics", 0, 1, "tables")
    return found, Board.of(found, checked.metrics, sampling), sampling


def _all(scenario: Scenario, world: Dataset, checked: Checklist) -> list[Contender]:
    """The contenders and, where the truth is known and a case is a user, the oracle."""
    stored = any(contender.name == "oracle" for contender in checked.contenders)
    if not (world.synthetic and checked.question.oracle) or checked.split.name.startswith("next-") or stored:
        return checked.contenders
    truth = read_truth(world, scenario.evaluation.signals)
    return checked.contenders if truth is None else [*checked.contenders, OracleLists(truth)]


def _tasks_expected(scenario: Scenario, split: Split) -> int:
    return {"k-fold": scenario.evaluation.folds, "sliding-windows": scenario.evaluation.windows}.get(split.name, 1)


def _context(scenario: Scenario, world: Dataset, task: Task, people: People, checked: Checklist) -> Context:
    """What metrics may know of a task. Where a case is no user, the rows of training stand below those of the cases."""
    needs = {need for metric in checked.metrics for need in metric.definition.needs(metric.arguments())}
    truth = None
    if "oracle" in needs:
        truth = read_truth(world, scenario.evaluation.signals)
    users = "user_groups" in {need.partition(".")[0] for need in needs}
    return Context(
        train=_rows_of_cases(task),
        categories=people.categories,
        vectors=_tastes(world) if world.synthetic and "vectors" in needs else None,
        user_groups=people.user_groups(task) if users else {},
        product_groups=people.product_groups(task),
        oracle=TrueOracle(truth, truth.parts(period_of(task)), task.train.matrix if task.mask_seen else None)
        if truth is not None and task.case_users is None
        else None,
    )


def _tastes(world: Dataset) -> NDArray[np.float32]:
    frame = world.frame("truth/products", columns=["product_id", "taste"]).sort("product_id")
    return frame["taste"].explode().to_numpy().astype(np.float32).reshape(len(frame), -1)


def _rows_of_cases(task: Task) -> Any:  # noqa: ANN401 - a sparse matrix
    from scipy.sparse import csr_matrix

    train = task.train.matrix
    if task.case_users is None:
        return train
    cases = task.truth.shape[0]
    indptr = np.concatenate([np.zeros(cases, train.indptr.dtype), train.indptr])
    return csr_matrix((train.data, train.indices, indptr), shape=(cases + train.shape[0], train.shape[1]))


class _Keeper:
    """Writes what a run keeps of the lists, as they pass."""

    def __init__(self, directory: Path, names: Sequence[str], checked: Checklist, tasks: int) -> None:
        self._names, self._tasks = names, tasks
        question = checked.question
        self._trec = directory / TREC if question.trec else None
        self._logs = (
            [Log(directory / file_of(at, name), checked.depth) for at, name in enumerate(names)] if question.log else []
        )

    def truth(self, at: int, task: Task) -> None:
        if self._trec is not None:
            write_qrels(self._trec / "qrels.txt", task.truth, task.cases, topics_of(at, self._tasks, task.cases))

    def hear(self, at: int, task: Task, place: int, lists: Lists) -> None:
        if self._logs:
            self._logs[place].add(at, lists, task.users_of(lists.cases))
        if self._trec is not None:
            file = file_of(place, self._names[place]).rpartition("/")[2].replace(".parquet", ".run")
            write_run(self._trec / file, self._names[place], lists, topics_of(at, self._tasks, lists.cases))

    def close(self) -> None:
        for log in self._logs:
            log.close()


def _check_memory(world: Dataset, checked: Checklist) -> None:
    """Refuse what would be killed half-way, before anything is done."""
    free, rows = psutil.virtual_memory().available, signal_rows(world)
    for contender in checked.contenders:
        cost = contender.cost(world.users, world.products, rows)
        if cost is not None and cost.memory_bytes > free:
            raise BadInput(
                f'recommender "{contender.name}" takes {human_bytes(cost.memory_bytes)} of memory on the '
                f"{world.products:,} products of {world.name} and {human_bytes(free)} is free; name the others with "
                "--recommender, or free memory."
            )


def signal_rows(world: Dataset) -> int:
    """An upper bound on the rows that carry a signal: of the event log, of interactions, of reviews."""
    return sum(count_rows(world, table) for table in ("events", "interactions", "reviews"))
