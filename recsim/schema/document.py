"""Writes docs/schema.md from the row classes: `python -m recsim.schema.document docs/schema.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from recsim.schema.columns import SCHEMA_VERSION, Row, documentation
from recsim.schema.tables import EVENT_TYPES, TABLES
from recsim.schema.wire import WIRE_RECORDS


def page() -> str:
    """The whole page."""
    parts = [
        "# Tables and wire records",
        f"Schema version {SCHEMA_VERSION}. Written by `make docs` from `recsim/schema/`; a test holds it to the code.",
        "The event types: " + ", ".join(f"`{name}`" for name in EVENT_TYPES) + ".",
        "## Tables",
        *(documentation(name, row) for name, row in TABLES.items()),
        "## Wire records",
    ]
    parts += [_wire_section(name, record) for name, record in WIRE_RECORDS.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _wire_section(name: str, record: type[Row]) -> str:
    lines = [f"### {name}", "", (record.__doc__ or "").strip(), ""]
    for key, field in record.model_fields.items():
        meaning = f": {field.description}" if field.description else ""
        lines.append(f"- `{field.alias or key}`{meaning}")
    return "\n".join(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
