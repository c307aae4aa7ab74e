"""Reading a replay: which of its figures stand for which constant of the demand model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from recsim.capacity.replay_run import ReplayRun
from recsim.units import Provenance

NEAR = 10**0.5
"""Catalogues within this factor are of one order."""

SERVICES = ("search", "recommendation")
"""Hops that are the application services' own work."""

INDEX_SIZES = {100_000: "100k", 1_000_000: "1m"}
"""Numbers of vectors at which the demand model has a query rate."""

LAKE_ROWS_PER_FILE = 10_000
"""Smaller Parquet files are mostly header and say nothing about bytes an event."""


@dataclass(frozen=True)
class Finding:
    """A figure a run has for a constant."""

    constant: str
    figure: float
    provenance: Provenance
    source: str


def findings(run: ReplayRun, *, products: float, raw_event_bytes: float) -> Iterator[Finding]:
    """Every figure of a replay that a constant can take; missing parts of a run give none.

    `products` is the plan's catalogue, `raw_event_bytes` its event before compression.
    """
    hops = _hops(run)
    yield from _core_times(run, hops)
    yield from _sized_by_catalogue(run, hops, products)
    yield from _stream(run)
    yield from _lake(run, raw_event_bytes)
    yield from _behaviour(run)


def too_small(run: ReplayRun, *, products: float) -> Iterator[dict[str, str]]:
    """Measured hops that say nothing about the plan's catalogue, with the reason."""
    hops = _hops(run)
    had = catalogue(run)
    size = f"the run's catalogue has {had:,} products" if had else "the run does not say how many products it has"
    if "product_index" in hops and not _of_one_order(had, products):
        yield {
            "constant": "search_cpu_ms",
            "reason": f"{size}, the plan's {products:,.0f}: core time grows with the index",
        }
    if "retrieval" in hops and not _index(run).startswith("IVF"):
        yield {"constant": "ivf_qps_100k", "reason": f"the run's index is {_index(run) or 'unknown'}, not IVF"}
    elif "retrieval" in hops and not any(_of_one_order(had, at) for at in INDEX_SIZES):
        yield {"constant": "ivf_qps_100k", "reason": f"{size}: no size the model has a query rate for"}


def _hops(run: ReplayRun) -> dict[str, tuple[float, float]]:
    """Component → (calls, mean core time in ms)."""
    found = {}
    for document in (run.results, run.measured):
        rows = document.get("latency")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                calls, mean_ms = number(row.get("calls")), number(row.get("mean_ms"))
                if isinstance(row.get("component"), str) and calls and mean_ms:
                    found[row["component"]] = (calls, mean_ms)
    return found


def _core_times(run: ReplayRun, hops: Mapping[str, tuple[float, float]]) -> Iterator[Finding]:
    if "gateway" in hops:
        calls, mean_ms = hops["gateway"]
        yield _measured(
            "gateway_rps_per_core", 1_000 / mean_ms, run, f"in-process core time of the gateway hop, {calls:,.0f} calls"
        )
        services = [hops[name] for name in SERVICES if name in hops]
        if services:
            busy_ms = sum(count * mean for count, mean in services)
            what = " and ".join(name for name in SERVICES if name in hops)
            yield _measured(
                "app_cpu_ms", busy_ms / calls, run, f"in-process core time of {what} a request, {calls:,.0f} requests"
            )
    if "reranker" in hops:
        calls, mean_ms = hops["reranker"]
        yield _measured("ranker_cpu_ms", mean_ms, run, f"in-process core time of the reranker hop, {calls:,.0f} calls")


def _sized_by_catalogue(run: ReplayRun, hops: Mapping[str, tuple[float, float]], products: float) -> Iterator[Finding]:
    had = catalogue(run)
    if "product_index" in hops and _of_one_order(had, products):
        calls, mean_ms = hops["product_index"]
        yield _measured(
            "search_cpu_ms",
            mean_ms,
            run,
            f"in-process core time of the index hop, {calls:,.0f} calls, {had:,} products",
        )
    if "retrieval" in hops and _index(run).startswith("IVF"):
        calls, mean_ms = hops["retrieval"]
        for at, name in INDEX_SIZES.items():
            if _of_one_order(had, at):
                what = f"in-process core time of the retrieval hop, {calls:,.0f} calls, {had:,} products"
                yield _measured(f"ivf_qps_{name}", 1_000 / mean_ms, run, what)


