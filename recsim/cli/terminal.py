"""Where words go: results to stdout, everything else to stderr; JSON, a terminal, or tab-separated in a pipe."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import orjson

if TYPE_CHECKING:
    from recsim.cli.live import Live
    from recsim.report.summary import Summary

_PLAIN_LINE_EVERY_S = 10.0


class Terminal:
    """One command's conversation with its user. As a callback it is the engines' progress listener."""

    def __init__(self, *, json: bool, quiet: bool, verbose: bool = False) -> None:
        self.json = json
        self._quiet = quiet
        self._verbose = verbose
        self._live = sys.stderr.isatty() and not quiet
        self._bars: Live | None = None
        self._spoke_at_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._rest()

    def _rest(self) -> None:
        """Take the bars away before something is said that stays."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def __call__(self, stage: str, done: int, total: int, unit: str, detail: str = "") -> None:
        """Progress: bars with rate and time left on a terminal, else a plain line now and then."""
        if self._quiet:
            return
        if self._live:
            from recsim.cli.live import Live

            self._bars = self._bars or Live()
            self._bars.draw(stage, done, total, unit, detail)
        elif not unit:
            print(stage, file=sys.stderr)
        elif time.monotonic() - self._spoke_at_s >= _PLAIN_LINE_EVERY_S:
            self._spoke_at_s = time.monotonic()
            said = f"{stage}: {done:,}{f' of {total:,}' if total else ''} {unit}"
            print(f"{said}, {detail}" if detail else said, file=sys.stderr)

    def hint(self, text: str) -> None:
        """A line on stderr: what was written, what to run next."""
        self._rest()
        if not self._quiet:
            print(text, file=sys.stderr)

    def detail(self, text: str) -> None:
        """A line on stderr for `-v`."""
        if self._verbose:
            print(text, file=sys.stderr)

    def document(self, tree: Any) -> None:  # noqa: ANN401 - any JSON value
        """The one JSON document of `--json`."""
        self._rest()
        sys.stdout.write(orjson.dumps(tree, option=orjson.OPT_INDENT_2).decode() + "\n")

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """A table: framed on a terminal, tab-separated in a pipe."""
        self._rest()
        if not sys.stdout.isatty():
            print("\n".join("\t".join(row) for row in [columns, *rows]))
            return
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(title) if title else None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for position, column in enumerate(columns):
            numeric = position > 0 and all(_numeric(row[position]) for row in rows)
            table.add_column(column, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console().print(table)

    def summary(self, summary: Summary) -> None:
        """A finished run on one screen: the answer first."""
        self._rest()
        print(summary.title)
        print(summary.verdict)
        for headline in summary.headlines:
            detail = f"; {headline.detail}" if headline.detail else ""
            print(f"  {headline.label}: {headline.value} ({headline.provenance}{detail})")
        for table in summary.tables:
            print()
            self.table(table.title, list(table.columns), [list(row) for row in table.rows])


def _numeric(cell: str) -> bool:
    return not cell or cell[0] in "0123456789.−-+$" or cell == "–"
