"""The table of components that have a demand, and their evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from recsim.demand.constants import Amounts, Constants
from recsim.demand.load import load_of
from recsim.demand.quantity import Demand
from recsim.demand.total import demand_total
from recsim.registry import Registry

COMPONENT_DEMANDS = Registry(
    "component",
    {
        "traffic": "recsim.demand.traffic:demand_traffic",
        "load_balancer": "recsim.demand.load_balancer:demand_load_balancer",
        "gateway": "recsim.demand.gateway:demand_gateway",
        "app": "recsim.demand.app:demand_app",
        "search_index": "recsim.demand.search_index:demand_search_index",
        "retrieval": "recsim.demand.retrieval:demand_retrieval",
        "reranker": "recsim.demand.reranker:demand_reranker",
        "feature_store": "recsim.demand.feature_store:demand_feature_store",
        "product_store": "recsim.demand.product_store:demand_product_store",
        "inventory": "recsim.demand.inventory:demand_inventory",
        "object_storage": "recsim.demand.object_storage:demand_object_storage",
        "edge_cache": "recsim.demand.edge_cache:demand_edge_cache",
        "event_log": "recsim.demand.event_log:demand_event_log",
        "stream_processor": "recsim.demand.stream_processor:demand_stream_processor",
        "training": "recsim.demand.training:demand_training",
        "push": "recsim.demand.push:demand_push",
    },
)
"""Component → its `demand(load, constants) -> Demand`, in the order a request meets them."""


def demands(
    daily_active: Amounts, registered: Amounts, products: Amounts, constants: Constants
) -> Mapping[str, Demand]:
    """Every component's demand, and under "cost" the bill."""
    load = load_of(daily_active, registered, products, constants)
    found = [COMPONENT_DEMANDS.load(name)(load, constants) for name in COMPONENT_DEMANDS.targets]
    return {demand.component: demand for demand in (*found, demand_total(found))}
