"""What moves on a terminal while an engine works: a bar for each thing counted, and what is known beside the count."""

from __future__ import annotations

from rich.console import Console, Group
from rich.live import Live as Screen
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Live:
    """Bars on stderr that vanish at the end; the last detail or remark stands below them."""

    def __init__(self, console: Console | None = None) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Time())
        self._bars = Progress(*columns)
        self._clock = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._remark: TaskID | None = None
        self._detail = Text()
        self._tasks: dict[str, TaskID] = {}
        self._screen = Screen(
            Group(self._bars, self._clock, self._detail), console=console or Console(stderr=True), transient=True
        )
        self._screen.start()

    def draw(self, stage: str, done: int, total: int, unit: str, detail: str) -> None:
        """Move a bar, or show a remark (no unit) with a clock until the next bar moves."""
        if self._remark is not None:
            self._clock.remove_task(self._remark)
            self._remark = None
        if not unit:
            self._remark = self._clock.add_task(stage, total=None)
            return
        label = f"{stage} ({unit})"
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total or None, completed=done, detailed=False)
        self._bars.update(self._tasks[label], completed=done, total=total or None, detailed=bool(detail))
        self._detail.plain = detail

    def stop(self) -> None:
        self._screen.stop()


class _Time(ProgressColumn):
    """The time left, or where the detail tells that, the time since the start."""

    def __init__(self) -> None:
        super().__init__()
        self._elapsed, self._remaining = TimeElapsedColumn(), TimeRemainingColumn()

    def render(self, task: Task) -> Text:
        return (self._elapsed if task.fields["detailed"] else self._remaining).render(task)
