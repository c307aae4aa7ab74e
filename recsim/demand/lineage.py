"""Which constants a figure depends on: the very formulas, run on numbers that remember where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from recsim.demand.components import demands
from recsim.demand.constants import Constants
from recsim.scenario.demand import Capacity

Inputs = Mapping[tuple[str, str], frozenset[str]]
"""(component, quantity) → the names of its constants."""


class Traced(NDArrayOperatorsMixin):
    """A number with the set of constants it was computed from; any NumPy ufunc carries both on."""

    def __init__(self, value: Any, inputs: frozenset[str]) -> None:  # noqa: ANN401 - whatever a ufunc returns
        self.value = value
        self.inputs = inputs

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Traced:  # noqa: ANN401
        values = [operand.value if isinstance(operand, Traced) else operand for operand in operands]
        inputs = frozenset().union(*(operand.inputs for operand in operands if isinstance(operand, Traced)))
        return Traced(getattr(ufunc, method)(*values, **options), inputs)


def inputs_of(capacity: Capacity) -> Inputs:
    """The constants behind every quantity. A limit that does not decide counts too: it could."""
    traced: dict[str, Any] = {name: Traced(constant.mid, frozenset({name})) for name, constant in capacity.constants()}
    nothing: Any = Traced(1e6, frozenset())
    with np.errstate(all="ignore"):
        found = demands(nothing, nothing, nothing, Constants(traced))
    return {
        (demand.component, quantity.name): _inputs(quantity.amount)
        for demand in found.values()
        for quantity in demand.quantities
    }


def _inputs(amount: Any) -> frozenset[str]:  # noqa: ANN401 - an array by its type, traced in this run
    return amount.inputs if isinstance(amount, Traced) else frozenset()
