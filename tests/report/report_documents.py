"""Documents of small runs, as the engines write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

MakeRun = Callable[..., Path]

REPLAY: dict[str, Any] = {
    "verb": "replay",
    "world": "smoke",
    "events": {"read": 1000, "kept": 990, "duplicates": 7, "refused": 3, "late": 2},
    "stream": {"sessions": 210, "days": [{"day": "2025-01-01", "events": 500}, {"day": "2025-01-02", "events": 490}]},
    "quality": [
        {
            "day": f"2025-01-0{day}",
            "surface": surface,
            "metric": metric,
            "value": value * day,
            "low": value * day - 0.01,
            "high": value * day + 0.01,
            "users": 120,
        }
        for day in (1, 2, 3)
        for surface in ("home", "search")
        for metric, value in (("recall@20", 0.041), ("ndcg@20", 0.03), ("hit@20", 0.08))
    ],
    "invariants": [
        {"name": "every event accounted for", "holds": True, "detail": "1,000 = 990 + 7 + 3"},
        {"name": "no slate repeats a product", "holds": True, "detail": "312 slates"},
    ],
    "models": [{"version": 1, "day": "2025-01-01", "users": 200, "products": 50, "factors": 64}],
}
REPLAY_MEASURED: dict[str, Any] = {
    "latency": [
        {
            "component": name,
            "calls": 300,
            "p50_ms": p50,
            "p95_ms": p50 * 2,
            "p99_ms": p50 * 4,
            "mean_ms": p50,
            "provenance": "measured",
        }
        for name, p50 in (
            ("load_balancer", 0.002),
            ("gateway", 0.05),
            ("faiss", 0.2),
            ("rerank", 0.09),
            ("product_store", 0.4),
            ("end_to_end", 1.8),
        )
    ],
    "stream": {"events_per_cpu_s": 2_345_678.0, "cpu_s": 0.4},
}
EVALUATE: dict[str, Any] = {
    "verb": "evaluate",
    "world": "gowalla",
    "split": {"kind": "given", "train": 810_128, "test": 217_242, "users": 29_858},
    "scores": [
        {
            "recommender": name,
            "metric": metric,
            "segment": "all",
            "value": value * scale,
            "low": value * scale - 0.0024,
            "high": value * scale + 0.0024,
            "users": 29_858,
        }
        for metric, scale in (("recall@20", 1.0), ("ndcg@20", 0.83))
        for name, value in (
            ("popular", 0.0416),
            ("item-knn", 0.157),
            ("ease", 0.1765),
            ("als", 0.155),
            ("random", 0.0005),
        )
    ],
}
EVALUATE_MEASURED: dict[str, Any] = {
    "recommenders": [{"recommender": "ease", "fit_cpu_s": 812.5, "recommend_cpu_s": 44.0}]
}


def _column(claimed: str, figure: float | None, computed: str, value: float, verdict: str) -> dict[str, Any]:
    ratio = None if figure is None else figure / value
    said = {"claimed": claimed, "claimed_value": figure, "computed": computed, "computed_value": value}
    return {**said, "low": value / 2, "high": value * 2, "unit": "shards", "ratio": ratio, "verdict": verdict}


def _estimate(component: str, quantity: str, value: float, unit: str) -> dict[str, Any]:
    inputs = {"inputs": ["pages", "images"], "measured_inputs": ["pages"], "binding": None}
    row = {"component": component, "quantity": quantity, "value": value, "low": value / 2, "high": value * 2}
    return {**row, "unit": unit, "provenance": "modelled", "source": "a formula", **inputs}


CAPACITY: dict[str, Any] = {
    "verb": "capacity-plan",
    "scenario": "10m",
    "daily_active": 10_000_000,
    "products": 100_000,
    "estimates": [
        _estimate("traffic", "requests, event peak", 31_100.0, "requests/s"),
        _estimate("load_balancer", "bytes, event peak", 2.03e9, "B/s"),
        _estimate("edge_cache", "cost", 853_000.0, "USD/year"),
        _estimate("app", "cost", 31_000.0, "USD/year"),
        _estimate("cost", "total", 981_000.0, "USD/year"),
    ],
    "design": [
        {
            "row": "Elasticsearch",
            "reason": "divides 1 TB that is 1 GB",
            "10m": _column("~50 shards", 50, "2 shards", 2, "wrong"),
            "100m": _column("500 shards", 500, "6 shards", 6, "wrong"),
        },
        {
            "row": "replication",
            "reason": "three copies",
            "10m": _column("factor = 3", 3, "3 copies", 3, "right"),
            "100m": _column("no change", 3, "3 copies", 3, "right"),
        },
        {
            "row": "event_log: brokers",
            "reason": "not in the design",
            "10m": _column("", None, "3 brokers", 3, "missing"),
            "100m": _column("", None, "6 brokers", 6, "missing"),
        },
    ],
    "audit": [
        {
            "section": "summary",
            "line": "100K products ~ 1 TB",
            "claimed": "1 TB",
            "computed": "1 GB",
            "ratio": 1000.0,
            "verdict": "wrong",
            "reason": "100,000 x 10 KB",
        },
        {
            "section": "summary",
            "line": "3 node replica set",
            "claimed": "3 nodes",
            "computed": "3 nodes",
            "ratio": 1.0,
            "verdict": "right",
            "reason": "for availability",
        },
        {
            "section": "final table",
            "line": "traffic",
            "claimed": "nothing",
            "computed": "31.1K requests/s",
            "ratio": None,
            "verdict": "missing",
            "reason": "in no calculation",
        },
    ],
    "constants": [
        {
            "constant": "pages_per_session",
            "mid": 8.0,
            "low": 5.0,
            "high": 12.0,
            "unit": "pages/session",
            "provenance": "vendor",
            "source": "a public page",
        }
    ],
    "replaced": [
        {
            "constant": "app_cpu_ms",
            "assumed": 3.0,
            "measured": 0.25,
            "unit": "ms",
            "provenance": "measured",
            "source": "replay smoke",
        }
    ],
    "sensitivity": [
        {
            "component": "cost",
            "quantity": "total",
            "constant": "pages_per_session",
            "value": 981_000.0,
            "at_low": 700_000.0,
            "at_high": 1_350_000.0,
            "change_at_low": -0.29,
            "change_at_high": 0.38,
        }
    ],
}
