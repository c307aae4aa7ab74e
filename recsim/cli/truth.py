"""`recsim truth`: what the formulas of a synthetic world say, without reading its tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from recsim.cli import options
from recsim.cli.complete import worlds_and_scenarios
from recsim.cli.terminal import Terminal
from recsim.errors import BadInput

_SHOWN = 20
"""Items of a list that a table shows."""


def truth(
    world: Annotated[
        str,
        typer.Argument(
            help="A world (its directory, or its name under data/), or a scenario of which nothing need be generated.",
            autocompletion=worlds_and_scenarios,
        ),
    ],
    user: Annotated[int | None, typer.Option(help="A user: traits, and whether an adversary.")] = None,
    product: Annotated[int | None, typer.Option(help="A product; with --user, the affinity and every chance.")] = None,
    at: Annotated[str | None, typer.Option(help="When, ISO; by default the first instant of the world.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, max=64, help="Products on a page; by default the scenario's.")
    ] = None,
    slate: Annotated[str | None, typer.Option(help="Products shown to the user, best place first: 7,12,3.")] = None,
    examination: Annotated[
        float,
        typer.Option(min=0.0, max=5.0, help="Position bias: the odds of rank k are multiplied by k^-examination."),
    ] = 1.0,
    query: Annotated[int | None, typer.Option(help="A query: what was meant, and the products it asks for.")] = None,
    event: Annotated[int | None, typer.Option(help="An event: when it really happened, and its fate.")] = None,
    sets: options.Set = None,
    seed: options.Seed = None,
    json: options.Json = False,
) -> None:
    """Ask a synthetic world for the truth: affinities, chances, intents, labels, clean times."""
    asked = _asked(user, product, slate, query, event)
    with Terminal(json=json, quiet=False) as terminal:
        from recsim.generate import answer, recall

        known, of = answer.open_world(world, sets=sets or [], seed=seed)
        terminal.hint(f"answered from the formulas of {of}")
        moment = answer.moment(known, at)
        found: dict[str, Any] = {"of": of, "day": known.label(moment[0]), "ms": moment[1]}
        if user is not None:
            found["user"] = answer.about_user(known, user, moment[0])
        if product is not None:
            found["product"] = answer.about_product(known, product)
        if user is not None and product is not None:
            found["choice"] = answer.about_choice(known, user, product, moment, size)
        if user is not None and slate is not None:
            found["slate"] = answer.about_slate(known, user, _numbers(slate), moment, examination)
        if query is not None:
            found["query"] = recall.query(known, query)
        if event is not None:
            found["event"] = recall.event(known, event)
        if json:
            terminal.document(found)
            return
        for part in asked:
            rows = found[part] if isinstance(found[part], list) else [found[part]]
            terminal.table(part, ["what", "truth"], [line for row in rows for line in _lines(row)])


def _asked(user: int | None, product: int | None, slate: str | None, query: int | None, event: int | None) -> list[str]:
    """The parts of the answer; raises `BadInput` where nothing is asked, or a slate of nobody."""
    if slate is not None and user is None:
        raise BadInput("--slate needs --user: a slate is chosen from by somebody.")
    given = {"user": user, "product": product, "slate": slate, "query": query, "event": event}
    parts = [name for name, value in given.items() if value is not None]
    if not parts:
        raise BadInput("nothing was asked; give --user, --product, --query or --event.")
    if user is not None and product is not None:
        parts.append("choice")
    return parts


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f'"{text}" is no slate; write product numbers with commas: --slate 7,12,3.') from None


def _lines(tree: dict[str, Any], prefix: str = "") -> list[list[str]]:
    lines: list[list[str]] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines += _lines(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, row in enumerate(value, start=1):
                lines += _lines(row, f"{prefix}{key}.{number}.")
        elif isinstance(value, list):
            shown = (" > " if key == "path" else ", ").join(str(item) for item in value[:_SHOWN])
            lines.append([prefix + key, shown + (" …" if len(value) > _SHOWN else "")])
        else:
            lines.append([prefix + key, "–" if value is None else str(value)])
    return lines
