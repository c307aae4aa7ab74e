"""Feature store: memory, operations and nodes of a Redis cluster; the design's inventory cache is one small part."""

from __future__ import annotations

from recsim.demand.constants import Amounts, Constants
from recsim.demand.load import Load
from recsim.demand.quantity import Demand, Quantity, cost, largest, round_up

_BYTES = "keys x measured bytes a key"
_NODES = "shards for bytes (fragmentation, fill) and for operations, at least two; each with its replica"


def demand_feature_store(load: Load, c: Constants) -> Demand:
    """User features and precomputed lists a monthly user, sessions and quotas while they live, product cache, votes."""
    inventory = load.products * c.inventory_key_bytes
    rest = (
        load.monthly_active * c.precomputed_bytes
        + load.session_starts_event_rps * (load.session_s + c.session_ttl_s) * c.session_key_bytes
        + load.sessions_open * c.quota_key_bytes
        + load.products * (c.product_document_bytes + c.document_key_overhead_bytes)
        + load.reviews * c.vote_key_bytes
        + inventory
    )
    data = load.monthly_active * c.feature_bytes + rest
    json_data = load.monthly_active * c.feature_json_bytes + rest
    ops_rps = load.requests_event_rps * c.redis_ops_per_request
    small = _shards(data, ops_rps, c.redis_node_bytes, c)
    large = _shards(data, ops_rps, c.redis_large_node_bytes, c)
    json_small = _shards(json_data, ops_rps, c.redis_node_bytes, c)
    json_large = _shards(json_data, ops_rps, c.redis_large_node_bytes, c)
    nodes = largest(small) * c.redis_copies
    quantities = (
        Quantity("user features", load.monthly_active * c.feature_bytes, "B", _BYTES),
        Quantity("inventory cache", inventory, "B", _BYTES),
        Quantity("nodes for inventory alone", _nodes_for(inventory, c), "nodes", "bytes over a node; with its replica"),
        Quantity("data", data, "B", _BYTES),
        Quantity("provisioned memory", _provisioned(data, c), "B", "data x fragmentation / fill"),
        Quantity("data with JSON records", json_data, "B", _BYTES),
        Quantity("provisioned memory with JSON records", _provisioned(json_data, c), "B", "as above"),
        Quantity("operations, event peak", ops_rps, "ops/s", "requests x operations a request"),
        Quantity("nodes of 26 GiB", nodes, "nodes", _NODES, small),
        Quantity("nodes of 106 GiB", largest(large) * c.redis_copies, "nodes", _NODES, large),
        Quantity(
            "nodes of 26 GiB with JSON records", largest(json_small) * c.redis_copies, "nodes", _NODES, json_small
        ),
        Quantity(
            "nodes of 106 GiB with JSON records", largest(json_large) * c.redis_copies, "nodes", _NODES, json_large
        ),
        cost(nodes * c.redis_node_usd, "nodes of 26 GiB x price"),
    )
    return Demand("feature_store", quantities)


def _provisioned(data_bytes: Amounts, c: Constants) -> Amounts:
    return data_bytes * c.redis_fragmentation / c.redis_fill_share


def _nodes_for(data_bytes: Amounts, c: Constants) -> Amounts:
    return round_up(_provisioned(data_bytes, c) / c.redis_node_bytes) * c.redis_copies


def _shards(data_bytes: Amounts, ops_rps: Amounts, node_bytes: Amounts, c: Constants) -> dict[str, Amounts]:
    return {
        "bytes": round_up(_provisioned(data_bytes, c) / node_bytes),
        "operations": round_up(ops_rps / c.redis_ops_per_s),
        "two shards": 0.0 * data_bytes + 2.0,
    }
