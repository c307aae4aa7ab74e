"""A replay: how good the served slates were, how long each hop took, whether nothing was lost."""

from __future__ import annotations

from recsim.report import charts, words
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, table
from recsim.report.replay_boxes import boxes_block, segments_block, shop_block
from recsim.report.replay_ledger import accounting_block, invariants_block, models_block, requests_block
from recsim.report.replay_loop import ab_block, loop_block
from recsim.report.replay_quality import leading, quality_block, sentence
from recsim.report.runfiles import Row, Run, figure, part, rows, word

QUANTILES = {"p50": "p50_ms", "p95": "p95_ms", "p99": "p99_ms"}
END_TO_END = "end_to_end"
SHOWN_PERIODS = 5
"""Days or weeks a terminal shows: the last ones."""


def summary(run: Run) -> Summary:
    """What a replay answers: quality at the end against the beginning, the tail latency, the invariants."""
    return Summary(
        title=f"replay {run.manifest.name} on world {word(run.results, 'world') or 'unnamed'}",
        verdict=_verdict(run),
        headlines=tuple(_headlines(run)),
        tables=tuple(_small_tables(run)),
    )


def blocks(run: Run) -> list[Block]:
    """Quality, closed loop, A/B, latency, accounting, requests, segments, shop, invariants, models, boxes: those of
    them the run holds."""
    makers = (
        quality_block, loop_block, ab_block, _latency, accounting_block, requests_block, segments_block, shop_block,
        invariants_block, models_block, boxes_block,
    )  # fmt: skip
    return [block for make in makers if (block := make(run)) is not None]


def _verdict(run: Run) -> str:
    text = "; ".join(said for said in (sentence(run), _latency_sentence(run), _invariant_sentence(run)) if said)
    return f"{text[:1].upper()}{text[1:]}."


def _end_to_end(run: Run) -> Row | None:
    return next((row for row in rows(run.measured, "latency") if word(row, "component") == END_TO_END), None)


def _latency_sentence(run: Run) -> str:
    row = _end_to_end(run)
    if row is None:
        return "" if rows(run.measured, "latency") else "no latency was measured"
    return f"p99 end to end {words.decimal(figure(row, 'p99_ms'))} ms of CPU in-process"


def _invariant_sentence(run: Run) -> str:
    found = rows(run.results, "invariants")
    broken = [word(row, "name") for row in found if not row.get("holds")]
    if not found:
        return "no invariant was checked"
    if not broken:
        return {1: "the one invariant holds", 2: "both invariants hold"}.get(
            len(found), f"all {len(found)} invariants hold"
        )
    return f"{len(broken)} of {len(found)} invariants are broken: {', '.join(broken)}"


def _headlines(run: Run) -> list[Headline]:
    told, end, events = leading(run), _end_to_end(run), part(run.results, "events")
    lines = []
    if told:
        interval = words.score_interval(figure(told[-1], "low"), figure(told[-1], "high"))
        label = f"{word(told[-1], 'metric')}, {word(told[-1], 'day')}"
        lines.append(Headline(label, words.score(figure(told[-1], "value")), "measured", interval))
    if end is not None:
        calls = f"{words.count(figure(end, 'calls'))} requests"
        value = f"{words.decimal(figure(end, 'p99_ms'))} ms"
        lines.append(Headline("p99 end to end, CPU", value, word(end, "provenance") or "measured", calls))
    rate, read = figure(part(run.measured, "stream"), "events_per_cpu_s"), figure(events, "read")
    if rate is not None:
        label = "stream events a CPU second"
        lines.append(Headline(label, words.quantity(rate), "measured", f"{words.count(read)} read"))
    elif read is not None:
        lines.append(Headline("events read", words.count(read), "measured"))
    return lines


def _small_tables(run: Run) -> list[SmallTable]:
    told = leading(run)
    latency = [
        (words.spoken(word(row, "component")), *(words.decimal(figure(row, key)) for key in QUANTILES.values()))
        for row in rows(run.measured, "latency")
    ]
    latency.sort(key=lambda cells: cells[0] != words.spoken(END_TO_END))
    recent = [
        (
            word(row, "day"),
            words.score(figure(row, "value")),
            words.score_interval(figure(row, "low"), figure(row, "high")),
        )
        for row in told[-SHOWN_PERIODS:]
    ]
    broken = [
        (word(row, "name"), word(row, "detail")) for row in rows(run.results, "invariants") if not row.get("holds")
    ]
    metric = word(told[-1], "metric") if told else ""
    found = [
        SmallTable("Broken invariants", ("invariant", "what was found"), tuple(broken)),
        SmallTable("Quality", ("when", metric, "95 % interval"), tuple(recent), frozenset({1})),
        SmallTable("Latency a hop, ms of CPU", ("hop", *QUANTILES), tuple(latency), frozenset({1, 2, 3})),
    ]
    return [small for small in found if small.rows]


def _latency(run: Run) -> Block | None:
    latency = rows(run.measured, "latency")
    if not latency:
        return None
    values = [
        {
            "row": words.spoken(word(row, "component")),
            "quantile": name,
            "value": figure(row, key),
            "text": words.decimal(figure(row, "p99_ms")),
        }
        for row in latency
        for name, key in QUANTILES.items()
        if (figure(row, key) or 0) > 0
    ]
    cells = [
        (
            words.spoken(word(row, "component")),
            words.count(figure(row, "calls")),
            *(words.decimal(figure(row, key)) for key in (*QUANTILES.values(), "mean_ms")),
            word(row, "provenance"),
        )
        for row in latency
    ]
    columns = table(
        {
            "hop": "text",
            "calls": "number",
            "p50 ms": "number",
            "p95 ms": "number",
            "p99 ms": "number",
            "mean ms": "number",
            "from": "tag",
        },
        cells,
    )
    drawn = (
        (charts.quantiles(values, list(QUANTILES), "milliseconds", "Latency quantiles of each hop."),) if values else ()
    )
    note = "CPU time of each hop in one process on the machine named in the manifest: no network, no queue."
    return Block("Latency of each hop", note, drawn, (columns,))
