"""Load balancer: capacity units, the largest of four dimensions (Elastic Load Balancing, what an LCU contains)."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cost, largest
from recsim.units import HOURS_PER_YEAR, SECONDS_PER_HOUR

_SOURCE = "Elastic Load Balancing: max(new connections, active connections, bytes, rule evaluations) over one LCU's"


def demand_load_balancer(load: Load, c: Constants) -> Demand:
    """Units at event peak; the bill follows the mean load, a peak's units over its factor."""
    bytes_per_s = load.requests_event_rps * c.balancer_bytes_per_request
    dimensions = {
        "bytes": bytes_per_s * SECONDS_PER_HOUR / c.lcu_bytes_per_hour,
        "new connections": load.pages_event_rps * c.balancer_connections_per_page / c.lcu_new_connections,
        "active connections": load.sessions_open / c.lcu_active_connections,
        "rules": load.requests_event_rps
        * np.maximum(c.balancer_rules - c.balancer_free_rules, 0.0)
        / c.lcu_rule_evaluations,
    }
    units = largest(dimensions)
    usd = (units / load.event_factor * c.lcu_hour_usd + c.balancer_hour_usd) * HOURS_PER_YEAR
    quantities = (
        Quantity("bytes, event peak", bytes_per_s, "B/s", "requests at event peak x bytes a request"),
        Quantity("LCU, event peak", units, "LCU", _SOURCE, dimensions),
        cost(usd, "mean LCU and one balancer, by the hour"),
    )
    return Demand("load_balancer", quantities)
