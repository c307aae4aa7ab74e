"""Every statistic of a world in one pass over its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recsim.dataset import Dataset
from recsim.fidelity import STATISTICS
from recsim.fidelity.base import Context, Limits, Measured, Statistic, context_of
from recsim.fidelity.log import Piece, pieces, sessions_are_users
from recsim.progress import Progress, silent


class Pass:
    """The statistics of a world on their way: fed with pieces, asked at the end, as often as one likes."""

    def __init__(self, world: Dataset, names: Iterable[str] | None = None) -> None:
        self._world = world
        chosen = STATISTICS.names() if names is None else list(names)
        self._makers = {name: STATISTICS.load(name) for name in chosen}
        self._started: dict[str, Statistic] | None = None

    def add(self, piece: Piece) -> None:
        """Take a piece of the log in."""
        if self._started is None:
            self._started = self._start(timed=piece.time_us is not None)
        for statistic in self._started.values():
            statistic.add(piece)

    def _start(self, *, timed: bool) -> dict[str, Statistic]:
        context: Context = context_of(self._world, users_are_sessions=sessions_are_users(self._world), timed=timed)
        return {name: maker(context) for name, maker in self._makers.items()}

    def finish(self, limits: Mapping[str, Limits] | None = None) -> dict[str, Measured]:
        """The figures, by statistic; `limits` of those that have other than the widest."""
        started = self._start(timed=False) if self._started is None else self._started
        given = limits or {}
        return {name: statistic.finish(given.get(name, Limits())) for name, statistic in started.items()}


def measure(
    world: Dataset,
    names: Iterable[str] | None = None,
    *,
    limits: Mapping[str, Limits] | None = None,
    progress: Progress = silent,
) -> dict[str, Measured]:
    """Every statistic (or those named) of a world; raises `BadInput` where it holds no log at all."""
    run = Pass(world, names)
    total = int(world.manifest.facts.get("events") or world.manifest.facts.get("interactions") or 0)
    done = 0
    for piece in pieces(world):
        run.add(piece)
        done += len(piece)
        progress(f"measure {world.name}", min(done, total), total, "events")
    return run.finish(limits)
