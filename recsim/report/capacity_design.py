"""A written design held against the arithmetic: the rows of its table, those it omits, its lines one by one."""

from __future__ import annotations

import math
from typing import Any

from recsim.report import charts, words
from recsim.report.answer import SmallTable
from recsim.report.blocks import Block, Kind, grouped, table
from recsim.report.runfiles import Row, Run, distinct, figure, part, rows, word

COLUMNS = {"10m": "10M users, 100K products", "100m": "100M users, 1M products"}
"""Key of each column of the design's table in a plan, and how a reader is told."""

RIGHT = "right"


def ledger(run: Run) -> tuple[int, int, str]:
    """How many of the design's lines hold, of how many, and what they are: audit lines, or else cells of its table."""
    audit = [row for row in rows(run.results, "audit") if word(row, "verdict") not in ("", "missing")]
    lines = audit or _claimed_cells(run)
    held = sum(word(row, "verdict") == RIGHT for row in lines)
    return held, len(lines), "lines of the design" if audit else "figures of the design's table"


def design_sentence(run: Run) -> str:
    """How the design fares, for the verdict."""
    held, total, what = ledger(run)
    if not total:
        return "no design was held against it"
    if held == total:
        return f"all {total} {what} hold"
    furthest = max([*rows(run.results, "audit"), *_claimed_cells(run)], key=_distance)
    said = f"{held or 'none'} of the {total} {what} {'holds' if held == 1 else 'hold'}"
    if _distance(furthest) == 0:
        return said
    off = words.quantity(math.exp(_distance(furthest)))
    return f"{said}, the worst is off by {off}× ({word(furthest, 'row', 'line')})"


def claims_table(run: Run) -> SmallTable:
    """The design's table on a terminal: claimed and computed in both columns."""
    lines = [
        (word(row, "row"), *(word(part(row, key), name) for key in COLUMNS for name in ("claimed", "computed")))
        for row in _claims(run)
    ]
    columns = ("row", "10M claimed", "computed", "100M claimed", "computed")
    return SmallTable("The design's table", columns, tuple(lines))


def design_blocks(run: Run) -> list[Block]:
    """The design's own rows with a chart, and the rows it omits."""
    return [block for block in (_own_rows(run), _omitted(run)) if block is not None]


def audited(run: Run) -> Block | None:
    """The audit: the design's figures line by line, recomputed."""
    found = rows(run.results, "audit")
    if not found:
        return None
    sections = distinct(word(row, "section") for row in found)
    cells = [
        (
            word(row, "section"),
            word(row, "line"),
            _written(row, "claimed"),
            _written(row, "computed"),
            words.times(figure(row, "ratio")),
            word(row, "verdict"),
            word(row, "reason"),
        )
        for row in sorted(found, key=lambda row: sections.index(word(row, "section")))
    ]
    kinds: dict[str, Kind] = {
        "section": "text",
        "line": "long",
        "claimed": "short",
        "computed": "short",
        "ratio": "number",
    }
    columns = table({**kinds, "verdict": "verdict", "why": "long"}, cells)
    note = "The design's own figures recomputed from its own assumptions; the ratio is claimed over computed."
    return Block("The design, line by line", note, (), (grouped(columns, "section"),))


def _claims(run: Run) -> list[Row]:
    """Rows of the design's table that claim something in either column."""
    found = rows(run.results, "design")
    return [row for row in found if any(word(part(row, key), "claimed") for key in COLUMNS)]


def _claimed_cells(run: Run) -> list[Row]:
    return [{**part(row, key), "row": word(row, "row")} for row in _claims(run) for key in COLUMNS]


def _distance(row: Row) -> float:
    """|log ratio|; 0 where a line has none."""
    ratio = figure(row, "ratio")
    return abs(math.log(ratio)) if ratio and ratio > 0 else 0.0


def _written(row: Row, key: str) -> str:
    value = figure(row, key)
    return word(row, key) if value is None else words.measure(value, word(row, "unit"))


def _own_rows(run: Run) -> Block | None:
    claims = _claims(run)
    if not claims:
        return None
    cells = [_own_cells(row, key) for row in claims for key in COLUMNS]
    kinds: dict[str, Kind] = {
        "row": "text",
        "size": "text",
        "claimed": "text",
        "computed": "text",
        "low – high": "text",
    }
    columns = table({**kinds, "ratio": "number", "verdict": "verdict"}, cells)
    reasons = {word(row, "row"): word(row, "reason") for row in claims}
    note = (
        "Each dot is what the design claims over what was computed (modelled), its line the 5 % to 95 % range: "
        "at 1 the design is right, to the right it asks for too much, to the left for too little."
    )
    values = _dots(claims)
    title = "claimed over computed, log scale"
    drawn = (charts.ratios(values, [_short(told) for told in COLUMNS.values()], title, _alt(values)),) if values else ()
    return Block("The design's table against the computed one", note, drawn, (grouped(columns, "row", notes=reasons),))


def _own_cells(row: Row, key: str) -> tuple[str, ...]:
    cell = part(row, key)
    computed, spread = _computed(cell)
    ratio, verdict = words.times(figure(cell, "ratio")), word(cell, "verdict")
    return word(row, "row"), COLUMNS[key], word(cell, "claimed"), computed, spread, ratio, verdict


def _dots(claims: list[Row]) -> list[dict[str, Any]]:
    """A dot a claim and column; the low end of a ratio stems from the high end of the computed figure."""
    values = []
    for row in claims:
        for key, told in COLUMNS.items():
            cell = part(row, key)
            ratio, claimed = figure(cell, "ratio"), figure(cell, "claimed_value")
            if ratio and claimed:
                low, high = figure(cell, "high") or claimed / ratio, figure(cell, "low") or claimed / ratio
                ends = {"low": claimed / low, "high": claimed / high}
                values.append({"row": word(row, "row"), "series": _short(told), "ratio": ratio, **ends})
    return values


def _short(told: str) -> str:
    return told.split(",", maxsplit=1)[0]


def _alt(values: list[dict[str, Any]]) -> str:
    told = "; ".join(f"{value['row']}, {value['series']}: {words.times(value['ratio'])}" for value in values)
    return f"Claimed over computed. {told}."


def _omitted(run: Run) -> Block | None:
    claimed = {word(row, "row") for row in _claims(run)}
    found = [row for row in rows(run.results, "design") if word(row, "row") not in claimed]
    if not found:
        return None
    cells = []
    for row in found:
        component, _, quantity = word(row, "row").partition(": ")
        figures = [text for key in COLUMNS for text in _computed(part(row, key))]
        cells.append((component.replace("_", " "), quantity or component, *figures))
    kinds: dict[str, Kind] = {"component": "text", "quantity": "text"}
    for told in COLUMNS.values():
        kinds |= {told: "number", f"low – high, {_short(told)}": "number"}
    columns = table(kinds, cells, folded=True)
    note = f"{len(found)} quantities that the system needs and the design's table leaves out (modelled)."
    return Block("What the design omits", note, (), (grouped(columns, "component"),))


def _computed(cell: Row) -> tuple[str, str]:
    computed = word(cell, "computed") or words.measure(figure(cell, "computed_value"), word(cell, "unit"))
    return computed, words.spread(cell)
