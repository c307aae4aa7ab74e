"""The two documents and the tables of a finished replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from recsim.clock import iso
from recsim.components.model_store import Model
from recsim.components.observability import openmetrics
from recsim.replay.days import Days
from recsim.replay.latency import END_TO_END, latency
from recsim.replay.loop_results import arm_of, by_rank, by_surface
from recsim.replay.shop_results import boxes_of, shop_invariants, shop_of
from recsim.replay.stream import StreamDay
from recsim.runs import MEASURED, write_json, write_table
from recsim.schema.tables import Call, LoopOutcome

COUNTS = ("read", "kept", "duplicates", "refused", "late")


def write_run(directory: Path, days: Days, ab: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write `results.json`, and in `measured/` the measurements, the hops and a scrape of them; gives the facts."""
    results = results_of(days)
    if days.loop_outcomes:
        write_table(directory / "loop" / "part-0000.parquet", pa.concat_tables(days.loop_outcomes), LoopOutcome)
    if ab is not None:
        results["ab"] = ab
    write_json(directory / "results.json", results)
    calls = days.plane.calls.table()
    write_table(directory / MEASURED / "calls.parquet", calls, Call)
    (directory / MEASURED / "metrics.openmetrics").write_text(openmetrics(calls), encoding="utf-8")
    measured = measured_of(days, latency(calls))
    write_json(directory / MEASURED / "measured.json", measured)
    return {
        "world": days.world.name,
        "events": results["events"]["read"],
        "requests": results["requests"]["made"],
        "models": len(results["models"]),
        "invariants_broken": sum(not row["holds"] for row in results["invariants"]),
    }


def results_of(days: Days) -> dict[str, Any]:
    """The document that depends on (scenario, world, version) alone."""
    events = _sums(days.streamed)
    made = {surface: sum(outcomes.values()) for surface, outcomes in sorted(days.outcomes.items())}
    return {
        "verb": "replay",
        "world": days.world.name,
        "events": events,
        "stream": _stream(days.streamed),
        "requests": {
            "made": sum(made.values()),
            "planned": days.audit.planned,
            "by_surface": made,
            "outcomes": {surface: dict(sorted(counts.items())) for surface, counts in sorted(days.outcomes.items())},
        },
        "segments": _segments(days),
        "shop": shop_of(days.plane.shop, days.shop_outcomes, days.suspects),
        "boxes": boxes_of(days.plane.calls.table()),
        "quality": sorted(days.quality, key=lambda row: row["day"]),
        "invariants": days.audit.invariants(events) + shop_invariants(days.plane.shop),
        "models": [_model(model) for model in days.models.models],
        **_loop(days),
    }


def _loop(days: Days) -> dict[str, Any]:
    """The `loop` part, where the loop is closed."""
    if not days.loop_outcomes:
        return {}
    outcomes = pa.concat_tables(days.loop_outcomes)
    return {
        "loop": {
            "adoption": days.scenario.loop.adoption,
            "examination": days.scenario.loop.examination,
            "requests_served": days.loop_served,
            **arm_of(outcomes, len(days.served_users)),
            "changed_events": days.loop_changes,
            "surfaces": by_surface(outcomes),
            "ranks": by_rank(outcomes),
            "rates": days.loop_rates,
        }
    }


def _segments(days: Days) -> list[dict[str, Any]]:
    """Requests by (tenant, home region) and what became of them."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for (tenant, region, outcome), count in sorted(days.segments.items()):
        found.setdefault((tenant, region), {})[outcome] = count
    return [
        {"tenant": tenant, "region": region, "requests": sum(outcomes.values()), "outcomes": outcomes}
        for (tenant, region), outcomes in found.items()
    ]


def measured_of(days: Days, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The document that depends on the machine and the hour. Times are CPU seconds of this process."""
    stream_s = sum(day.cpu_s for day in days.streamed)
    read = sum(day.counts["read"] for day in days.streamed)
    split: dict[str, float] = {}
    for day in days.streamed:
        for stage, cpu_s in day.cpu_split_s.items():
            split[stage] = split.get(stage, 0.0) + cpu_s
    return {
        "latency": rows,
        "stream": {
            "events_per_cpu_s": round(read / stream_s, 1) if stream_s else 0.0,
            "cpu_s": round(stream_s, 4),
            "split_s": {stage: round(cpu_s, 4) for stage, cpu_s in sorted(split.items())},
            "state_bytes": days.stream.state_bytes,
        },
        "requests": {
            "cpu_s": round(days.cpu_s.get("requests", 0.0), 4),
            "per_cpu_s": _rate(rows, days.cpu_s.get("requests", 0.0)),
        },
        "parts_s": {part: round(cpu_s, 4) for part, cpu_s in sorted(days.cpu_s.items())},
        "training_s": [round(cpu_s, 4) for cpu_s in days.training_s],
    }


def _rate(rows: list[dict[str, Any]], cpu_s: float) -> float:
    whole = [row for row in rows if row["component"] == END_TO_END]
    return round(whole[0]["calls"] / cpu_s, 1) if whole and cpu_s else 0.0


def _sums(streamed: list[StreamDay]) -> dict[str, int]:
    names = dict.fromkeys([*COUNTS, *(name for day in streamed for name in day.counts)])
    return {name: sum(day.counts.get(name, 0) for day in streamed) for name in names}


def _stream(streamed: list[StreamDay]) -> dict[str, Any]:
    sessions = sum(day.sessions for day in streamed)
    events = sum(day.sessions * day.session_events_mean for day in streamed)
    return {
        "sessions": sessions,
        "session_events_mean": round(events / sessions, 4) if sessions else 0.0,
        "days": [
            {
                "day": day.day,
                **{name: day.counts.get(name, 0) for name in COUNTS},
                "sessions": day.sessions,
                "session_events_mean": round(day.session_events_mean, 4),
                "session_duration_p50_s": round(day.session_duration_p50_s, 3),
                **{f"watermark_lag_{name}_s": round(value, 3) for name, value in day.watermark_lag_s.items()},
            }
            for day in streamed
        ],
    }


def _model(model: Model) -> dict[str, Any]:
    """A version as a flat row, with its lineage and metrics beside it."""
    days = model.lineage["days"]
    return {
        "version": f"v{model.version:04d}",
        "recommender": model.recommender,
        "promoted": None if model.promoted_us is None else iso(model.promoted_us),
        "trained_on": days[0] if len(days) == 1 else f"{days[0]} … {days[-1]}",
        "users": model.lineage["users"],
        "products": model.lineage["products"],
        "pairs": model.lineage["pairs"],
        "index": model.lineage["index"],
        **{name: round(value, 6) for name, value in model.metrics.items()},
        "lineage": dict(model.lineage),
    }
