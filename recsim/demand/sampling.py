"""Trials of the constants: the plan itself, samples for the intervals, and one-at-a-time moves for the tornado.

An open constant is drawn so that its `low` and `high` are exactly the 5 % and 95 % quantiles of the distribution:
lognormal for a figure, logit-normal for a share (which then stays inside 0 and 1). The samples are a Latin hypercube
(McKay, Beckman and Conover, Technometrics 21, 1979): each constant takes every quantile (i + 1/2) / n once, in an
order drawn from its own stream, so the sample quantiles are exact too and every constant is independent of which
others are open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsim import rng
from recsim.demand.constants import Amounts, Constants
from recsim.scenario.demand import Capacity
from recsim.scenario.demand_range import SHARE, Range

SAMPLES = 4_096
"""Samples behind every interval."""

_Z95 = 1.6448536269514722


@dataclass(frozen=True)
class Trials:
    """Every constant in every trial.

    Trial 0 takes every `mid`; trials 1 .. samples are the Latin hypercube; then, for each constant in `moved`, one
    trial with it at `low` and one at `high`, all others at `mid`.
    """

    constants: Constants
    samples: int
    moved: tuple[str, ...]

    def sampled(self, amounts: Amounts) -> Amounts:
        """The samples of a figure: shape (samples,)."""
        return amounts[1 : 1 + self.samples]

    def moves(self, amounts: Amounts) -> Amounts:
        """The one-at-a-time trials of a figure: shape (len(moved), 2), at low and at high."""
        return amounts[1 + self.samples :].reshape(-1, 2)


def draw(capacity: Capacity, *, seed: int, samples: int = SAMPLES) -> Trials:
    """Trials of all constants; a pure function of the constants and the seed."""
    named = list(capacity.constants())
    moved = tuple(name for name, constant in named if not constant.fixed)
    amounts: dict[str, Amounts] = {}
    for name, constant in named:
        column = np.full(1 + samples + 2 * len(moved), constant.mid)
        if not constant.fixed:
            column[1 : 1 + samples] = quantile(constant, _order(seed, name, samples))
            at = 1 + samples + 2 * moved.index(name)
            column[at : at + 2] = constant.low, constant.high
        amounts[name] = column
    return Trials(Constants(amounts), samples, moved)


def quantile(constant: Range, probability: NDArray[np.float64]) -> Amounts:
    """The quantiles of an open constant: at 0.05 its `low`, at 0.95 its `high`."""
    share = constant.unit == SHARE
    low, high = (np.log(bound / (1 - bound) if share else bound) for bound in (constant.low, constant.high))
    spread = np.exp((low + high) / 2 + (high - low) / (2 * _Z95) * ndtri(probability))
    figure: Amounts = spread / (1 + spread) if share else spread
    return figure


def _order(seed: int, name: str, samples: int) -> NDArray[np.float64]:
    """The probabilities (i + 1/2) / n in the order of the constant's own stream."""
    words = rng.words(seed, f"capacity/{name}", np.arange(samples, dtype=np.uint64))
    rank = np.empty(samples)
    rank[np.lexsort((words[:, 1], words[:, 0]))] = np.arange(samples)
    return (rank + 0.5) / samples
