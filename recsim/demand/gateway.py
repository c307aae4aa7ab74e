"""Gateway: authentication, quota and routing of every request."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cores, cost


def demand_gateway(load: Load, c: Constants) -> Demand:
    """Cores for all requests at event peak."""
    vcpu = cores(load.requests_event_rps, 1 / c.gateway_rps_per_core, c)
    return Demand(
        "gateway",
        (
            Quantity("vCPU", vcpu, "vCPU", "requests/s over requests/s a core, over utilisation, x zone loss"),
            cost(vcpu * c.vcpu_usd, "vCPU x price"),
        ),
    )
