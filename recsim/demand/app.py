"""Application services: search, recommendation, review, cart and checkout, behind the gateway."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cores, cost


def demand_app(load: Load, c: Constants) -> Demand:
    """Cores for the API calls at event peak; beacons end at the gateway."""
    vcpu = cores(load.api_event_rps, c.app_cpu_ms / 1_000, c)
    return Demand(
        "app",
        (
            Quantity("API calls, event peak", load.api_event_rps, "calls/s", "pages x API calls a page"),
            Quantity("vCPU", vcpu, "vCPU", "API calls/s x core time, over utilisation, x zone loss"),
            cost(vcpu * c.vcpu_usd, "vCPU x price"),
        ),
    )
