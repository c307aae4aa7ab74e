"""A capacity plan: what the traffic costs and needs, how sure that is, and where a written design differs."""

from __future__ import annotations

from recsim.report import charts, words
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, Kind, grouped, table
from recsim.report.capacity_design import audited, claims_table, design_blocks, design_sentence, ledger
from recsim.report.drawing import Chart
from recsim.report.runfiles import Row, Run, distinct, figure, rows, word

COST = "cost"
"""Component of the bill, and quantity of each component's part of it."""


def summary(run: Run) -> Summary:
    """What a plan answers: the yearly cost with its interval, the traffic at its peak, the lines a design has wrong."""
    users, products = (words.quantity(figure(run.results, key)) for key in ("daily_active", "products"))
    tables = (claims_table(run), _cost_summary(run))
    return Summary(
        title=f"capacity-plan {run.manifest.name}: {users} daily active users, {products} products",
        verdict=_verdict(run),
        headlines=tuple(_headlines(run)),
        tables=tuple(small for small in tables if small.rows),
    )


def blocks(run: Run) -> list[Block]:
    """Design against computed, cost, sensitivity, audit, estimates, constants: those of them the run holds."""
    found = [
        *design_blocks(run),
        _cost(run),
        _sensitivity(run),
        audited(run),
        _estimates(run),
        _listed(run, "replaced", "Constants replaced by measurement", "Figures of a replay in place of assumptions."),
        _listed(run, "unused", "Measured and not used", "What the replay measured but could not stand for a constant."),
        _listed(run, "constants", "Constants", "Every figure the plan starts from, with its interval and source."),
    ]
    return [block for block in found if block is not None]


def _estimates_of(run: Run) -> list[Row]:
    return [row for row in rows(run.results, "estimates") if figure(row, "value") is not None]


def _find(run: Run, component: str, quantity: str) -> Row | None:
    chosen = [
        row for row in _estimates_of(run) if (word(row, "component"), word(row, "quantity")) == (component, quantity)
    ]
    return chosen[0] if chosen else None


def _bill(run: Run) -> list[Row]:
    """Each component's cost, dearest first."""
    parts = [row for row in _estimates_of(run) if word(row, "quantity") == COST]
    return sorted(parts, key=lambda row: (-(figure(row, "value") or 0), word(row, "component")))


def _verdict(run: Run) -> str:
    users = words.quantity(figure(run.results, "daily_active"))
    total, bill = _find(run, COST, "total"), _bill(run)
    if total is None:
        return (
            f"{users} daily active users, {words.plural(len(_estimates_of(run)), 'estimate')}; {design_sentence(run)}."
        )
    cost = f"{words.usd(figure(total, 'value'))} a year at list price{words.range_of(total, words.usd)}"
    said = f"{users} daily active users cost {cost}"
    if bill and figure(total, "value"):
        share = (figure(bill[0], "value") or 0) / (figure(total, "value") or 1)
        said += f", {share * 100:.0f} % of it the {words.spoken(word(bill[0], 'component'))}"
    return f"{said}; {design_sentence(run)}."


def _headlines(run: Run) -> list[Headline]:
    total, peak = _find(run, COST, "total"), _find(run, "traffic", "requests, event peak")
    lines = []
    if total is not None:
        spread = words.range_of(total, words.usd).strip()
        label = "a year, list prices"
        lines.append(Headline(label, words.usd(figure(total, "value")), word(total, "provenance"), spread))
    if peak is not None:
        spread = words.range_of(peak, words.quantity).strip()
        value = words.quantity(figure(peak, "value"))
        lines.append(Headline("requests/s at event peak", value, word(peak, "provenance"), spread))
    right, total_lines, of_what = ledger(run)
    if total_lines:
        lines.append(
            Headline(f"{of_what} that hold", f"{right} of {total_lines}", "modelled", "claimed against computed")
        )
    return lines


def _cost_summary(run: Run) -> SmallTable:
    lines = tuple((words.spoken(word(row, "component")), *_span(row)) for row in _bill(run)[:6])
    return SmallTable("Cost a year, dearest first", ("component", "value", "low", "high"), lines, frozenset({1, 2, 3}))


def _span(row: Row) -> tuple[str, str, str]:
    value, low, high = (figure(row, key) for key in ("value", "low", "high"))
    unit = word(row, "unit")
    return words.measure(value, unit), words.measure(low, unit), words.measure(high, unit)


