"""The tornado: which constants move a figure most when each goes alone to its 5 % and its 95 % quantile."""

from __future__ import annotations

from typing import Any

from recsim.capacity.forecast import Forecast, significant
from recsim.demand.quantity import COST

MOST = 3
"""Constants shown for each figure."""


def sensitivity_rows(forecast: Forecast) -> list[dict[str, Any]]:
    """The `sensitivity` of a plan: total cost first, then one figure a component, its cost where it has one."""
    rows = _rows(forecast, "cost", "total") + _rows(forecast, "cost", "total without edge cache")
    for component, demand in forecast.demands.items():
        if component != "cost":
            names = [quantity.name for quantity in demand.quantities]
            rows += _rows(forecast, component, COST if COST in names else _headline(names))
    return rows


def _headline(names: list[str]) -> str:
    return next((name for name in names if name == "requests, event peak"), names[-1])


def _rows(forecast: Forecast, component: str, name: str) -> list[dict[str, Any]]:
    amounts = forecast.amounts(component, name)
    value = float(amounts[0])
    moves = forecast.trials.moves(amounts)
    span = [abs(float(at_high) - float(at_low)) for at_low, at_high in moves]
    order = sorted(range(len(span)), key=lambda i: (-significant(span[i]), forecast.trials.moved[i]))
    return [
        {
            "component": component,
            "quantity": name,
            "constant": forecast.trials.moved[i],
            "value": significant(value),
            "at_low": significant(moves[i, 0]),
            "at_high": significant(moves[i, 1]),
            "change_at_low": significant(moves[i, 0] / value - 1) if value else None,
            "change_at_high": significant(moves[i, 1] / value - 1) if value else None,
        }
        for i in order[:MOST]
        if span[i] > 0
    ]
