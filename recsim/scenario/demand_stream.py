"""Constants of the stream plane and the daily batch: event log, stream processor, training, push."""

from __future__ import annotations

from recsim.scenario.demand_range import Range, constant, fixed
from recsim.scenario.section import Section

JUDGED = "assumption"
AWS_KAFKA = "AWS Big Data Blog, right-sizing Apache Kafka clusters"


class StreamConstants(Section):
    """Bytes, retention and throughput of events."""

    raw_event_bytes: Range = constant(
        350, 250, 600, "B", "measured", "the design's event as JSON with event_id and tenant", meaning="a raw event"
    )
    enriched_event_bytes: Range = constant(
        700, 500, 1_200, "B", "assumed", "the design's enriched event, 326 B as JSON, and ids", meaning="enriched event"
    )
    log_compression: Range = constant(
        3, 2, 6, "x", "assumed", "zlib level 1 on batches of 200 events gives 6.8; less on real text", meaning="ratio"
    )
    raw_retention_days: Range = fixed(7, "days", "assumed", JUDGED, meaning="days the raw topic is kept")
    enriched_retention_days: Range = fixed(3, "days", "assumed", JUDGED, meaning="days the enriched topic is kept")
    log_replicas: Range = fixed(
        3, "copies", "assumed", "the design's replication factor", meaning="copies of a partition"
    )
    log_consumer_groups: Range = fixed(
        3, "groups", "assumed", "stream processor, lake, training", meaning="groups that read the raw topic"
    )
    broker_storage_bytes_per_s: Range = fixed(
        250e6, "B/s", "vendor", f"{AWS_KAFKA}: volume throughput", meaning="storage throughput of a broker"
    )
    broker_network_bytes_per_s: Range = fixed(
        470e6, "B/s", "vendor", f"{AWS_KAFKA}: sustained network", meaning="network throughput of a broker"
    )
    broker_use_share: Range = fixed(0.5, "share", "assumed", JUDGED, meaning="share of a broker's throughput planned")
    broker_disk_bytes: Range = fixed(4e12, "B", "assumed", JUDGED, meaning="largest disk of a broker")
    partition_bytes_per_s: Range = constant(
        10e6,
        5e6,
        20e6,
        "B/s",
        "assumed",
        "Confluent: partitions >= target / throughput of one",
        meaning="partition limit",
    )
    stream_events_per_s_core: Range = constant(
        5_000,
        2_500,
        10_000,
        "events/s",
        "assumed",
        "Flink field studies (jbcodeforce): 5,000 to 10,000 records/s a CPU",
        meaning="events one slot (one core) processes",
    )
    catch_up: Range = fixed(
        2,
        "x",
        "modelled",
        "twice the rate clears an outage in its own length",
        meaning="stream capacity over event peak",
    )
    session_gap_s: Range = fixed(1_800, "s", "assumed", "30-minute sessions", meaning="inactivity that ends a session")
    session_state_bytes: Range = constant(1_000, 500, 2_000, "B", "assumed", JUDGED, meaning="state of an open session")
    training_days: Range = fixed(30, "days", "assumed", JUDGED, meaning="days of events a model is trained on")
    distinct_pair_share: Range = constant(
        0.6, 0.4, 0.85, "share", "assumed", JUDGED, meaning="distinct (user, product) pairs over product views"
    )
    training_iterations: Range = fixed(15, "sweeps", "assumed", "implicit's default", meaning="sweeps of ALS")
    training_us_per_pair_sweep: Range = constant(
        0.391,
        0.3,
        0.642,
        "us",
        "measured",
        "implicit ALS with conjugate gradients, one core, 64 factors (128: 0.642): tests/bench/bench_capacity.py als",
        meaning="core time of one pair in one sweep",
    )
    spark_overhead: Range = constant(5, 3, 10, "x", "assumed", JUDGED, meaning="Spark's core time over one process's")
    etl_events_per_s_core: Range = constant(
        40_000, 15_000, 100_000, "events/s", "assumed", JUDGED, meaning="events one Spark core reads and aggregates"
    )
    push_opt_in_share: Range = constant(0.6, 0.4, 0.8, "share", "assumed", JUDGED, meaning="monthly users with the app")
    push_reachable_share: Range = constant(0.5, 0.3, 0.7, "share", "assumed", JUDGED, meaning="of those, reachable")
    push_per_minute: Range = fixed(
        600_000, "messages/min", "vendor", "Firebase documentation, throttling and quotas", meaning="default FCM quota"
    )
