"""`recsim sql`: ask a world anything, in SQL."""

from __future__ import annotations

from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput


def sql(
    world: options.World,
    query: Annotated[str, typer.Argument(help="A query over the tables; truth/users is called truth_users.")],
    json: options.Json = False,
) -> None:
    """Run SQL (DuckDB) over the tables of a world."""
    dataset = Dataset.open(world)
    with Terminal(json=json, quiet=True) as terminal:
        import duckdb

        try:
            found = dataset.sql().sql(query)
        except duckdb.Error as error:
            tables = ", ".join(table.replace("/", "_") for table in dataset.tables())
            reason = str(error).split("\n", maxsplit=1)[0]
            raise BadInput(f"the query can't be run: {reason}; the tables are {tables}.") from None
        if found is None:
            raise BadInput("only a query that answers can be run, and a world is never changed: write a select.")
        rows = found.fetchall()
        if json:
            terminal.document([dict(zip(found.columns, map(_plain, row), strict=True)) for row in rows])
        else:
            terminal.table("", list(found.columns), [[str(_plain(cell)) for cell in row] for row in rows])


def _plain(cell: object) -> object:
    return cell if cell is None or isinstance(cell, int | float | str | bool | list) else str(cell)
