"""`recsim records`: the wire records of one user, as the components exchange them."""

from __future__ import annotations

from typing import Annotated

import typer

from recsim.cli import options
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.scenario import load_scenario


def records(
    world: options.World,
    user: Annotated[int, typer.Option(min=0, help="The user's number in the world.")],
    scenario: Annotated[str, typer.Option(help="Scenario whose [stream] settings are used.")] = "base",
) -> None:
    """Print the wire records of one user, as JSON."""
    with Terminal(json=True, quiet=True) as terminal:
        from recsim.replay.sample import sample_records

        settings = load_scenario(scenario).stream
        found = sample_records(Dataset.open(world), settings, user)
        terminal.document({name: record.model_dump(mode="json") for name, record in found.items()})
