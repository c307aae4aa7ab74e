"""Observability: the hops of all requests as OpenMetrics, as spans of one trace a request, and as log lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from recsim.clock import iso

if TYPE_CHECKING:
    import pyarrow as pa

BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper edges of the latency histogram, seconds of busy time."""

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def openmetrics(calls: pa.Table) -> str:
    """A `calls` table in the OpenMetrics text format, as a scrape of `/metrics` answers it.

    `recsim_hop_seconds`: busy time of a hop, by component and operation; `recsim_hops_total`: hops by component,
    operation and outcome. Labels are in a fixed order, so the same calls give the same text.
    """
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
    from prometheus_client.openmetrics.exposition import generate_latest
    from prometheus_client.registry import Collector

    counts, histograms = _counted(calls), _histograms(calls)

    class Calls(Collector):
        def collect(self) -> Iterator[Any]:
            hops = CounterMetricFamily("recsim_hops", "Hops", labels=["component", "operation", "outcome"])
            for labels, count in counts:
                hops.add_metric(labels, count)
            yield hops
            seconds = HistogramMetricFamily("recsim_hop_seconds", "Busy time", labels=["component", "operation"])
            for labels, buckets, total_s in histograms:
                seconds.add_metric(labels, buckets, total_s)
            yield seconds

    registry = CollectorRegistry()
    registry.register(Calls())
    text: str = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    return text


def _counted(calls: pa.Table) -> list[tuple[list[str], int]]:
    names = ["component", "operation", "outcome"]
    grouped = _words(calls).group_by(names).aggregate([("request_id", "count")])
    rows = grouped.select([*names, "request_id_count"]).to_pylist()
    return sorted(([row[name] for name in names], row["request_id_count"]) for row in rows)


def _histograms(calls: pa.Table) -> list[tuple[list[str], list[tuple[str, float]], float]]:
    """(labels, cumulative counts by bucket, total seconds) of each (component, operation)."""
    import numpy as np

    named = _words(calls)
    keys = list(zip(named["component"].to_pylist(), named["operation"].to_pylist(), strict=True))
    seconds = named["service_us"].to_numpy() / 1e6
    by_key: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(keys):
        by_key.setdefault(key, []).append(row)
    found = []
    for key in sorted(by_key):
        own = np.sort(seconds[by_key[key]])
        buckets = [(f"{edge:g}", float(np.searchsorted(own, edge, "right"))) for edge in BUCKETS_S]
        found.append((list(key), [*buckets, ("+Inf", float(len(own)))], float(own.sum())))
    return found


def _words(calls: pa.Table) -> pa.Table:
    import pyarrow as pa

    names = ("component", "operation", "outcome")
    for name in names:
        calls = calls.set_column(calls.schema.get_field_index(name), name, calls[name].cast(pa.string()))
    return calls


def log_lines(calls: pa.Table) -> Iterator[bytes]:
    """One JSON object a hop, in the order they ended: what a service writes to its log. No token, no personal data."""
    for row in _words(calls).to_pylist():
        yield orjson.dumps(
            {
                "time": iso(row["start_us"]),
                "trace_id": trace_id(row["request_id"]),
                "component": row["component"],
                "operation": row["operation"],
                "outcome": row["outcome"],
                "level": "info" if row["outcome"] in ("ok", "hit", "miss") else "warning",
                "service_us": round(row["service_us"], 1),
            }
        )


def trace_id(request_id: int) -> str:
    """The id of a request's trace as W3C Trace Context writes it: 32 hexadecimal digits."""
    return f"{request_id:032x}"


def spans(calls: pa.Table, request_id: int) -> list[dict[str, Any]]:
    """The hops of one request, in the order they ended, the innermost first: one trace with every hop."""
    import pyarrow.compute as pc

    own = calls.filter(pc.equal(calls["request_id"], request_id))
    return [
        {
            "trace_id": trace_id(request_id),
            "span_id": f"{place + 1:016x}",
            "name": f"{row['component']}/{row['operation']}",
            "outcome": row["outcome"],
            "service_us": round(row["service_us"], 1),
        }
        for place, row in enumerate(_words(own).to_pylist())
    ]
