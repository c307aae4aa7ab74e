"""Reading a scenario: find the file, follow `extends`, apply overrides, and report every problem at once.

Precedence, strongest first: `--seed`, `--set`, `RECSIM_*` variables, the file, what it extends, the profile, the
defaults.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from recsim.errors import BadInput
from recsim.registry import did_you_mean
from recsim.scenario.model import WORLD_SECTIONS, Scenario
from recsim.scenario.profile import load_profile

Tree = dict[str, Any]

FOLDERS = ("RECSIM_DATA_DIR", "RECSIM_REPORTS_DIR", "RECSIM_REAL_DATA")
"""Variables that name folders, not scenario values."""

TOP = ("RECSIM_SEED", "RECSIM_PROFILE")
"""Variables of the keys that stand in no section."""


DEFAULT_SIZE: Tree = {"users": {"count": 100_000}}
"""What is taken where nobody says how many users there are."""


def load_scenario(reference: str, *, sets: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """The validated scenario a name, a TOML file or a run's manifest stands for; raises `BadInput`."""
    path = find_scenario(reference)
    recorded = path.suffix == ".json"
    if recorded:
        tree = _from_manifest(path)
    else:
        tree = _read(path, ())
        tree.setdefault("name", path.stem)
    given: Tree = {}
    for one in (_from_environment(os.environ), *map(_from_set, sets)):
        given = _choose_size(merge(given, one), one)
    if recorded and given.get("profile", tree.get("profile")) != tree.get("profile"):
        raise BadInput(f"{path} records every value, so a profile changes nothing there; name the scenario instead.")
    tree = _choose_size(merge(tree, given), given)
    if not recorded:
        tree = _on_profile(tree)
    if seed is not None:
        tree["seed"] = seed
    return validate(tree, place=reference)


def find_scenario(reference: str) -> Path:
    """The file behind a name or a path."""
    path = Path(reference)
    if path.suffix in (".toml", ".json") or path.is_dir():
        candidate = path / "manifest.json" if path.is_dir() else path
        if candidate.is_file():
            return candidate
        raise BadInput(f"scenario file {candidate} does not exist; `recsim list scenarios` shows the known ones.")
    known = scenario_files()
    if reference not in known:
        raise BadInput(f'unknown scenario "{reference}".{did_you_mean(reference, known)}')
    return known[reference]


def scenario_files() -> dict[str, Path]:
    """Every scenario by name: the shipped ones, and those in ./scenarios, which win."""
    package = Path(__file__).resolve().parent.parent
    found: dict[str, Path] = {}
    for folder in (package / "_scenarios", package.parent / "scenarios", Path("scenarios")):
        if folder.is_dir():
            found |= {file.stem: file for file in sorted(folder.glob("*.toml"))}
    return found


def validate(tree: Tree, *, place: str) -> Scenario:
    """The scenario of a tree; raises `BadInput` with one line a problem."""
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        problems = [_problem(item) for item in error.errors()]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "".join(f"\n  {line}" for line in problems)
    raise BadInput(f"scenario {place} has {count}; mend the file or the --set and run again:{lines}")


def merge(lower: Tree, upper: Tree) -> Tree:
    """`upper` over `lower`: tables merge key by key, anything else replaces."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def _own(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"scenario file {path} is not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"scenario file {path} can't be read: {error}.") from None


def _read(path: Path, above: tuple[Path, ...]) -> Tree:
    path = path.resolve()
    if path in above:
        chain = " → ".join(step.name for step in (*above[above.index(path) :], path))
        raise BadInput(f"scenario {above[0].name} extends itself: {chain}; take one `extends` out.")
    tree = _own(path)
    parent = tree.pop("extends", None)
    if parent is None:
        return tree
    if not isinstance(parent, str):
        raise BadInput(f"scenario file {path}: extends must be one name in quotes, not {parent!r}.")
    beside = path.parent / f"{parent}.toml"
    lower = _read(beside if beside.is_file() else find_scenario(parent), (*above, path))
    lower.pop("name", None)
    lower.pop("description", None)
    return _choose_size(merge(lower, tree), tree)


def _on_profile(tree: Tree) -> Tree:
    """The tree over the model values of the profile it names, over the default number of users."""
    reference = tree.get("profile")
    model = load_profile(reference).model if isinstance(reference, str) else {}
    for section in sorted(set(model) - set(WORLD_SECTIONS)):
        known = [name for name in WORLD_SECTIONS if name != "seed"]
        raise BadInput(f"profile {reference}: [model.{section}] is no part of a world.{did_you_mean(section, known)}")
    model = _choose_size(merge(DEFAULT_SIZE, model), model)
    return _choose_size(merge(model, tree), tree)


def _choose_size(tree: Tree, own: Tree) -> Tree:
    """A scenario that names one of the two sizes of users takes the other, inherited, one out."""
    users, mine = tree.get("users"), own.get("users")
    if isinstance(users, dict) and isinstance(mine, dict):
        for chosen, other in (("count", "daily_active"), ("daily_active", "count")):
            if chosen in mine and other not in mine:
                users.pop(other, None)
    return tree


def _from_manifest(path: Path) -> Tree:
    try:
        tree: Tree = orjson.loads(path.read_bytes())["scenario"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise BadInput(
            f"{path} is not a recsim manifest; name a scenario or a world's or run's manifest.json."
        ) from None
    if not isinstance(tree, dict):
        raise BadInput(f"{path} belongs to an imported world, which has no scenario; name a scenario instead.")
    return tree


def _from_environment(variables: Mapping[str, str]) -> Tree:
    """`RECSIM_SEED=3`, `RECSIM_PROFILE=otto` and `RECSIM_USERS__COUNT=500`."""
    tree: Tree = {}
    for name in sorted(variables):
        if not name.startswith("RECSIM_") or name in FOLDERS:
            continue
        if name not in TOP and "__" not in name:
            raise BadInput(
                f"environment variable {name} says nothing recsim knows; a scenario value is set as "
                "RECSIM_USERS__COUNT (two underscores between section and key), the seed as RECSIM_SEED."
            )
        keys = name.removeprefix("RECSIM_").lower().split("__")
        tree = merge(tree, _nest(keys, _value(variables[name])))
    return tree


def _from_set(item: str) -> Tree:
    key, equals, text = item.partition("=")
    if not equals or not key.strip():
        raise BadInput(f'--set "{item}" is not key=value; write for example --set users.count=500.')
    return _nest(key.strip().split("."), _value(text.strip()))


def _nest(keys: Sequence[str], value: Any) -> Tree:  # noqa: ANN401 - any TOML value
    for key in reversed(keys):
        value = {key: value}
    return value


def _value(text: str) -> Any:  # noqa: ANN401 - any TOML value
    """A TOML value, or the text itself where it is none (so `--set name=x` needs no quotes)."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problem(error: ErrorDetails) -> str:
    place = ".".join(str(step) for step in error["loc"]) or "scenario"
    if error["type"] == "extra_forbidden":
        known = _fields_at(error["loc"][:-1])
        return f"{place}: unknown key.{did_you_mean(str(error['loc'][-1]), known)}"
    message = error["msg"].removeprefix("Value error, ")
    given = error.get("input")
    shown = f" (given: {given!r})" if not isinstance(given, dict | BaseModel) else ""
    return f"{place}: {message[0].lower()}{message[1:]}{shown}."


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Scenario
    for step in location:
        fields = getattr(model, "model_fields", {})
        if step not in fields:
            return []
        model = fields[step].annotation
        model = next((m for m in get_args(model) if hasattr(m, "model_fields")), model)
    return sorted(getattr(model, "model_fields", {}))
