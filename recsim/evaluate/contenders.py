"""Who is compared: recommenders of the table, of the user's own file, and lists that were made elsewhere or before."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.imported import Recommendations, read_recommendations
from recsim.evaluate.lists import Lists, read_lists
from recsim.evaluate.task import Task
from recsim.progress import Progress
from recsim.recommenders.base import Cost, Slates
from recsim.recommenders.contract import breaches
from recsim.recommenders.named import Named, parse
from recsim.registry import did_you_mean
from recsim.runs import sha256_of

_USERS_PER_CALL = 8192


@dataclass
class Spent:
    """CPU seconds of one recommender over all its tasks and seeds."""

    fit_cpu_s: float = 0.0
    recommend_cpu_s: float = 0.0


class Contender(Protocol):
    """Something that has a list for the cases of a task. `seeded`: whether another seed may give other lists."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str:
        """What its lists depend on beside the split and the seed."""
        ...

    @property
    def seeded(self) -> bool: ...

    def cost(self, users: int, products: int, pairs: int) -> Cost | None: ...

    def check(self, *, by_user: bool, tasks: int) -> None:
        """Raises `BadInput` where it can't answer such a split."""
        ...

    def lists(self, task: Task, at: int, depth: int, *, seed: int, spent: Spent, progress: Progress) -> Lists: ...


@dataclass(frozen=True)
class Model:
    """A recommender that is fitted on every task."""

    named: Named
    file: Path | None = None

    @property
    def name(self) -> str:
        return str(self.named)

    @property
    def identity(self) -> str:
        return self.name if self.file is None else f"{self.name} {sha256_of(self.file)}"

    @property
    def seeded(self) -> bool:
        return True

    def cost(self, users: int, products: int, pairs: int) -> Cost | None:
        """What it is expected to take; None where a user's own recommender does not say."""
        if not hasattr(self.named.maker, "cost"):
            return None
        return self.named.cost(users, products, pairs)

    def check(self, *, by_user: bool, tasks: int) -> None:
        """Any recommender answers any split: one that can't continue a session answers from what it knows of users."""

    def lists(self, task: Task, at: int, depth: int, *, seed: int, spent: Spent, progress: Progress) -> Lists:  # noqa: ARG002
        model = self.named.build()
        progress(f"fit {self.name}", 0, 1, "models")
        began = time.process_time()
        model.fit(task.train, seed=seed)
        spent.fit_cpu_s += time.process_time() - began
        progress(f"fit {self.name}", 1, 1, "models")
        ask = _asker(model, task)
        out = Lists.empty(task.cases, depth)
        # The first call compiles the kernels of a ranking; that is not the recommender's time.
        ask(out.cases[:1], depth)
        began = time.process_time()
        for row in range(0, len(out.cases), _USERS_PER_CALL):
            block = out.cases[row : row + _USERS_PER_CALL]
            slates = ask(block, depth)
            out.products[row : row + len(block)] = slates.products
            out.scores[row : row + len(block)] = slates.scores
            progress(f"rank {self.name}", row + len(block), len(out.cases), "lists")
        spent.recommend_cpu_s += time.process_time() - began
        return out


def _asker(model: Any, task: Task) -> Callable[[NDArray[np.int64], int], Slates]:  # noqa: ANN401 - any recommender
    """How a task is put to a fitted model: histories to be continued where there are some and it can, else users."""
    prefixes = task.prefixes
    if prefixes is None or not hasattr(model, "recommend_after"):
        return lambda cases, k: model.recommend(task.users_of(cases), k, mask_seen=task.mask_seen)
    return lambda cases, k: model.recommend_after(
        prefixes.histories(cases, task.users_of(cases)), k, mask_seen=task.mask_seen
    )


