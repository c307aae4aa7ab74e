"""Constants of the stores: feature store, search index, product store, inventory."""

from __future__ import annotations

from recsim.scenario.demand_range import Range, constant, fixed
from recsim.scenario.section import Section

JUDGED = "assumption"
REDIS = "MEMORY USAGE on Redis 7.0.15 with jemalloc; compare tests/bench/bench_capacity.py redis"
ELASTIC = "Elastic documentation, size your shards"


class StoreConstants(Section):
    """Bytes a record and limits a node."""

    feature_bytes: Range = constant(
        714,
        458,
        1_882,
        "B/key",
        "measured",
        f"128 float32 and recent products, packed (64: 458; as the design's JSON: 1,882); {REDIS}",
        meaning="user-feature record in the feature store",
    )
    feature_json_bytes: Range = fixed(
        1_882, "B/key", "measured", f"128 dimensions as the design's JSON; {REDIS}", meaning="the same record as JSON"
    )
    precomputed_bytes: Range = constant(
        522, 400, 700, "B/key", "measured", f"100 product ids; {REDIS}", meaning="precomputed recommendations of a user"
    )
    session_key_bytes: Range = constant(
        229.5, 140, 400, "B/key", "measured", f"a session hash; {REDIS}", meaning="session features of a session"
    )
    session_ttl_s: Range = fixed(
        3_600, "s", "assumed", "the design: EXPIRE 3600", meaning="time session features outlive the session"
    )
    quota_key_bytes: Range = constant(
        149, 85, 200, "B/key", "measured", f"a GCRA key; {REDIS}", meaning="rate-limit state of an active session"
    )
    inventory_key_bytes: Range = constant(
        106.4,
        58.5,
        160,
        "B/key",
        "measured",
        f"a hash; an integer takes 58.5; {REDIS}",
        meaning="cached stock of a product",
    )
    vote_key_bytes: Range = constant(
        8.6,
        4.4,
        106.5,
        "B/review",
        "measured",
        f"100 counters a hash; one hash each takes 106.5; {REDIS}",
        meaning="votes",
    )
    document_key_overhead_bytes: Range = fixed(
        335,
        "B/key",
        "measured",
        f"10,335 B for 10,000 B; {REDIS}",
        meaning="what a cached document takes beyond itself",
    )
    redis_fragmentation: Range = constant(
        1.1, 1.05, 1.4, "x", "assumed", "Redis FAQ", meaning="resident over used bytes"
    )
    redis_fill_share: Range = fixed(0.75, "share", "assumed", "room for a fork's copies", meaning="node memory used")
    redis_node_bytes: Range = fixed(
        26.32 * 2**30, "B", "vendor", "Amazon ElastiCache, cache.r7g.xlarge", meaning="memory of a node"
    )
    redis_large_node_bytes: Range = fixed(
        105.81 * 2**30, "B", "vendor", "Amazon ElastiCache, cache.r7g.4xlarge", meaning="memory of a large node"
    )
    redis_ops_per_s: Range = constant(
        70_000, 50_000, 120_000, "ops/s", "vendor", "Redis benchmark page: 72,000 to 180,000", meaning="one shard"
    )
    redis_ops_per_request: Range = constant(3, 2, 5, "ops", "assumed", JUDGED, meaning="quota, features, cached list")
    redis_copies: Range = fixed(2, "nodes/shard", "assumed", "a primary and a replica", meaning="nodes of a shard")
    search_cpu_ms: Range = constant(
        20, 8, 50, "ms", "assumed", "assumption; a replay measures it", meaning="core time of one search on one shard"
    )
    search_response_ms: Range = constant(
        20, 8, 50, "ms", "assumed", "as the core time: no waiting planned", meaning="response time in Elastic's rule"
    )
    search_index_expansion: Range = constant(
        1.1, 1.05, 1.4, "x", "vendor", "AWS OpenSearch guide: 10 % over the source", meaning="index over source"
    )
    search_shard_bytes: Range = constant(
        30e9, 10e9, 50e9, "B", "vendor", f"{ELASTIC}: 10 to 50 GB; AWS: up to 30 for search", meaning="largest shard"
    )
    search_replicas: Range = fixed(2, "replicas", "assumed", "the design's factor 3", meaning="copies beside a primary")
    search_disk_factor: Range = fixed(
        1.45, "x", "vendor", "AWS OpenSearch guide, sizing domains", meaning="disk over source bytes of one copy"
    )
    search_node_cores: Range = fixed(16, "vCPU", "assumed", "4xlarge", meaning="cores of a data node")
    zones: Range = fixed(3, "zones", "assumed", "one region of three zones", meaning="node groups grow by this many")
    mongo_index_factor: Range = constant(1.3, 1.15, 1.6, "x", "assumed", JUDGED, meaning="with indexes over documents")
    mongo_members: Range = fixed(3, "nodes/shard", "assumed", "the design: 3-node replica set", meaning="members")
    mongo_hot_share: Range = constant(
        0.2, 0.1, 0.4, "share", "assumed", JUDGED, meaning="bytes that are the working set"
    )
    mongo_shard_bytes: Range = fixed(
        3e12, "B", "vendor", "MongoDB manual: consider sharding at 3 TB", meaning="largest shard by data"
    )
    mongo_cache_bytes: Range = fixed(
        60e9,
        "B",
        "vendor",
        "MongoDB manual, WiredTiger cache: half of (RAM - 1 GB) on a 128 GB node",
        meaning="largest working set of a shard",
    )
    mongo_reads_per_s: Range = constant(
        20_000, 10_000, 40_000, "reads/s", "assumed", JUDGED, meaning="reads of a shard"
    )
    document_cache_hit_share: Range = constant(
        0.8, 0.6, 0.92, "share", "assumed", JUDGED, meaning="product reads the cache answers"
    )
    orders_statements: Range = constant(
        3, 2, 5, "TPS/order", "assumed", "reserve, confirm, ship", meaning="transactions"
    )
    stock_rows_per_product: Range = constant(
        5, 2, 10, "rows", "assumed", "warehouses", meaning="stock rows of a product"
    )
    stock_row_bytes: Range = constant(200, 120, 350, "B", "assumed", JUDGED, meaning="a stock row with its index")
    order_bytes: Range = constant(
        600, 350, 1_200, "B", "assumed", JUDGED, meaning="rows of an order with their indexes"
    )
    order_years: Range = fixed(2, "years", "assumed", JUDGED, meaning="years of orders kept")
    postgres_members: Range = fixed(
        3, "nodes", "assumed", "a primary and two standbys", meaning="copies of the database"
    )
    postgres_hot_share: Range = constant(0.05, 0.02, 0.15, "share", "assumed", JUDGED, meaning="bytes kept in memory")
    postgres_tps: Range = constant(
        1_600,
        1_200,
        4_000,
        "TPS",
        "measured",
        "pgbench, PostgreSQL 15, two cores: reserving over 100K products by Zipf(1.05), 8 to 32 clients",
        meaning="reservations one primary commits",
    )
