"""Metrics parse as OpenMetrics, logs are one JSON object a hop, a trace holds every hop."""

from __future__ import annotations

import orjson
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from recsim.components.base import CallLog, Trace
from recsim.components.observability import log_lines, openmetrics, spans, trace_id


def calls() -> CallLog:
    log = CallLog()
    log.add(7, "quota", "take", 1_735_819_200_000_000, 40_000, "ok")
    log.add(7, "gateway", "/v1/home", 1_735_819_200_000_000, 300_000, "ok")
    log.add(8, "gateway", "/v1/home", 1_735_819_201_000_000, 2_000_000, "over-quota")
    return log


def test_metrics_parse_and_count_every_hop() -> None:
    families = {family.name: family for family in text_string_to_metric_families(openmetrics(calls().table()))}
    hops = {tuple(sorted(sample.labels.items())): sample.value for sample in families["recsim_hops"].samples}
    assert sum(hops.values()) == 3
    gateway = [sample for sample in families["recsim_hop_seconds"].samples if sample.labels["component"] == "gateway"]
    by_edge = {sample.labels["le"]: sample.value for sample in gateway if sample.name.endswith("_bucket")}
    assert (by_edge["0.00025"], by_edge["0.0005"], by_edge["0.0025"], by_edge["+Inf"]) == (0, 1, 2, 2)
    sums = [sample.value for sample in gateway if sample.name.endswith("_sum")]
    assert sums == pytest.approx([0.0023])


def test_a_log_line_a_hop_says_when_where_and_how_it_ended() -> None:
    lines = [orjson.loads(line) for line in log_lines(calls().table())]
    assert [line["component"] for line in lines] == ["quota", "gateway", "gateway"]
    assert lines[2] == {
        "time": "2025-01-02T12:00:01Z", "trace_id": "0" * 31 + "8", "component": "gateway", "operation": "/v1/home",
        "outcome": "over-quota", "level": "warning", "service_us": 2000.0,
    }  # fmt: skip


def test_a_trace_holds_every_hop_of_its_request_and_no_other() -> None:
    found = spans(calls().table(), 7)
    assert [span["name"] for span in found] == ["quota/take", "gateway//v1/home"]
    assert {span["trace_id"] for span in found} == {trace_id(7)}


def test_nested_boxes_leave_one_span_each() -> None:
    log = CallLog()
    trace = Trace(log, 3, 0)
    with trace.hop("gateway", "a"), trace.hop("search", "b"), trace.hop("product_index", "c"):
        pass
    assert [span["name"] for span in spans(log.table(), 3)] == ["product_index/c", "search/b", "gateway/a"]
