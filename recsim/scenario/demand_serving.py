"""Constants of the serving path: core time of a request, vector search, the load balancer's units."""

from __future__ import annotations

from recsim.scenario.demand_range import Range, constant, fixed
from recsim.scenario.section import Section

FAISS = "FAISS 1.15.1, one thread, 128 dimensions; tests/bench/bench_capacity.py faiss"
LCU = "Elastic Load Balancing pricing page, what one LCU contains"
MEASURED_BY_REPLAY = "assumption; a replay measures it"


class ServingConstants(Section):
    """Core time a call."""

    gateway_rps_per_core: Range = constant(
        2_500, 1_200, 6_000, "requests/s", "assumed", MEASURED_BY_REPLAY, meaning="requests one gateway core carries"
    )
    app_cpu_ms: Range = constant(
        3, 1.5, 8, "ms", "assumed", MEASURED_BY_REPLAY, meaning="core time of the services behind one API call"
    )
    ranker_cpu_ms: Range = constant(
        1, 0.4, 3, "ms", "assumed", MEASURED_BY_REPLAY, meaning="core time of reranking one slate"
    )
    embedding_dimensions: Range = fixed(128, "dimensions", "assumed", "a choice of ours", meaning="of the embeddings")
    hnsw_links: Range = fixed(32, "links", "assumed", "a choice of ours", meaning="M of the HNSW graph")
    hnsw_overhead_bytes: Range = fixed(
        16.2, "B/vector", "measured", f"levels, offsets, upper layers; {FAISS}", meaning="beyond 4d + 8M"
    )
    hnsw_qps_100k: Range = constant(
        4_638,
        2_500,
        12_000,
        "queries/s",
        "measured",
        f"HNSW M=32 efSearch=100; {FAISS}",
        meaning="one core, 100K vectors",
    )
    hnsw_qps_1m: Range = constant(
        1_332, 700, 3_500, "queries/s", "measured", f"HNSW M=32 efSearch=100; {FAISS}", meaning="one core, 1M vectors"
    )
    ivf_qps_100k: Range = constant(
        12_560,
        6_500,
        25_000,
        "queries/s",
        "measured",
        f"IVF1264,Flat nprobe 16; {FAISS}",
        meaning="one core, 100K vectors",
    )
    ivf_qps_1m: Range = constant(
        4_026, 2_000, 8_000, "queries/s", "measured", f"IVF4000,Flat nprobe 16; {FAISS}", meaning="one core, 1M vectors"
    )
    balancer_bytes_per_request: Range = constant(
        8_000, 4_000, 20_000, "B", "assumed", "assumption; a replay measures it", meaning="request and response"
    )
    balancer_connections_per_page: Range = constant(
        1,
        0.3,
        2,
        "connections",
        "assumed",
        "pages are as far apart as the idle timeout",
        meaning="new connections a page",
    )
    lcu_new_connections: Range = fixed(25, "1/s", "vendor", LCU, meaning="new connections of one LCU")
    lcu_active_connections: Range = fixed(3_000, "connections", "vendor", LCU, meaning="active connections of one LCU")
    lcu_bytes_per_hour: Range = fixed(1e9, "B/h", "vendor", LCU, meaning="bytes of one LCU")
    lcu_rule_evaluations: Range = fixed(1_000, "1/s", "vendor", LCU, meaning="rule evaluations of one LCU")
    balancer_rules: Range = fixed(10, "rules", "assumed", "a rule a route", meaning="routing rules")
    balancer_free_rules: Range = fixed(10, "rules", "vendor", LCU, meaning="rules that are not counted")
