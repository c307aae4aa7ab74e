"""The accounts of a replay: every event and request, the invariants, the models of each midnight."""

from __future__ import annotations

from recsim.report import words
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.runfiles import Row, Run, distinct, figure, part, rows, word

COUNTS = ("read", "kept", "duplicates", "refused", "late")
MOST_ROWS = 14
"""A longer table is folded away."""


def accounting_block(run: Run) -> Block | None:
    """Events read, kept, duplicated, refused; the stream's figures, and the same by day."""
    events = part(run.results, "events")
    if not events:
        return None
    total = figure(events, "read") or 0
    order = [*COUNTS, *sorted(set(events) - set(COUNTS))]
    cells = [
        (name.replace("_", " "), words.count(value), words.percent(value / total) if total else words.NOTHING)
        for name in order
        if (value := figure(events, name)) is not None
    ]
    missing = total - sum(figure(events, name) or 0 for name in ("kept", "duplicates", "refused"))
    ending = f": {words.count(missing)} are missing." if missing else ", to the event."
    stream = {**part(run.results, "stream"), **part(run.measured, "stream")}
    facts = [(_named(key), _stated(key, value)) for key in stream if (value := figure(stream, key)) is not None]
    tables = [
        table({"events": "text", "count": "number", "of those read": "number"}, cells),
        table({"stream": "text", "figure": "number"}, facts),
        _flat(rows(stream, "days"), "By day"),
    ]
    note = f"Read = kept + duplicates + refused{ending} Late events are among the kept."
    return Block("Every event accounted for", note, (), tuple(held for held in tables if held.rows))


def requests_block(run: Run) -> Block | None:
    """Requests by surface and outcome."""
    outcomes = part(part(run.results, "requests"), "outcomes")
    names = distinct(name for surface in outcomes for name in part(outcomes, surface))
    if not names:
        return None
    cells = [
        (surface, *(words.count(figure(part(outcomes, surface), name) or 0) for name in names))
        for surface in sorted(outcomes)
    ]
    kinds: dict[str, Kind] = {"surface": "text"}
    note = "The sample of requests that was made, by what became of them."
    return Block("Requests", note, (), (table({**kinds, **dict.fromkeys(names, "number")}, cells),))


def invariants_block(run: Run) -> Block | None:
    """What must hold at the end, with what was found."""
    found = rows(run.results, "invariants")
    if not found:
        return None
    cells = [("✓" if row.get("holds") else "✗", word(row, "name"), word(row, "detail")) for row in found]
    return Block("Invariants", "", (), (table({"": "verdict", "invariant": "text", "what was found": "long"}, cells),))


def models_block(run: Run) -> Block | None:
    """The versions that were trained and promoted."""
    models = rows(run.results, "models")
    return Block("Models, one a midnight", "", (), (_flat(models),)) if models else None


def _flat(found: list[Row], caption: str = "") -> Table:
    """Flat objects as a table: the keys they share are its columns, a long one is folded."""
    keys = distinct(key for row in found for key, value in row.items() if not isinstance(value, dict | list))
    first = ["day", "version", *COUNTS]
    keys.sort(key=lambda key: first.index(key) if key in first else len(first))
    kinds: dict[str, Kind] = {_named(key): _kind(found, key) for key in keys}
    cells = [tuple(_cell(row, key) for key in keys) for row in found]
    return table(kinds, cells, caption, folded=len(found) > MOST_ROWS)


def _kind(found: list[Row], key: str) -> Kind:
    return "number" if all(row.get(key) is None or figure(row, key) is not None for row in found) else "text"


def _cell(row: Row, key: str) -> str:
    value = figure(row, key)
    return word(row, key) if value is None else _stated(key, value)


def _named(key: str) -> str:
    """`cpu_s` → `cpu, s`; `state_bytes` → `state`."""
    name = key.removesuffix("_bytes")
    return f"{name.removesuffix('_s')}, s".replace("_", " ") if name.endswith("_s") else name.replace("_", " ")


def _stated(key: str, value: float) -> str:
    if key.endswith("_bytes"):
        return words.quantity(value, "bytes")
    return words.count(value) if value == int(value) and abs(value) < 1e9 else words.quantity(value)
