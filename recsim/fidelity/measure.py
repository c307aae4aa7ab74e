"""Every statistic of a world in one pass over its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recsim.dataset import Dataset
from recsim.fidelity import STATISTICS
from recsim.fidelity.base import Context, Limits, Measured, context_of
from recsim.fidelity.compare import floors_of
from recsim.fidelity.cut import Cut, cut_of, through
from recsim.fidelity.log import Piece, pieces, sessions_are_users, timed
from recsim.progress import Progress, silent


class Pass:
    """The statistics of a log on their way: fed with pieces, asked at the end, as often as one likes."""

    def __init__(self, context: Context, names: Iterable[str] | None = None) -> None:
        chosen = STATISTICS.names() if names is None else names
        self._started = {name: STATISTICS.load(name)(context) for name in chosen}

    def add(self, piece: Piece) -> None:
        """Take a piece of the log in."""
        for statistic in self._started.values():
            statistic.add(piece)

    def finish(
        self, limits: Mapping[str, Limits] | None = None, names: Iterable[str] | None = None
    ) -> dict[str, Measured]:
        """The figures, by statistic; `limits` of those that have other than the widest."""
        given = limits or {}
        chosen = self._started if names is None else names
        return {name: self._started[name].finish(given.get(name, Limits())) for name in chosen}


def _passed(world: Dataset, names: Iterable[str] | None, cut: Cut, progress: Progress) -> Pass:
    only = cut.sessions_only or sessions_are_users(world)
    run = Pass(context_of(world, users_are_sessions=only, timed=timed(world)), names)
    total = int(world.manifest.facts.get("events") or world.manifest.facts.get("interactions") or 0)
    done = 0
    for piece in through(cut, lambda: pieces(world), world.products)():
        run.add(piece)
        done += len(piece)
        progress(f"measure {world.name}", min(done, total), total, "events")
    return run


def measure(
    world: Dataset,
    names: Iterable[str] | None = None,
    *,
    limits: Mapping[str, Limits] | None = None,
    cut: Cut | None = None,
    progress: Progress = silent,
) -> dict[str, Measured]:
    """Every statistic (or those named) of a world, cut like another one; raises `BadInput` where it holds no log."""
    return _passed(world, names, cut or Cut(), progress).finish(limits)


@dataclass(frozen=True)
class Published:
    """A real log as it was published: how it was cut, the least counts of each distribution, and its figures."""

    cut: Cut
    limits: dict[str, Limits]
    found: dict[str, Measured]


def published(world: Dataset, *, progress: Progress = silent) -> Published:
    """A real log with what it was cut to; raises `BadInput` where it holds no log at all."""
    cut = cut_of(lambda: pieces(world), world.products, sessions_only=sessions_are_users(world))
    run = _passed(world, None, cut, progress)
    found = run.finish()
    limits = floors_of(found)
    return Published(cut, limits, found | run.finish(limits, limits))
