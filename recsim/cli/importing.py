"""`recsim import`: a real log becomes a world."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.finish import make, show_plan
from recsim.cli.terminal import Terminal
from recsim.errors import BadInput
from recsim.runs import data_dir


def _kinds() -> list[str]:
    from recsim.importers import IMPORTERS

    return IMPORTERS.names()


def import_log(
    kind: Annotated[
        str,
        typer.Argument(
            help="retailrocket, movielens, interactions, sessions, reviews, search-judgements or events.",
            autocompletion=_kinds,
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The file or directory of the log.")],
    name: Annotated[str | None, typer.Option(help="Name of the world; by default the name of PATH.")] = None,
    out: options.Out = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="Which column of the log is which field; repeatable."),
    ] = None,
    bad_rows_limit: Annotated[
        int, typer.Option(min=0, help="Refuse the whole log when more rows than this are bad.")
    ] = 100,
    json: options.Json = False,
    dry_run: options.DryRun = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Turn a real log into a world."""
    if name is not None and (name.startswith(".") or Path(name).name != name):
        raise BadInput(f'--name "{name}" is not the name of a folder under data/; a path goes to --out.')
    chosen_name = name or (out.name if out else path.resolve().name.split(".")[0])
    with Terminal(json=json, quiet=quiet, verbose=verbose) as terminal:
        from recsim.importers import engine
        from recsim.report.summary import summary

        columns = _mapping(mapping or [])
        if dry_run:
            show_plan("import", None, engine.estimate(kind, path), terminal)
            return
        target = out or data_dir() / chosen_name
        manifest = make(
            target,
            engine.identity(kind, path, columns, bad_rows_limit),
            lambda: engine.import_world(
                kind,
                path,
                target,
                name=chosen_name,
                mapping=columns,
                bad_rows_limit=bad_rows_limit,
                force=force,
                progress=terminal,
            ),
            force=force,
            terminal=terminal,
        )
        if json:
            terminal.document(
                {"verb": "import", "world": str(target), "facts": manifest.facts, "process": manifest.process}
            )
        else:
            terminal.summary(summary(target))
        facts = manifest.facts
        if facts["rows_refused"]:
            shown = "; ".join(facts["refused"])
            terminal.hint(f"{facts['rows_refused']:,} of {facts['rows_read']:,} rows were refused: {shown}")
        terminal.hint(f"wrote {target}")
        terminal.hint(f"next: recsim evaluate {quote(str(target))}")


def _mapping(items: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in items]
    for item, (column, equals, field) in zip(items, pairs, strict=True):
        if not (column and equals and field):
            raise BadInput(f'--map "{item}" is not column=field; write for example --map visitorid=user_id.')
    return {column: field for column, _, field in pairs}
