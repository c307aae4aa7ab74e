"""How an engine says how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage, the amount done so far, the total (0 when unknown) and the unit of both.

    `detail` is a phrase beside the count: rates, bytes, time left. Without a unit the stage is a remark, told once:
    what takes long before there is anything to count.
    """

    def __call__(self, stage: str, done: int, total: int, unit: str, detail: str = "") -> None: ...


def silent(stage: str, done: int, total: int, unit: str, detail: str = "") -> None:
    """Nobody listens."""
