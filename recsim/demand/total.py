"""The bill: every component's cost, together, and without the edge cache, which contracts make cheaper."""

from __future__ import annotations

from collections.abc import Sequence

from recsim.demand.constants import Amounts
from recsim.demand.quantity import COST, USD_PER_YEAR, Demand, Quantity

NOT_COUNTED = "cross-zone transfer, support, observability, staff, a second region, committed discounts"


def demand_total(demands: Sequence[Demand]) -> Demand:
    """Sum of the costs of all components; list prices, see `NOT_COUNTED`."""
    costs: list[Amounts] = []
    edge: list[Amounts] = []
    for demand in demands:
        for quantity in demand.quantities:
            if quantity.name == COST:
                (edge if demand.component == "edge_cache" else costs).append(quantity.amount)
    without_edge: Amounts = sum(costs[1:], start=costs[0])
    total: Amounts = sum(edge, start=without_edge)
    quantities = (
        Quantity("total", total, USD_PER_YEAR, f"sum of all components; not counted: {NOT_COUNTED}"),
        Quantity("total without edge cache", without_edge, USD_PER_YEAR, "sum of all others"),
    )
    return Demand("cost", quantities)
