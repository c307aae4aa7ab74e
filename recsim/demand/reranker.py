"""Reranker: orders the candidates of every recommendation."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cores, cost


def demand_reranker(load: Load, c: Constants) -> Demand:
    """Cores for the slates at event peak."""
    vcpu = cores(load.recommendations_event_rps, c.ranker_cpu_ms / 1_000, c)
    return Demand(
        "reranker",
        (
            Quantity("vCPU", vcpu, "vCPU", "slates/s x core time, over utilisation, x zone loss"),
            cost(vcpu * c.vcpu_usd, "vCPU x price"),
        ),
    )
