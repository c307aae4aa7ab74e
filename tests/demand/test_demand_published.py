"""The demand model against a derivation of both columns of the design that was made before this code.

Each row: component, quantity, the unit the figure is written in, and the figure at 10M daily users with 100K products
and at 100M with 1M. Within 5 %; rows written with one digit are compared after rounding to it.

The derivation does not state every constant. Those it leaves open were chosen so that its figures come out, so the
rows in `FITTED` pin the model against change and do not confirm it.
"""

from __future__ import annotations

import numpy as np
import pytest

from recsim.demand.components import demands
from recsim.demand.constants import Constants
from recsim.scenario.demand import Capacity

ROWS = [
    ("traffic", "requests per day", 1e6, 448, 4_480),
    ("traffic", "requests, mean", 1e3, 5.2, 52),
    ("traffic", "requests, daily peak", 1e3, 10.4, 104),
    ("traffic", "requests, event peak", 1e3, 31.1, 311),
    ("traffic", "searches, event peak", 1, 1_944, 19_400),
    ("traffic", "recommendations, event peak", 1, 7_778, 77_800),
    ("traffic", "events per day", 1e6, 232, 2_320),
    ("traffic", "events, mean", 1e3, 2.7, 26.9),
    ("traffic", "events, event peak", 1e3, 16.1, 161),
    ("event_log", "bytes in, event peak", 1e6, 5.6, 56),
    ("event_log", "disk used", 1e12, 1.06, 10.6),
    ("event_log", "disk provisioned", 1e12, 1.76, 17.6),
    ("event_log", "brokers", 1, 3, 6),
    ("event_log", "partitions of the raw topic", 1, 12, 66),
    ("stream_processor", "slots", 1, 7, 65),
    ("stream_processor", "session state", 1e9, 2.2, 22),
    ("feature_store", "data", 1e9, 39, 393),
    ("feature_store", "provisioned memory", 1e9, 58, 577),
    ("feature_store", "data with JSON records", 1e9, 74, 744),
    ("feature_store", "provisioned memory with JSON records", 1e9, 109, 1_090),
    ("feature_store", "nodes of 26 GiB with JSON records", 1, 8, 78),
    ("feature_store", "nodes of 106 GiB with JSON records", 1, None, 28),
    ("feature_store", "nodes of 26 GiB", 1, 6, 42),
    ("feature_store", "nodes of 106 GiB", 1, None, 28),
    ("feature_store", "operations, event peak", 1e3, None, 933),
    ("feature_store", "inventory cache", 1e9, 0.011, 0.106),
    ("retrieval", "HNSW index", 1e9, 0.078, 0.78),
    ("retrieval", "HNSW vCPU", 1, 4.2, 146),
    ("retrieval", "IVF vCPU", 1, None, 48),
    ("search_index", "primary bytes", 1e9, 13.6, 136),
    ("search_index", "primary shards", 1, 2, 6),
    ("search_index", "shard copies", 1, 6, 18),
    ("search_index", "data nodes", 1, 9, 63),
    ("search_index", "data nodes by Elastic's rule", 1, 3, 17),
    ("product_store", "logical data", 1e9, 55, 551),
    ("product_store", "replicated data", 1e9, 165, 1_653),
    ("product_store", "working set", 1e9, 11, 110),
    ("product_store", "shards", 1, 1, 2),
    ("product_store", "members", 1, 3, 3),
    ("product_store", "reads with the cache lost", 1e3, 6.2, 62),
    ("object_storage", "catalogue images", 1e6, 1, 10),
    ("object_storage", "review images", 1e6, 1.8, 18),
    ("object_storage", "videos", 1e3, 300, 3_000),
    ("object_storage", "image bytes", 1e12, 2.0, None),
    ("object_storage", "video bytes", 1e12, 9.0, None),
    ("object_storage", "lake bytes", 1e12, 6.4, None),
    ("object_storage", "total bytes", 1e12, 17, 174),
    ("object_storage", "origin reads, event peak", 1e3, 4.7, 47),
    ("object_storage", "prefixes", 1, 1, 9),
    ("object_storage", "prefixes with a cold edge", 1, 11, None),
    ("edge_cache", "bytes per user", 1e6, 4.1, 4.1),
    ("edge_cache", "bytes per month", 1e15, 1.26, 12.6),
    ("edge_cache", "throughput, mean", 1e9, 3.8, 38),
    ("edge_cache", "throughput, event peak", 1e9, 23, 229),
    ("edge_cache", "requests, event peak", 1e3, 58, 583),
    ("inventory", "transactions, event peak", 1, 108, 1_082),
    ("inventory", "database", 1e9, 228, 2_300),
    ("gateway", "vCPU", 1, 31, 311),
    ("app", "vCPU", 1, 175, 1_750),
    ("reranker", "vCPU", 1, 19, 194),
    ("load_balancer", "LCU, event peak", 1, 896, 8_960),
    ("push", "audience", 1e6, 9, 90),
    ("push", "campaign", 1, 15, 150),
    ("training", "core-hours", 1, 11, 107),
    ("cost", "total", 1e6, 0.98, 7.5),
    ("cost", "total without edge cache", 1e3, 129, 970),
    ("edge_cache", "cost", 1e3, 853, 6_549),
    ("edge_cache", "egress bill", 1e3, 547, 3_500),
    ("edge_cache", "request bill", 1e3, 306, 3_100),
    ("app", "cost", 1e3, 31, 305),
    ("search_index", "cost", 1e3, 27, 178),
    ("feature_store", "cost", 1e3, 18, 129),
    ("product_store", "cost", 1e3, 11, 25),
    ("load_balancer", "cost", 1e3, 11, 105),
    ("inventory", "cost", 1e3, None, 38),
    ("event_log", "cost", 1e3, 6, 24),
    ("gateway", "cost", 1e3, None, 54),
    ("object_storage", "cost", 1e3, 4, 41),
    ("reranker", "cost", 1e3, None, 34),
    ("stream_processor", "cost", 1e3, None, 11),
    ("retrieval", "cost", 1e3, None, 25),
    ("training", "cost", 1e3, None, 2.5),
]

