"""The answer of a run on one terminal screen, as plain data: the page and the terminal both show it."""

from __future__ import annotations

from pathlib import Path

from recsim.report import verbs
from recsim.report.answer import COLUMNS, LINES, Headline, SmallTable, Summary, plain_lines
from recsim.report.runfiles import read_run

__all__ = ["COLUMNS", "LINES", "Headline", "SmallTable", "Summary", "plain_lines", "summary"]


def summary(run: Path) -> Summary:
    """The answer of a finished run or world; raises `BadInput` where the directory is neither."""
    return verbs.summary(read_run(run))
