"""Writes docs/schema.md from the row classes: `python -m recsim.schema.document docs/schema.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from recsim.schema.columns import SCHEMA_VERSION, documentation
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
    for name, record in WIRE_RECORDS.items():
        fields = [f"- `{field.alias or key}`: {field.description or ''}" for key, field in record.model_fields.items()]
        parts.append("\n".join([f"### {name}", "", (record.__doc__ or "").strip(), "", *fields]))
    return "\n\n".join(line.rstrip() for line in parts).replace(": \n", "\n") + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
