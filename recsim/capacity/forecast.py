"""One size of the system, computed: every component's demand in every trial, and the rows a plan shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsim.demand.components import demands
from recsim.demand.constants import Amounts
from recsim.demand.lineage import Inputs
from recsim.demand.quantity import Demand, Quantity
from recsim.demand.sampling import Trials
from recsim.errors import BadInput
from recsim.scenario.demand import Capacity
from recsim.units import Estimate

DIGITS = 6
"""Significant digits of every figure written: more than any is known to, fewer than machines differ in."""


@dataclass(frozen=True)
class Size:
    """How large the shop is."""

    daily_active: float
    registered: float
    products: float


@dataclass(frozen=True)
class Forecast:
    """Demand of one size. `trials` are shared between sizes, so that two sizes can be compared trial by trial."""

    size: Size
    trials: Trials
    demands: Mapping[str, Demand]

    def quantities(self) -> Iterator[tuple[str, Quantity]]:
        """Every quantity with its component, in the order of the table of components."""
        for component, demand in self.demands.items():
            for quantity in demand.quantities:
                yield component, quantity

    def amounts(self, component: str, name: str) -> Amounts:
        """A quantity in every trial."""
        return self.demands[component].amount(name)

    def estimate(self, quantity: Quantity) -> Estimate:
        """The plan's figure with the 5 % and 95 % quantiles of the samples (order statistics: whole nodes stay whole).

        The interval is widened to hold the plan's figure where skewed constants put it just outside.
        """
        value = significant(quantity.amount[0])
        sampled = self.trials.sampled(quantity.amount)
        low, high = (significant(q) for q in np.quantile(sampled, [0.05, 0.95], method="inverted_cdf"))
        return Estimate(value, min(low, value), max(high, value), quantity.unit, "modelled", quantity.source)


def forecast(size: Size, trials: Trials, capacity: Capacity, inputs: Inputs) -> Forecast:
    """Evaluate the demand model; raises `BadInput` where a constant that divides is 0."""
    users, registered, products = (np.array(part) for part in (size.daily_active, size.registered, size.products))
    with np.errstate(all="ignore"):
        found = demands(users, registered, products, trials.constants)
    filled = {}
    for component, demand in found.items():
        quantities = tuple(_filled(quantity, trials) for quantity in demand.quantities)
        for quantity in quantities:
            if not np.isfinite(quantity.amount).all():
                raise BadInput(_not_finite(component, quantity.name, capacity, inputs))
        filled[component] = Demand(component, quantities)
    return Forecast(size, trials, filled)


def _filled(quantity: Quantity, trials: Trials) -> Quantity:
    shape = (1 + trials.samples + 2 * len(trials.moved),)
    bounds = {name: np.broadcast_to(bound, shape) for name, bound in quantity.bounds.items()}
    return Quantity(quantity.name, np.broadcast_to(quantity.amount, shape), quantity.unit, quantity.source, bounds)


def _not_finite(component: str, name: str, capacity: Capacity, inputs: Inputs) -> str:
    behind = inputs.get((component, name), frozenset())
    zeros = [
        f"capacity.{constant}" for constant, given in capacity.constants() if constant in behind and given.low == 0
    ]
    blame = f"; {', '.join(zeros)} may not be 0" if zeros else "; give its constants figures nearer to the defaults"
    return f'{component}: "{name}" has no finite value{blame}.'


def estimate_rows(forecast: Forecast, inputs: Inputs, measured: frozenset[str]) -> list[dict[str, Any]]:
    """The `estimates` of a plan: the figure, what it depends on, and which of that was measured by a run."""
    rows = []
    for component, quantity in forecast.quantities():
        estimate = forecast.estimate(quantity)
        behind = inputs[component, quantity.name]
        rows.append(
            {
                "component": component,
                "quantity": quantity.name,
                "value": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
                "unit": quantity.unit,
                "provenance": estimate.provenance,
                "source": quantity.source,
                "binding": binding(quantity),
                "inputs": sorted(behind),
                "measured_inputs": sorted(behind & measured),
                "measured_share": significant(len(behind & measured) / len(behind)) if behind else 0.0,
            }
        )
    return rows


def binding(quantity: Quantity) -> str | None:
    """The limit that decides in the plan, where a quantity is the largest of several."""
    if not quantity.bounds:
        return None
    return max(quantity.bounds, key=lambda name: float(quantity.bounds[name][0]))


def significant(figure: float) -> float:
    """`figure` in `DIGITS` significant digits."""
    return float(f"{float(figure):.{DIGITS}g}")