def _cost(run: Run) -> Block | None:
    bill = _bill(run)
    if not bill:
        return None
    values = [
        {
            "row": words.spoken(word(row, "component")),
            "value": figure(row, "value"),
            "low": figure(row, "low"),
            "high": figure(row, "high"),
            "text": words.usd(figure(row, "value")),
        }
        for row in bill
    ]
    total = sum(figure(row, "value") or 0 for row in bill) or 1.0
    cells = [
        (
            words.spoken(word(row, "component")),
            *(words.usd(figure(row, key)) for key in ("value", "low", "high")),
            words.percent((figure(row, "value") or 0) / total),
            word(row, "provenance"),
            word(row, "source"),
        )
        for row in bill
    ]
    kinds: dict[str, Kind] = {"component": "text", "a year": "number", "low": "number", "high": "number"}
    columns = table({**kinds, "share": "number", "from": "tag", "how": "long"}, cells, folded=True)
    note = "USD a year at list prices, dearest first; the thin line spans the 5 % and 95 % quantiles."
    drawn = charts.bars(values, "", "Yearly cost of each component, dearest first.")
    return Block("What it costs", note, (drawn,), (columns,))


def _sensitivity(run: Run) -> Block | None:
    found = rows(run.results, "sensitivity")
    if not found:
        return None
    figures = list(dict.fromkeys((word(row, "component"), word(row, "quantity")) for row in found))
    drawn = [_tornado(found, key) for key in figures if key[0] == COST]
    cells = [
        (
            f"{words.spoken(word(row, 'component'))}: {word(row, 'quantity')}",
            word(row, "constant"),
            *(words.change(figure(row, key)) for key in ("change_at_low", "change_at_high")),
        )
        for row in found
    ]
    kinds: dict[str, Kind] = {"figure": "text", "constant": "text", "at its low": "number", "at its high": "number"}
    columns = table(kinds, cells, folded=True)
    note = "How far a figure moves when one constant alone goes to its 5 % or 95 % quantile: measure the longest first."
    return Block("What it hangs on", note, tuple(chart for chart in drawn if chart), (grouped(columns, "figure"),))


def _tornado(found: list[Row], key: tuple[str, str]) -> Chart | None:
    values = []
    for row in found:
        if (word(row, "component"), word(row, "quantity")) != key:
            continue
        for end, field in (("low", "change_at_low"), ("high", "change_at_high")):
            change = figure(row, field)
            if change is not None:
                name = words.spoken(word(row, "constant"))
                text = words.change(change)
                values.append({"row": name, "end": f"input at its {end} end", "change": change, "text": text})
    named = "Total cost" if key[1] == "total" else f"Cost, {key[1]}"
    alt = f"{named}: change when one constant goes to its low and its high end."
    return charts.tornado(values, named, alt) if values else None


def _estimates(run: Run) -> Block | None:
    found = _estimates_of(run)
    if not found:
        return None
    cells = [
        (
            words.spoken(word(row, "component")),
            word(row, "quantity"),
            *_span(row),
            words.unit(word(row, "unit")),
            word(row, "provenance"),
            _measured_inputs(row),
            f"{word(row, 'source')}; decided by {word(row, 'binding')}"
            if word(row, "binding")
            else word(row, "source"),
        )
        for row in found
    ]
    if not rows(run.results, "replaced"):
        cells = [(*row[:7], "", row[8]) for row in cells]
    kinds: dict[str, Kind] = {"component": "text", "quantity": "short", "value": "number", "low": "number"}
    columns = table(
        {**kinds, "high": "number", "unit": "text", "from": "tag", "measured inputs": "number", "how": "long"}, cells
    )
    note = "The figure the plan uses between its 5 % and 95 % quantiles, and how it was computed."
    return Block("Every estimate", note, (), (grouped(columns, "component"),))


def _measured_inputs(row: Row) -> str:
    inputs, measured = row.get("inputs"), row.get("measured_inputs")
    if not isinstance(inputs, list) or not isinstance(measured, list):
        return ""
    return f"{len(measured)} of {len(inputs)}"


def _listed(run: Run, key: str, title: str, note: str) -> Block | None:
    """A list of flat objects as a folded table: its columns are the keys they share."""
    found = rows(run.results, key)
    if not found:
        return None
    names = distinct(name for row in found for name, value in row.items() if not isinstance(value, dict | list))
    kinds = {words.spoken(name): _kind(found, name) for name in names}
    cells = [tuple(_cell(row, name) for name in names) for row in found]
    return Block(title, note, (), (table(kinds, cells, folded=len(cells) > 12),))


def _kind(found: list[Row], name: str) -> Kind:
    if name == "provenance":
        return "tag"
    if name in ("source", "reason", "meaning", "description"):
        return "long"
    return "number" if all(figure(row, name) is not None or row.get(name) is None for row in found) else "text"


def _cell(row: Row, name: str) -> str:
    number = figure(row, name)
    return word(row, name) if number is None else words.quantity(number)