@dataclass(frozen=True)
class Imported:
    """Lists that a file brought."""

    found: Recommendations

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def identity(self) -> str:
        return f"{self.name} {self.found.sha256}"

    seeded = False

    def cost(self, users: int, products: int, pairs: int) -> Cost | None:  # noqa: ARG002 - it only reads
        return None

    def check(self, *, by_user: bool, tasks: int) -> None:
        """A file has one list a user, so every case must be a user and there can be one task."""
        if not by_user or tasks > 1:
            raise BadInput(
                f"--recommendations {self.found.path} has one list a user; a split with "
                f"{'several windows or folds' if by_user else 'several questions a user'} needs a recommender."
            )

    def lists(self, task: Task, at: int, depth: int, *, seed: int, spent: Spent, progress: Progress) -> Lists:  # noqa: ARG002
        return self.found.lists(task.cases, depth)


@dataclass(frozen=True)
class Stored:
    """Lists from the log of an earlier run."""

    name: str
    path: Path

    @property
    def identity(self) -> str:
        return f"{self.name} {sha256_of(self.path)}"

    seeded = False

    def cost(self, users: int, products: int, pairs: int) -> Cost | None:  # noqa: ARG002 - it only reads
        return None

    def check(self, *, by_user: bool, tasks: int) -> None:
        """It answered this split before."""

    def lists(self, task: Task, at: int, depth: int, *, seed: int, spent: Spent, progress: Progress) -> Lists:  # noqa: ARG002
        found = read_lists(self.path, at)
        if not np.array_equal(found.cases, task.cases):
            raise BadInput(f"{self.path} holds lists for other cases than the split has now; evaluate again.")
        return Lists(found.cases, found.products[:, :depth], found.scores[:, :depth])


def contenders(recommenders: Sequence[str], recommendations: Sequence[str], world: Dataset) -> list[Contender]:
    """Everybody named, once each; raises `BadInput` before anything is fitted."""
    found: list[Contender] = [_model(text) for text in dict.fromkeys(recommenders)]
    found += [Imported(read_recommendations(text, world)) for text in dict.fromkeys(recommendations)]
    if not found:
        raise BadInput("no recommender was named; give --recommender popular, or evaluation.recommenders.")
    names = [contender.name for contender in found]
    again = next((name for name in names if names.count(name) > 1), None)
    if again is not None:
        raise BadInput(f'two recommenders are called "{again}"; name a file\'s lists with --recommendations NAME=FILE.')
    return found


def _model(text: str) -> Model:
    head = text.strip().partition("(")[0]
    if ".py:" not in head:
        if head.strip().endswith(".py"):
            raise BadInput(f'"{text}" names a file; name the class in it too, as in {head.strip()}:Mine.')
        return Model(parse(text))
    file = Path(head.rpartition(":")[0].strip())
    named = parse(text, load=lambda _: _class_of(head.strip()))
    shown = Named(f"{file.name}:{head.rpartition(':')[2].strip()}", named.options, named.maker)
    broken = breaches(shown.build)
    if broken:
        raise BadInput(f"recommender {shown} breaks the contract of a recommender: {'; '.join(broken)}.")
    return Model(shown, file)


def _class_of(text: str) -> Any:  # noqa: ANN401 - a stranger's class
    """The class `FILE.py:NAME` names; raises `BadInput` where the file can't be run or has no such class."""
    path, _, name = text.rpartition(":")
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"recommender {text}: there is no file {file}.")
    label = f"recsim_own_{file.stem}"
    spec = spec_from_file_location(label, file)
    assert spec is not None, "a .py file has a loader"
    assert spec.loader is not None, "a .py file has a loader"
    module = module_from_spec(spec)
    sys.modules[label] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        at = f" line {error.lineno}" if isinstance(error, SyntaxError) else _line(error, file)
        raise BadInput(f"recommender {text}: {file}{at} raised {type(error).__name__}: {error}.") from error
    found = getattr(module, name, None)
    if not inspect.isclass(found):
        known = [key for key, value in vars(module).items() if inspect.isclass(value) and value.__module__ == label]
        raise BadInput(f"recommender {text}: {file} has no class {name}.{did_you_mean(name, known)}")
    return found


def _line(error: Exception, file: Path) -> str:
    trace, line = error.__traceback__, ""
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == file:
            line = f" line {trace.tb_lineno}"
        trace = trace.tb_next
    return line
