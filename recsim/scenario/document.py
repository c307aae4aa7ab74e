"""Writes docs/scenarios.md from the scenario classes: `python -m recsim.scenario.document docs/scenarios.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from recsim.scenario.load import scenario_files
from recsim.scenario.model import Scenario
from recsim.scenario.profile import load_profile, profile_files
from recsim.scenario.section import Section

HEAD = """# Scenarios

A scenario is a TOML file: it says what differs from the one it `extends`, and everything else has a default. Written
by `make docs` from `recsim/scenario/`; a test holds this page to the code.

```toml
extends = "base"

[users]
count = 2_000
```

- A name (`smoke`) is looked up in `./scenarios`, then among the shipped ones; a path ending in `.toml` is read as it
  is; a `manifest.json` stands for the scenario it records.
- `--set users.count=500` overrides one value; `RECSIM_USERS__COUNT=500` does so from the environment.
- Precedence: `--seed`, `--set`, `RECSIM_*`, the file, what it extends, the profile, the defaults below.
- `profile = "otto"` (or `--set profile=otto`, or `RECSIM_PROFILE`) puts the model values of a [profile](profiles.md)
  in place of the defaults; a path ending in `.toml` names a profile of your own, as `recsim calibrate` writes it.
- A table of names (`users.regions`, `users.tenants`, `ranking.weights`, `evaluation.signals`) that is given, in part or
  whole, takes the place of the default one.
- Unknown keys, wrong types and values out of bounds are all reported at once, before anything is written.
- A world depends on `seed`, `calendar`, `users`, `products`, `behaviour`, `queries`, `reviews`,
  `adversaries`, `transport` and `layout` only; the rest may change without making it again.
"""


def page() -> str:
    """The whole page."""
    shipped = [f"| `{name}` | {_description(path)} |" for name, path in sorted(scenario_files().items())]
    parts = [HEAD, "## Shipped scenarios\n\n| name | what it is |\n|---|---|\n" + "\n".join(shipped)]
    profiles = [f"| `{name}` | {load_profile(name).description} |" for name in profile_files()]
    parts.append("## Shipped profiles\n\n| name | what it is |\n|---|---|\n" + "\n".join(profiles))
    for name, field in Scenario.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            parts.append(_section(name, field.annotation))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _description(path: Path) -> str:
    from recsim.scenario.load import load_scenario

    return load_scenario(str(path)).description


def _section(name: str, section: type[Section]) -> str:
    rows = [f"## [{name}]", "", (section.__doc__ or "").strip(), "", "| key | default | bounds | meaning |"]
    rows.append("|---|---|---|---|")
    for key, field in section.model_fields.items():
        rows.append(f"| `{key}` | {_default(field)} | {_bounds(field)} | {field.description or ''} |")
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, Section):
        return f"{getattr(value, 'mid', '')}"
    return "–" if value is None else f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{sign} {_shown(getattr(item, name))}"
        for item in field.metadata
        for name, sign in signs.items()
        if getattr(item, name, None) is not None
    ]
    return ", ".join(found)


def _shown(bound: Any) -> str:  # noqa: ANN401 - a number or a date
    return f"{bound:,}" if isinstance(bound, int | float) else str(bound)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