def _stream(run: ReplayRun) -> Iterator[Finding]:
    rate = number(part(run.measured, "stream").get("events_per_cpu_s"))
    if rate:
        yield _measured("stream_events_per_s_core", rate, run, "events a CPU second of the in-process stream plane")


def _lake(run: ReplayRun, raw_event_bytes: float) -> Iterator[Finding]:
    """Bytes of the plan's raw event over bytes of an event in the lake's files, where those are not all header."""
    files = [file for name, file in run.manifest.outputs.items() if name.startswith("lake/") and file.rows]
    rows = sum(file.rows or 0 for file in files)
    if files and rows / len(files) >= LAKE_ROWS_PER_FILE:
        compression = raw_event_bytes / (sum(file.bytes for file in files) / rows)
        yield _measured(
            "lake_compression",
            compression,
            run,
            f"{raw_event_bytes:g} B over the lake's bytes an event, {rows:,} events",
        )


def _behaviour(run: ReplayRun) -> Iterator[Finding]:
    """The funnel. A page is a home page (one a session), a search, a product page or a cart."""
    counts, sessions, what = _counts(run)
    provenance: Provenance = "measured" if imported(run) else "modelled"
    views, searches = counts.get("view_product", 0.0), counts.get("search_query", 0.0)
    carts, purchases = counts.get("add_to_cart", 0.0), counts.get("purchase", 0.0)
    pages = sessions + views + searches + carts
    ratios = {
        "carts_per_view": (carts, views),
        "purchases_per_view": (purchases, views),
        "pages_per_session": (pages, sessions),
        "product_page_share": (views, pages),
        "search_page_share": (searches, pages),
    }
    for constant, (above, below) in ratios.items():
        if above > 0 and below > 0:
            yield Finding(
                constant, above / below, provenance, f"counted in {what}: {above:,.0f} / {below:,.0f}, {run.name}"
            )


def _counts(run: ReplayRun) -> tuple[dict[str, float], float, str]:
    """Events by type, sessions, and where they were counted: in the whole log, else in the sample of requests."""
    logged = part(run.world.facts, "events_by_type") if run.world else {}
    sessions = number(part(run.results, "stream").get("sessions")) or 0.0
    if logged:
        return {name: number(count) or 0.0 for name, count in logged.items()}, sessions, "the log"
    surfaces = {name: number(count) or 0.0 for name, count in part(part(run.results, "requests"), "by_surface").items()}
    names = {"product": "view_product", "search": "search_query", "cart": "add_to_cart"}
    counts = {event: surfaces.get(surface, 0.0) for surface, event in names.items()}
    return counts, surfaces.get("home", 0.0), "the sampled requests"


def catalogue(run: ReplayRun) -> int | None:
    """Products of the world that was replayed: of its manifest, else of the last model."""
    models = run.results.get("models")
    last = models[-1] if isinstance(models, list) and models and isinstance(models[-1], dict) else {}
    count = number(run.world.facts.get("products")) if run.world else None
    count = count or number(last.get("products"))
    return None if count is None else round(count)


def _index(run: ReplayRun) -> str:
    """The kind of the last vector index, as FAISS writes it; empty where the run does not say."""
    models = run.results.get("models")
    last = models[-1] if isinstance(models, list) and models and isinstance(models[-1], dict) else {}
    return str(last.get("index", ""))


def imported(run: ReplayRun) -> bool:
    """Whether the replayed world came from real logs; a world that is no longer there counts as generated."""
    return run.world is not None and run.world.verb == "import"


def part(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under a key; empty where there is none."""
    found = tree.get(key)
    return found if isinstance(found, dict) else {}


def number(value: object) -> float | None:
    """A finite positive number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        return None
    return float(value)


def _measured(constant: str, figure: float, run: ReplayRun, what: str) -> Finding:
    return Finding(constant, figure, "measured", f"{what}, {run.name}")


def _of_one_order(had: int | None, wanted: float) -> bool:
    return had is not None and wanted / NEAR <= had <= wanted * NEAR
