"""What a component needs: named quantities with units, and the few sizing rules that many components share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recsim.demand.constants import Amounts, Constants

USD_PER_YEAR = "USD/year"
COST = "cost"
GIB = 2.0**30


@dataclass(frozen=True)
class Quantity:
    """One figure of a demand.

    `source` says where its formula comes from. `bounds` are the limits of which the largest decided, by name; empty
    where one formula gives the figure.
    """

    name: str
    amount: Amounts
    unit: str
    source: str
    bounds: Mapping[str, Amounts] = field(default_factory=dict)


@dataclass(frozen=True)
class Demand:
    """All quantities of one component, unique by name."""

    component: str
    quantities: tuple[Quantity, ...]

    def amount(self, name: str) -> Amounts:
        """The amounts of a quantity; raises KeyError where the component has none of that name."""
        return {quantity.name: quantity.amount for quantity in self.quantities}[name]


def cost(amount_usd: Amounts, source: str) -> Quantity:
    """What a component costs a year at the catalogue's list prices."""
    return Quantity(COST, amount_usd, USD_PER_YEAR, source)


def largest(bounds: Mapping[str, Amounts]) -> Amounts:
    """The limit that decides: the largest, trial by trial."""
    first, *rest = bounds.values()
    for bound in rest:
        first = np.maximum(first, bound)
    return first


def round_up(amount: Amounts, multiple: Amounts | float = 1.0) -> Amounts:
    """The next whole multiple; a rounding error of one part in 10^9 does not buy another machine."""
    whole: Amounts = np.ceil(amount / multiple * (1 - 1e-9)) * multiple
    return whole


def cores(rate_rps: Amounts, cpu_s: Amounts, c: Constants) -> Amounts:
    """Cores for a rate: Little's law for the busy ones, over the target utilisation, bought to lose a zone."""
    return rate_rps * cpu_s / c.target_utilisation * c.zone_loss
