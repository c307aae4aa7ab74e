"""`recsim report`: one HTML page of one or several runs."""

from __future__ import annotations

from pathlib import Path

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.dataset import world_path
from recsim.errors import BadInput
from recsim.runs import reports_dir


def report(
    runs: options.Runs,
    out: options.Out = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the HTML page of one or more runs."""
    paths = [_directory(run) for run in runs]
    with Terminal(json=json, quiet=quiet) as terminal:
        from recsim.report.engine import write_report

        page = write_report(paths, out or _page(paths))
        if json:
            terminal.document({"verb": "report", "runs": [str(path) for path in paths], "report": str(page)})
        else:
            print(page)


def _directory(reference: str) -> Path:
    for path in (Path(reference), reports_dir() / reference, world_path(reference)):
        if path.is_dir():
            return path
    raise BadInput(f"there is no run or world {reference}; `recsim list` shows those there are.")


def _page(paths: list[Path]) -> Path:
    if len(paths) == 1:
        return paths[0] / "report.html"
    return reports_dir() / ("+".join(path.name for path in paths) + ".html")
