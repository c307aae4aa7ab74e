"""Context: what a device, an hour and a region say about which categories are wanted now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsim.units import US_PER_HOUR

HOURS = 24
PRIOR = 200.0
"""Events by which the lift of a category is drawn to 1: a quiet hour says nothing."""


@dataclass(frozen=True)
class Context:
    """Where and when a request comes from; `hour` is UTC. Empty names say nothing."""

    device: str = ""
    hour: int | None = None
    region: str = ""


NOWHERE = Context()


def hour_of(at_us: Any) -> Any:  # noqa: ANN401 - an instant or an array of them
    """The hour of the day, UTC, of instants in µs since 1970."""
    return at_us // US_PER_HOUR % HOURS


class ContextTable:
    """Events by (device, category), (hour, category) and (region, category), and the lift of a category in each.

    lift(category | value) = (events of both + PRIOR · share) / (events of the value + PRIOR) / share, with the share
    of the category in all events: 1 where the value changes nothing.
    """

    def __init__(self, devices: Sequence[str], regions: Sequence[str], categories: int) -> None:
        self._devices = {name: code for code, name in enumerate(devices)}
        self._regions = {name: code for code, name in enumerate(regions)}
        sizes = (len(devices), HOURS, len(regions))
        self._counts = [np.zeros((size, categories), np.float64) for size in sizes]
        self._lifts = [np.ones((size, categories), np.float32) for size in sizes]

    def take(
        self,
        categories: NDArray[np.int64],
        devices: NDArray[np.int64],
        hours: NDArray[np.int64],
        regions: NDArray[np.int64],
    ) -> None:
        """Count events as columns of codes; -1 is unknown."""
        for counts, values in zip(self._counts, (devices, hours, regions), strict=True):
            known = (values >= 0) & (categories >= 0)
            flat = values[known] * counts.shape[1] + categories[known]
            np.add.at(counts.reshape(-1), flat, 1.0)

    def publish(self) -> None:
        """Bring the lifts up to date with what was counted."""
        self._lifts = [_lift(counts) for counts in self._counts]

    def fit(self, context: Context, categories: NDArray[np.int32]) -> NDArray[np.float32]:
        """How well n categories fit the context, 0 to 1: the product of their lifts x as x / (1 + x), so one half
        where the context says nothing, and for an unknown category."""
        lift = np.ones(len(categories), np.float32)
        hour = -1 if context.hour is None else context.hour
        codes = (self._devices.get(context.device, -1), hour, self._regions.get(context.region, -1))
        for lifts, code in zip(self._lifts, codes, strict=True):
            if code >= 0 and lifts.shape[1]:
                lift *= lifts[code][np.maximum(categories, 0)]
        lift[categories < 0] = 1.0
        return (lift / (1.0 + lift)).astype(np.float32)


def _lift(counts: NDArray[np.float64]) -> NDArray[np.float32]:
    total = counts.sum()
    if not total:
        return np.ones(counts.shape, np.float32)
    share = counts.sum(axis=0) / total
    shared = np.where(share > 0, share, 1.0)
    lift = (counts + PRIOR * share) / (counts.sum(axis=1, keepdims=True) + PRIOR) / shared
    return np.where(share > 0, lift, 1.0).astype(np.float32)
