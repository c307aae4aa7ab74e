"""`recsim evaluate`: fit every recommender on the same matrix, rank the whole catalogue, score, and say how sure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from recsim import __version__
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.oracle import rank_by_truth, read_truth
from recsim.evaluate.results import ORACLE, Board, Entry, leaderboard, results, write_per_user
from recsim.evaluate.splits import Split, resolve, split_world
from recsim.metrics.base import Metric, depth_of, parse
from recsim.metrics.judged import judge
from recsim.progress import Progress, silent
from recsim.recommenders import RECOMMENDERS
from recsim.recommenders.base import Recommender
from recsim.runs import MEASURED, Manifest, Stopwatch, seal, staged, write_json
from recsim.scenario import Scenario
from recsim.scenario.model import digest
from recsim.units import human_bytes

VERB = "evaluate"

_USERS_PER_CALL = 8192


@dataclass(frozen=True)
class Timing:
    """CPU seconds of one recommender, and the peak memory of the process once it was done."""

    recommender: str
    fit_cpu_s: float
    recommend_cpu_s: float
    peak_memory_bytes: int


def identity(
    scenario: Scenario, world: Dataset, *, recommenders: Sequence[str], metrics: Sequence[str], split: str
) -> str:
    """What a run's results depend on, as one hash."""
    return digest(
        {
            "verb": VERB,
            "version": __version__,
            "seed": scenario.seed,
            "evaluation": scenario.evaluation.model_dump(mode="json"),
            "world": world.manifest.identity,
            "recommenders": list(recommenders),
            "metrics": list(metrics),
            "split": split,
        }
    )


def estimate(scenario: Scenario, world: Dataset, recommenders: Sequence[str]) -> dict[str, Any]:
    """What an evaluation would take: rows read, bytes written, minutes of one core, memory. Modelled, not measured."""
    _check_recommenders(recommenders)
    rows = _signal_rows(world)
    costs = {name: RECOMMENDERS.load(name).cost(world.users, world.products, rows) for name in recommenders}
    metrics = len(scenario.evaluation.metrics)
    judged = min(world.users, scenario.evaluation.users or world.users)
    return {
        "rows": rows,
        "bytes": judged * len(costs) * metrics * 2 + 20_000,
        "minutes": round((sum(cost.cpu_s for cost in costs.values()) + rows * 1e-6) / 60, 2),
        "memory_bytes": 400_000_000 + rows * 120 + max(cost.memory_bytes for cost in costs.values()),
        "users": judged,
        "products": world.products,
        "recommenders": {
            name: {"minutes": round(cost.cpu_s / 60, 2), "memory_bytes": cost.memory_bytes}
            for name, cost in costs.items()
        },
    }


def check(world: Dataset, *, recommenders: Sequence[str], metrics: Sequence[str], split: str) -> list[Metric]:
    """The metrics named, each once; raises `BadInput` for a name that is unknown or a split the world can't give."""
    _check_recommenders(recommenders)
    parsed = [parse(name) for name in dict.fromkeys(metrics)]
    if not parsed:
        raise BadInput("no metric was named; give --metric ndcg@20, or evaluation.metrics in the scenario.")
    resolve(world, split)
    return parsed


def evaluate(
    scenario: Scenario,
    world: Dataset,
    out: Path,
    *,
    recommenders: Sequence[str],
    metrics: Sequence[str],
    split: str,
    force: bool,
    progress: Progress = silent,
) -> Manifest:
    """Compare recommenders on a world and write a run; raises `BadInput` before anything is written."""
    parsed = check(world, recommenders=recommenders, metrics=metrics, split=split)
    _check_memory(world, recommenders)
    watch = Stopwatch()
    mark = identity(scenario, world, recommenders=recommenders, metrics=metrics, split=split)
    with staged(out, identity=mark, resume=False, force=force) as directory:
        progress("split", 0, 1, "worlds")
        parts = split_world(world, scenario, split)
        progress("split", 1, 1, "worlds")
        board, timings = _contest(scenario, world, parts, list(dict.fromkeys(recommenders)), parsed, progress)
        write_json(directory / "results.json", results(scenario, world, parts, board))
        write_per_user(directory / "per_user.parquet", board)
        write_json(directory / MEASURED / "measured.json", {"recommenders": [vars(timing) for timing in timings]})
        return seal(
            directory,
            kind="run",
            verb=VERB,
            name=scenario.name,
            identity=mark,
            scenario=scenario.resolved(),
            arguments={
                "world": str(world.path),
                "recommenders": list(recommenders),
                "metrics": list(metrics),
                "split": split,
            },
            facts={"split": parts.kind, "users": parts.facts["users"], "leaderboard": leaderboard(board)},
            inputs={"world": world.manifest.identity},
            watch=watch,
        )


