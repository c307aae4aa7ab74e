"""Event log: bytes, disk, brokers and partitions of Kafka for the raw and the enriched topic."""

from __future__ import annotations

import numpy as np

from recsim.demand.constants import Constants
from recsim.demand.load import Load
from recsim.demand.quantity import GIB, Demand, Quantity, cost, largest, round_up

_BROKERS = "AWS Big Data Blog, right-sizing Kafka: storage and network throughput; disk; a multiple of the zones"
_PARTITIONS = (
    "Confluent: target over throughput of one partition; and one a consumer core; a multiple of 6, at least 12"
)


def demand_event_log(load: Load, c: Constants) -> Demand:
    """Producers write the raw topic, the stream processor the enriched one; both are compressed."""
    both = (c.raw_event_bytes + c.enriched_event_bytes) / c.log_compression
    in_bytes_per_s = load.events_event_rps * both
    kept_bytes = c.raw_event_bytes * c.raw_retention_days + c.enriched_event_bytes * c.enriched_retention_days
    disk = load.events_per_day * kept_bytes / c.log_compression * c.log_replicas
    provisioned = disk / c.storage_fill_share
    reads_and_copies = c.log_consumer_groups + c.log_replicas - 1
    bounds = {
        "a broker a zone": c.zones,
        "storage throughput": in_bytes_per_s * c.log_replicas / (c.broker_storage_bytes_per_s * c.broker_use_share),
        "network throughput": in_bytes_per_s * reads_and_copies / (c.broker_network_bytes_per_s * c.broker_use_share),
        "disk": provisioned / c.broker_disk_bytes,
    }
    brokers = round_up(largest(bounds), c.zones)
    per_partition = {
        "throughput": in_bytes_per_s / c.partition_bytes_per_s,
        "consumers": c.catch_up * load.events_event_rps / c.stream_events_per_s_core,
    }
    partitions = np.maximum(round_up(largest(per_partition), 6.0), 12.0)
    usd = brokers * c.broker_usd + provisioned / GIB * c.disk_gib_usd
    quantities = (
        Quantity("bytes in, event peak", in_bytes_per_s, "B/s", "events/s x (raw + enriched) / compression"),
        Quantity("disk used", disk, "B", "events/day x bytes x days kept / compression x copies"),
        Quantity("disk provisioned", provisioned, "B", "used / fill"),
        Quantity("brokers", brokers, "brokers", _BROKERS, bounds),
        Quantity("partitions of the raw topic", partitions, "partitions", _PARTITIONS, per_partition),
        cost(usd, "brokers, disk"),
    )
    return Demand("event_log", quantities)
