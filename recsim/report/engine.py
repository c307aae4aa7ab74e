"""One HTML file of one or more runs: opens from disk, no network, no script, light and dark, under 500 KB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import orjson
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from recsim.errors import BadInput
from recsim.report import theme, verbs
from recsim.report.answer import Summary
from recsim.report.blocks import Block, Table
from recsim.report.drawing import Drawing, draw
from recsim.report.runfiles import Run, read_run
from recsim.report.toml import as_toml
from recsim.units import Provenance

MOST_BYTES = 500_000
MOST_FILES = 60
"""Rows of the folded list of a run's files; the rest are in its manifest."""


@dataclass(frozen=True)
class Detail:
    """How much of each run a page shows: many runs on one page show less of each, so that it stays small."""

    table_rows: int
    two_widths: bool
    scenario: bool


DETAILS = (
    Detail(400, two_widths=True, scenario=True),
    Detail(120, two_widths=False, scenario=True),
    Detail(30, two_widths=False, scenario=False),
)


@dataclass(frozen=True)
class Part:
    """One run as the template sees it: every chart drawn, every text ready."""

    anchor: str
    run: Run
    summary: Summary
    blocks: tuple[tuple[Block, tuple[Drawing, ...], tuple[Table, ...]], ...]
    scenario: str
    manifest: str
    files: tuple[tuple[str, str, str, str], ...]
    unlisted: int


def write_report(runs: Sequence[Path], out: Path) -> Path:
    """Write the page of the runs to `out` and return it; raises `BadInput` for an unreadable run or too many runs."""
    if not runs:
        raise BadInput("a report needs at least one run; `recsim list` shows the runs there are.")
    page = _page([read_run(path) for path in runs])
    unfinished = out.with_name(f".{out.name}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(page)
        unfinished.rename(out)
    except OSError as error:
        raise BadInput(f"{out} can't be written: {error.strerror}; name another --out.") from None
    return out


def _page(runs: list[Run]) -> bytes:
    """The page in the most detail that stays under `MOST_BYTES`."""
    for detail in DETAILS:
        page = _render([_part(run, f"run-{number}", detail) for number, run in enumerate(runs, start=1)])
        if len(page) < MOST_BYTES:
            return page
    raise BadInput(f"{len(runs)} runs do not fit one page of {MOST_BYTES // 1000} KB; report them a few at a time.")


def _part(run: Run, anchor: str, detail: Detail) -> Part:
    drawn = []
    for at, block in enumerate(verbs.blocks(run)):
        names = [f"{anchor.replace('run-', 'r')}b{at}c{number}" for number in range(len(block.charts))]
        drawings = tuple(
            draw(chart, name, two_widths=detail.two_widths) for chart, name in zip(block.charts, names, strict=True)
        )
        drawn.append((block, drawings, tuple(_cut(table, detail.table_rows) for table in block.tables)))
    outputs = list(run.manifest.outputs.items())
    return Part(
        anchor=anchor,
        run=run,
        summary=verbs.summary(run),
        blocks=tuple(drawn),
        scenario=as_toml(run.manifest.scenario) if run.manifest.scenario and detail.scenario else "",
        manifest=_manifest(run),
        files=tuple(
            (name, f"{file.bytes:,}", _rows(file.rows), file.sha256[:16]) for name, file in outputs[:MOST_FILES]
        ),
        unlisted=max(0, len(outputs) - MOST_FILES),
    )


def _cut(table: Table, most: int) -> Table:
    hidden = len(table.rows) - most
    if hidden <= 0:
        return table
    caption = f"{table.caption} {hidden:,} more rows are in results.json.".strip()
    return replace(table, rows=table.rows[:most], caption=caption)


def _rows(rows: int | None) -> str:
    return "" if rows is None else f"{rows:,}"


def _manifest(run: Run) -> str:
    tree: dict[str, Any] = run.manifest.model_dump(mode="json", exclude={"scenario", "outputs"})
    return orjson.dumps(tree, option=orjson.OPT_INDENT_2).decode()


def _render(parts: list[Part]) -> bytes:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_text("template.html"))
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{theme.variables(theme.DARK)}}}}}"
    colours = f":root{{{theme.variables(theme.LIGHT)}}}{dark}"
    page = template.render(
        parts=parts,
        style=Markup(colours + _text("page.css")),  # noqa: S704 - our own style sheet
        svg=Markup,
        provenances=get_args(Provenance),
        verdict_class=_verdict_class,
    )
    return page.encode()


def _verdict_class(word: str) -> str:
    """Which colour a verdict is set in; the word itself says the same."""
    if word.startswith(("✓", "right", "correct", "ok")):
        return "good"
    return "bad" if word.startswith(("✗", "wrong")) else "warn"


def _text(name: str) -> str:
    return files("recsim.report").joinpath(name).read_text(encoding="utf-8")
