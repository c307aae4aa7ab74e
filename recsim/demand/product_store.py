"""Product store: bytes, working set and shards of MongoDB replica sets for products, reviews and profiles."""

from __future__ import annotations

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import GIB, Demand, Quantity, cost, largest, round_up

_SHARDS = "MongoDB manual: shard when data pass 3 TB or the working set passes the cache; and reads a shard"


def demand_product_store(load: Load, c: Constants) -> Demand:
    """Documents with their indexes; reads are product pages and searches the cache did not answer."""
    documents = (
        load.products * c.product_document_bytes
        + load.reviews * c.review_document_bytes
        + load.monthly_active * c.profile_bytes
    )
    logical = documents * c.mongo_index_factor
    replicated = logical * c.mongo_members
    hot = logical * c.mongo_hot_share
    all_reads_rps = load.product_views_event_rps + load.searches_event_rps
    reads_rps = all_reads_rps * (1 - c.document_cache_hit_share)
    bounds = {
        "data": round_up(logical / c.mongo_shard_bytes),
        "working set": round_up(hot / c.mongo_cache_bytes),
        "reads": round_up(reads_rps / c.mongo_reads_per_s),
    }
    shards = largest(bounds)
    members = shards * c.mongo_members
    usd = members * c.mongo_node_usd + replicated / c.storage_fill_share / GIB * c.disk_gib_usd
    quantities = (
        Quantity("one product", c.product_document_bytes, "B/product", "constant"),
        Quantity("products", load.products * c.product_document_bytes, "B", "products x document"),
        Quantity("logical data", logical, "B", "(products + reviews + profiles) x indexes"),
        Quantity("replicated data", replicated, "B", "logical data x members"),
        Quantity("working set", hot, "B", "logical data x hot share"),
        Quantity("reads, event peak", reads_rps, "reads/s", "product pages and searches x cache misses"),
        Quantity("reads with the cache lost", all_reads_rps, "reads/s", "product pages and searches"),
        Quantity("shards", shards, "shards", _SHARDS, bounds),
        Quantity("members", c.mongo_members, "copies", "constant"),
        Quantity("nodes", members, "nodes", "shards x members"),
        cost(usd, "nodes, disk at the planned fill"),
    )
    return Demand("product_store", quantities)
