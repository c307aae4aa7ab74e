"""A world: how large it is, what its users did, and the facts readers need before they use it."""

from __future__ import annotations

from recsim.dataset import table_of
from recsim.report import charts, words
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, Kind, table
from recsim.report.runfiles import Run, distinct, figure, part, rows
from recsim.runs import FileRecord
from recsim.units import human_bytes

SIZES = ("users", "products", "events", "interactions")
STEPS = ("sessions", "queries", "views", "carts", "purchases", "reviews", "votes")
FUNNEL = (
    "session_start",
    "search_query",
    "view_product",
    "add_to_cart",
    "purchase",
    "submit_review",
    "upvote",
    "downvote",
)


def summary(run: Run) -> Summary:
    """What a world is: users, products, events (or interactions), bytes."""
    manifest = run.manifest
    held = {name: value for name in SIZES if (value := figure(manifest.facts, name))}
    shown = [name for name in held if name != "interactions" or "events" not in held]
    said = ", ".join(f"{words.quantity(held[name])} {name}" for name in shown) or "nothing"
    size = human_bytes(sum(record.bytes for record in manifest.outputs.values()))
    days = figure(manifest.facts, "days")
    since = f" over {words.plural(int(days), 'day')} from {manifest.facts['first_day']}" if days else ""
    truth = any(name.startswith("truth/") for name in manifest.outputs)
    kind = "synthetic, with the truth beside it" if truth else "without truth tables"
    provenance = "modelled" if truth else "measured"
    return Summary(
        title=f"world {manifest.name}, made by {manifest.verb}",
        verdict=f"{said} in {size}{since}; {kind}.",
        headlines=tuple(Headline(name, words.count(held[name]), provenance) for name in shown),
        tables=(SmallTable("Tables", ("table", "rows", "bytes", "files"), tuple(_tables(run)), frozenset({1, 2, 3})),),
    )


def blocks(run: Run) -> list[Block]:
    """Rows and bytes a table, the funnel where the facts hold one, the facts."""
    sizes = table({"table": "text", "rows": "number", "bytes": "number", "files": "number"}, _tables(run))
    found = [_funnel(run), Block("Tables", "", (), (sizes,)), _facts(run)]
    return [block for block in found if block is not None]


def _tables(run: Run) -> list[tuple[str, ...]]:
    held: dict[str, list[FileRecord]] = {}
    for name, record in run.manifest.outputs.items():
        if record.rows is None:
            continue
        held.setdefault(table_of(name), []).append(record)
    return [
        (
            name,
            words.count(sum(record.rows or 0 for record in records)),
            human_bytes(sum(record.bytes for record in records)),
            words.count(len(records)),
        )
        for name, records in sorted(held.items())
    ]


def _funnel(run: Run) -> Block | None:
    """Events by type, or the counts of each step where the facts hold those."""
    facts = run.manifest.facts
    by_type = {
        name: value for name in part(facts, "events_by_type") if (value := figure(facts["events_by_type"], name))
    }
    counts = by_type or {name: value for name in STEPS if (value := figure(facts, name))}
    if "reviews" in counts:
        counts["reviews"] -= figure(facts, "reviews_before") or 0
    order = [name for name in (*FUNNEL, *STEPS) if name in counts]
    order += sorted(set(counts) - set(order))
    if not order:
        return None
    values = [
        {"row": words.spoken(name), "value": counts[name], "text": words.quantity(counts[name])} for name in order
    ]
    views = counts.get("view_product") or counts.get("views")
    cells = [
        (words.spoken(name), words.count(counts[name]), words.percent(counts[name] / views) if views else words.NOTHING)
        for name in order
    ]
    columns = table({"": "text", "count": "number", "per product view": "number"}, cells)
    drawn = charts.bars(values, "", "How often users did each thing.")
    return Block("What users did", "", (drawn,), (columns,))


def _facts(run: Run) -> Block | None:
    """Plain facts in one table; each list of objects in its own."""
    facts = run.manifest.facts
    cells = [(words.spoken(key), text) for key, value in sorted(facts.items()) if (text := _text(value))]
    tables = [table({"fact": "text", "value": "number"}, cells)]
    for key in sorted(facts):
        found = rows(facts, key)
        names = distinct(name for row in found for name in row)
        kinds: dict[str, Kind] = {words.spoken(name): "text" for name in names}
        tables.append(table(kinds, [tuple(_text(row.get(name)) for name in names) for row in found], words.spoken(key)))
    held = tuple(small for small in tables if small.rows)
    return Block("Facts", "", (), held) if held else None


def _text(value: object) -> str:
    """A plain value as text; empty for a nested one or none."""
    if value is None or isinstance(value, dict | list):
        return ""
    return words.count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
