"""Search index: shards, disk and nodes of an Elasticsearch or OpenSearch cluster over products and reviews."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Amounts, Constants
from recsim.demand.load import Load
from recsim.demand.quantity import GIB, Demand, Quantity, cores, cost, largest, round_up

_SHARDS = "Elastic, size your shards: index bytes over the largest shard, at least one an index"
_ELASTIC = "Elastic, benchmarking and sizing: floor(rate x response time) + 1 threads over a pool of 1.5 x cores + 1"


def demand_search_index(load: Load, c: Constants) -> Demand:
    """Two indexes, products and reviews; a search works on every primary of the product index, one thread each."""
    product_bytes = load.products * c.product_document_bytes * c.search_index_expansion
    review_bytes = load.reviews * c.review_document_bytes * c.search_index_expansion
    primary_bytes = product_bytes + review_bytes
    product_shards = np.maximum(round_up(product_bytes / c.search_shard_bytes), 1.0)
    primaries = product_shards + np.maximum(round_up(review_bytes / c.search_shard_bytes), 1.0)
    copies = 1 + c.search_replicas
    disk = primary_bytes * copies * c.search_disk_factor / c.search_index_expansion
    vcpu = cores(load.searches_event_rps, c.search_cpu_ms / 1_000 * product_shards, c)
    bounds = {"core time": round_up(vcpu / c.search_node_cores), "a node a zone": c.zones}
    nodes = round_up(largest(bounds), c.zones)
    usd = (nodes * c.search_node_cores + c.search_master_cores) * c.vcpu_usd + disk / GIB * c.disk_gib_usd
    quantities = (
        Quantity("primary bytes", primary_bytes, "B", "documents x index expansion"),
        Quantity("primary shards", primaries, "shards", _SHARDS),
        Quantity("shard copies", primaries * copies, "shards", "primaries x (1 + replicas)"),
        Quantity("disk", disk, "B", "AWS OpenSearch guide: source x 1.45 x (1 + replicas)"),
        Quantity("vCPU", vcpu, "vCPU", "searches/s x core time x product shards, over utilisation, x zone loss"),
        Quantity("data nodes", nodes, "nodes", "vCPU over cores a node, a multiple of the zones", bounds),
        Quantity("data nodes by Elastic's rule", _elastic_nodes(load, c), "nodes", _ELASTIC),
        cost(usd, "data nodes, three masters, disk"),
    )
    return Demand("search_index", quantities)


def _elastic_nodes(load: Load, c: Constants) -> Amounts:
    threads = np.floor(load.searches_event_rps * c.search_response_ms / 1_000) + 1
    pool = np.floor(1.5 * c.search_node_cores) + 1
    spare = 1
    nodes: Amounts = np.floor(threads / pool) + 1 + spare
    return nodes
