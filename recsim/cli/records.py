"""`recsim records`: the wire records of one user, as the components exchange them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsim.cli import options
from recsim.cli.complete import runs
from recsim.cli.terminal import Terminal
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.runs import read_manifest
from recsim.scenario import load_scenario

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def records(
    world: options.World,
    user: Annotated[int, typer.Option(min=0, help="The user's number in the world.")],
    run: Annotated[
        Path | None,
        typer.Option(help="A replay of the world: its last model gives the embedding.", autocompletion=runs),
    ] = None,
    scenario: Annotated[str, typer.Option(help="Scenario whose [stream] settings are used.")] = "base",
) -> None:
    """Print the wire records of one user, as JSON."""
    settings = load_scenario(scenario).stream
    dataset = Dataset.open(world)
    if user >= dataset.users:
        raise BadInput(f"there is no user {user} in {dataset.path}; its users are 0 to {dataset.users - 1}.")
    with Terminal(json=True, quiet=True) as terminal:
        from recsim.replay.sample import sample_records

        embedding = None if run is None else _embedding(run, dataset, user)
        found = sample_records(dataset, settings, user, embedding=embedding)
        terminal.document({name: record.model_dump(mode="json") for name, record in found.items()})


def _embedding(run: Path, world: Dataset, user: int) -> NDArray[np.float32] | None:
    """The user's vector in the model that served last in a replay; None where none did."""
    from recsim.components.model_store import ModelStore

    manifest = read_manifest(run)
    if manifest.verb != "replay" or manifest.inputs.get("world") != world.manifest.identity:
        raise BadInput(f"{run} is not a replay of {world.path}; name one, or leave --run out.")
    store = ModelStore.open(run / "models")
    if store.serving is None:
        return None
    users, _ = store.vectors(store.serving.version)
    return users[user]