def _contest(
    scenario: Scenario,
    world: Dataset,
    split: Split,
    names: Sequence[str],
    metrics: Sequence[Metric],
    progress: Progress,
) -> tuple[Board, list[Timing]]:
    """Every recommender, and in a synthetic world the oracle, on the same split."""
    depth = depth_of(metrics)
    entries, timings = [], []
    for name in names:
        entry, timing = _run(name, split, depth, metrics, scenario.seed, progress)
        entries.append(entry)
        timings.append(timing)
    if world.synthetic:
        users = np.flatnonzero(np.diff(split.test.indptr)).astype(np.int64)
        lists = rank_by_truth(read_truth(world, scenario), users, depth, seen=split.train.matrix)
        entries.append(_score(ORACLE, users, lists.products, split, metrics))
    return Board.of(entries, metrics, depth=depth, scenario=scenario), timings


def _run(
    name: str, split: Split, depth: int, metrics: Sequence[Metric], seed: int, progress: Progress
) -> tuple[Entry, Timing]:
    model: Recommender = RECOMMENDERS.load(name)()
    progress(f"fit {name}", 0, 1, "models")
    began = time.process_time()
    model.fit(split.train, seed=seed)
    fitted = time.process_time()
    progress(f"fit {name}", 1, 1, "models")
    users = np.flatnonzero(np.diff(split.test.indptr)).astype(np.int64)
    products = np.empty((len(users), depth), np.int64)
    # The first call compiles the kernels of a ranking; that is not the recommender's time.
    model.recommend(users[:1], depth, mask_seen=True)
    ready = time.process_time()
    for row in range(0, len(users), _USERS_PER_CALL):
        block = users[row : row + _USERS_PER_CALL]
        products[row : row + len(block)] = model.recommend(block, depth, mask_seen=True).products
        progress(f"rank {name}", row + len(block), len(users), "users")
    ended = time.process_time()
    timing = Timing(
        recommender=name,
        fit_cpu_s=round(fitted - began, 3),
        recommend_cpu_s=round(ended - ready, 3),
        peak_memory_bytes=int(Stopwatch().reading()["peak_memory_bytes"]),
    )
    return _score(name, users, products, split, metrics), timing


def _score(
    name: str, users: NDArray[np.int64], products: NDArray[np.int64], split: Split, metrics: Sequence[Metric]
) -> Entry:
    judged = judge(users, products, split.test)
    return Entry(
        recommender=name,
        users=judged.users,
        values=np.column_stack([metric.per_user(judged) for metric in metrics]),
        answered=int(np.count_nonzero(judged.answered)),
        short_lists=int(np.count_nonzero(judged.lengths < judged.depth)),
        duplicates=judged.duplicates,
    )


def _check_recommenders(names: Sequence[str]) -> None:
    if not names:
        raise BadInput("no recommender was named; give --recommender popular, or evaluation.recommenders.")
    for name in names:
        RECOMMENDERS.load(name)


def _check_memory(world: Dataset, names: Sequence[str]) -> None:
    """Refuse what would be killed half-way, before anything is done."""
    free = psutil.virtual_memory().available
    for name in names:
        need = RECOMMENDERS.load(name).cost(world.users, world.products, _signal_rows(world)).memory_bytes
        if need > free:
            raise BadInput(
                f'recommender "{name}" takes {human_bytes(need)} of memory on the {world.products:,} products of '
                f"{world.name} and {human_bytes(free)} is free; name the others with --recommender, or free memory."
            )


def _signal_rows(world: Dataset) -> int:
    """An upper bound on the rows that carry a signal: of the event log, of interactions, of reviews."""
    sources = ("events/", "interactions/", "reviews/")
    return sum(record.rows or 0 for name, record in world.manifest.outputs.items() if name.startswith(sources))