FITTED = {
    ("stream_processor", "session state"): "seconds_per_page",
    ("feature_store", "data"): "which keys are held, beside user features and precomputed lists",
    ("feature_store", "operations, event peak"): "redis_ops_per_request",
    ("product_store", "working set"): "mongo_hot_share",
    ("object_storage", "review images"): "images_per_review",
    ("load_balancer", "LCU, event peak"): "balancer_bytes_per_request",
    ("training", "core-hours"): "training_days, distinct_pair_share, etl_events_per_s_core",
    ("search_index", "data nodes"): "nodes in multiples of the zones",
    ("search_index", "cost"): "search_master_cores",
    ("feature_store", "cost"): "redis_node_usd",
    ("event_log", "cost"): "broker_usd",
    ("product_store", "cost"): "mongo_node_usd",
    ("inventory", "cost"): "postgres_hot_share, database_gib_usd",
    ("training", "cost"): "spark_vcpu_hour_usd",
}
"""Row → what was chosen so that it comes out."""

ONE_DIGIT = [
    ("gateway", "cost", 1e3, 5),
    ("reranker", "cost", 1e3, 3),
    ("stream_processor", "cost", 1e3, 1),
    ("retrieval", "cost", 1e3, 1),
]
"""First column only, written with one digit, so that rounding alone is more than 5 %."""

DEVIATING = [
    (
        "inventory",
        "cost",
        1e3,
        10,
        8.46,
        "three db.r7g.xlarge (7.7) and their storage (0.76); the derivation does not name its instance",
    ),
]
"""First column only: the hand-derived figure, ours, and why they differ."""


@pytest.fixture(scope="module")
def columns():
    constants = Constants({name: np.array(constant.mid) for name, constant in Capacity().constants()})
    sizes = ((10e6, 51e6, 100e3), (100e6, 510e6, 1e6))
    return [demands(*(np.array(figure) for figure in size), constants) for size in sizes]


@pytest.mark.parametrize(("component", "quantity", "scale", "first", "second"), ROWS)
def test_a_derived_figure_is_reproduced_within_five_percent(columns, component, quantity, scale, first, second):
    for column, expected in zip(columns, (first, second), strict=True):
        if expected is not None:
            assert float(column[component].amount(quantity)) / scale == pytest.approx(expected, rel=0.05)


def test_at_least_forty_rows_are_reproduced_without_any_fitted_constant():
    assert FITTED.keys() <= {(component, quantity) for component, quantity, *_ in ROWS}
    assert sum((component, quantity) not in FITTED for component, quantity, *_ in ROWS) >= 40


@pytest.mark.parametrize(("component", "quantity", "scale", "digit"), ONE_DIGIT)
def test_a_figure_written_with_one_digit_rounds_to_it(columns, component, quantity, scale, digit):
    assert round(float(columns[0][component].amount(quantity)) / scale) == digit


@pytest.mark.parametrize(("component", "quantity", "scale", "derived", "ours", "reason"), DEVIATING)
def test_a_deviating_figure_is_known_and_explained(columns, component, quantity, scale, derived, ours, reason):
    figure = float(columns[0][component].amount(quantity)) / scale
    assert figure == pytest.approx(ours, rel=0.01)
    assert abs(figure / derived - 1) > 0.05
