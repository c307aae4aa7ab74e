"""The arguments and flags that every verb shares, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsim.cli.complete import recommenders, runs, scenarios, worlds

Scenario = Annotated[
    str, typer.Argument(help="A scenario: its name, its TOML file, or a manifest.json.", autocompletion=scenarios)
]
World = Annotated[str, typer.Argument(help="A world: its directory, or its name under data/.", autocompletion=worlds)]
Out = Annotated[Path | None, typer.Option("--out", help="Directory to write; by default under data/ or reports/.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of every random stream.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one scenario value; repeatable.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be made and how large; write nothing.")]
Force = Annotated[bool, typer.Option("--force", help="Make it again where it exists already.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no hints.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what it took: time, memory, identity.")]
Recommenders = Annotated[
    list[str] | None,
    typer.Option("--recommender", help="A recommender to compare; repeatable.", autocompletion=recommenders),
]
Metrics = Annotated[list[str] | None, typer.Option("--metric", help="A metric, such as ndcg@20; repeatable.")]
Runs = Annotated[list[str], typer.Argument(help="Run or world directories.", autocompletion=runs)]
