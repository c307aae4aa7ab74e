"""A profile: what a real shop's figures are, and the model values that come near them.

`[model.<section>]` overrides scenario defaults; `[targets.<statistic>]` holds figures to be reached, each with its
source and its kind of evidence. The statistics and the names of their values are those of `recsim.fidelity`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from recsim.errors import BadInput
from recsim.registry import did_you_mean
from recsim.scenario.section import Section

Evidence = Literal["published", "notebook", "measured", "vendor", "assumed"]
"""By the owner of the data; by a notebook on all of it; by recsim or its study on a copy; a vendor; nobody."""


class Target(Section):
    """What one statistic should be."""

    values: Annotated[dict[str, float], Field(min_length=1)]
    source: str = Field(min_length=3, description="where the figures come from")
    evidence: Evidence
    least: int = Field(1, ge=1, description="counts below it are not in the statistic, as they are not in the source")
    most: int | None = Field(None, ge=1, description="counts above it are not in the statistic")
    window_days: int | None = Field(None, ge=1, description="days the figures cover; they hold for no other window")
    users_per_product: float | None = Field(None, gt=0, description="users seen a product seen the figures need")
    least_products: dict[str, int] = Field(
        {}, description="figures that a catalogue of fewer products can't show, and how many they need"
    )
    tolerance: float = Field(0.15, gt=0, le=1, description="largest relative error that passes")


class Ranking(Section):
    """How recommenders did on a real log, under the protocol of the certificate: recall@20 of every next view."""

    recall: Annotated[dict[str, float], Field(min_length=3)]
    source: str = Field(min_length=3, description="where the figures come from")
    evidence: Evidence


class LogCut(Section):
    """How the log of the figures was cut; a world goes through the same before it is held against them."""

    kinds: Annotated[tuple[Literal["view_product", "add_to_cart", "purchase"], ...], Field(min_length=1)]
    least_views: int = Field(1, ge=1, description="views of a session, at least")
    least_events: int = Field(1, ge=1, description="events of a product, at least")
    sessions_only: bool = Field(default=False, description="the log does not say which sessions are of one user")


class Profile(Section):
    """One profile file."""

    description: str = Field(min_length=3, description="one sentence")
    cut: dict[Literal["log"], LogCut] = Field({}, description="how the log of the figures was cut")
    model: dict[str, dict[str, Any]] = Field({}, description="scenario values by section")
    targets: dict[str, Target] = Field({}, description="figures by statistic")
    rankings: dict[str, Ranking] = Field({}, description="recommenders on real logs, by log")


def profile_files() -> dict[str, Path]:
    """The shipped profiles by name."""
    folder = Path(__file__).resolve().parent.parent / "profiles"
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def find_profile(reference: str) -> Path:
    """The file behind a name or a path; raises `BadInput`."""
    path = Path(reference)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if path.is_file():
            return path
        raise BadInput(f"profile file {path} does not exist; `recsim list profiles` shows the shipped ones.")
    known = profile_files()
    if reference not in known:
        raise BadInput(f'unknown profile "{reference}".{did_you_mean(reference, known)}')
    return known[reference]


def load_profile(reference: str) -> Profile:
    """The profile of a name or a path; raises `BadInput` with one line a problem."""
    path = find_profile(reference)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"profile file {path} can't be read: {error}.") from None
    try:
        return Profile.model_validate(tree)
    except ValidationError as error:
        problems = [(".".join(str(step) for step in item["loc"]), item["msg"]) for item in error.errors()]
    lines = "".join(f"\n  {place}: {message[0].lower()}{message[1:]}." for place, message in problems)
    raise BadInput(f"profile {path} can't be used:{lines}")
