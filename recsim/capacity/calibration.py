"""What a replay run measured, in the place of what was assumed.

A constant is replaced only by a figure that means the same thing. Core times are the CPU time of a hop without the
hops it called, so they add up. A hop whose time grows with the catalogue (the search index, the vector index) counts
only where the run's catalogue is of the plan's order. What a generated world does is its scenario's assumption, so
behaviour counted there is modelled; counted in an imported log it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsim.capacity.findings import findings, too_small
from recsim.capacity.forecast import significant
from recsim.capacity.replay_run import ReplayRun
from recsim.scenario.demand import Capacity
from recsim.scenario.demand_range import SHARE, Range


@dataclass(frozen=True)
class Calibration:
    """The constants after replacement, what was replaced, and what the run has but could not be used."""

    capacity: Capacity
    replaced: tuple[dict[str, Any], ...]
    unused: tuple[dict[str, str], ...]

    @property
    def measured(self) -> frozenset[str]:
        """Constants that the run measured."""
        return frozenset(row["constant"] for row in self.replaced if row["provenance"] == "measured")


def calibrate(capacity: Capacity, run: ReplayRun, *, products: float) -> Calibration:
    """Replace what the run can tell; a constant the scenario sets stays. `products` is the plan's catalogue."""
    tables: dict[str, Range] = {}
    replaced = []
    unused = list(too_small(run, products=products))
    for finding in findings(run, products=products, raw_event_bytes=capacity.raw_event_bytes.mid):
        assumed: Range = getattr(capacity, finding.constant)
        figure = significant(finding.figure)
        if assumed != type(capacity).model_fields[finding.constant].default:
            unused.append({"constant": finding.constant, "reason": f"the scenario sets it; the run has {figure:g}"})
            continue
        if figure <= 0 or (assumed.unit == SHARE and figure >= 1):
            continue
        tables[finding.constant] = Range(
            mid=figure, low=figure, high=figure, unit=assumed.unit, provenance=finding.provenance, source=finding.source
        )
        replaced.append(
            {
                "constant": finding.constant,
                "assumed": assumed.mid,
                "measured": figure,
                "unit": assumed.unit,
                "provenance": finding.provenance,
                "source": finding.source,
            }
        )
    return Calibration(capacity.model_copy(update=tables), tuple(replaced), tuple(unused))
