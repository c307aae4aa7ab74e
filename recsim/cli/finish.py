"""What every verb does around its engine: skip what is complete, and say what was written and what to run next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from recsim.cli.terminal import Terminal
from recsim.errors import BadInput
from recsim.runs import MEASURED, Manifest, check_ours, read_document, read_manifest, reports_dir
from recsim.scenario import Scenario
from recsim.units import human_bytes, human_count, human_seconds

Engine = Callable[[], Manifest]


def run_path(verb: str, subject: str, identity: str) -> Path:
    """Where a run goes by default: the same input always means the same directory."""
    return reports_dir() / f"{verb}-{subject}-{identity[:8]}"


def make(target: Path, identity: str, engine: Engine, *, force: bool, terminal: Terminal) -> Manifest:
    """Run the engine, unless the target is already complete and of this identity."""
    if target.exists() and not force:
        check_ours(target)
        manifest = read_manifest(target)
        if manifest.identity == identity:
            terminal.hint(f"{target} is complete already; --force makes it again.")
            return manifest
        raise BadInput(f"{target} holds another {manifest.kind}; name another --out, or replace it with --force.")
    manifest = engine()
    took = manifest.process
    terminal.detail(
        f"{manifest.verb} took {human_seconds(took['wall_s'])}, {human_seconds(took['cpu_s'])} of CPU, "
        f"{human_bytes(took['peak_memory_bytes'])} of memory at the peak; identity {manifest.identity}"
    )
    return manifest


def results(run: Path) -> dict[str, Any]:
    """The document of a run: its results and, from this machine, its measurements."""
    tree = read_document(run / "results.json")
    measured = run / MEASURED / "measured.json"
    if measured.is_file():
        for key, value in read_document(measured).items():
            below = tree.get(key)
            tree[key] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return tree


def finish_run(run: Path, manifest: Manifest, terminal: Terminal, *, following: str) -> None:
    """Print a run: JSON, or its summary; write its page; say what to do next."""
    from recsim.report.engine import write_report
    from recsim.report.summary import summary

    page = write_report([run], run / "report.html")
    if terminal.json:
        terminal.document({**results(run), "run": str(run), "report": str(page), "process": manifest.process})
    else:
        terminal.summary(summary(run))
    terminal.hint(f"wrote {run}, report {page}")
    terminal.hint(f"next: {following}")


def show_plan(verb: str, scenario: Scenario | None, estimate: dict[str, Any], terminal: Terminal) -> None:
    """`--dry-run`: the resolved scenario, and an estimate of rows, bytes, minutes and memory."""
    if terminal.json:
        resolved = None if scenario is None else scenario.resolved()
        terminal.document({"verb": verb, "dry_run": True, "estimate": estimate, "scenario": resolved})
        return
    terminal.table(f"{verb} would make", ["what", "estimate"], [[k, _readable(k, v)] for k, v in _flat(estimate)])
    if scenario is not None:
        print()
        terminal.table("resolved scenario", ["key", "value"], [[k, str(v)] for k, v in _flat(scenario.resolved())])
    terminal.hint("nothing was written")


def _flat(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value))
    return rows


def _readable(key: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if key.endswith("bytes"):
        return human_bytes(value)
    if key.endswith("minutes"):
        return human_seconds(value * 60)
    return human_seconds(value) if key.endswith("_s") else human_count(value)
