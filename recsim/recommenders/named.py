"""Recommenders by name and options, as typed on a command line: `item-knn(neighbours=100,similarity=cosine)`.

The options of a recommender are the keyword arguments of its constructor; their annotations say what they take. A
printed name parses back to the same recommender, so it can stand in a command, a result or a manifest.
"""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from recsim.errors import BadInput
from recsim.recommenders import RECOMMENDERS
from recsim.recommenders.base import Cost, Recommender, Within
from recsim.registry import did_you_mean

Value = bool | int | float | str | None
Load = Callable[[str], Any]


@dataclass(frozen=True)
class Option:
    """What an option takes: `kind` is bool, int, float or str; `words` those allowed of a str, or none for any."""

    name: str
    kind: type
    default: Value
    words: tuple[str, ...] = ()
    within: Within | None = None
    nullable: bool = False

    def read(self, text: str, owner: str) -> Value:
        """The value a user wrote; raises `BadInput`."""
        if self.nullable and text == "none":
            return None
        if self.words and text not in self.words:
            raise BadInput(f'{owner}: {self.name} has no choice "{text}".{did_you_mean(text, self.words)}')
        value = _value(self.kind, text)
        if value is None:
            raise BadInput(
                f"{owner}: {self.name}={text} is not {_NOUNS[self.kind]}; the default is {show(self.default)}."
            )
        if self.within and not self.within.low <= float(value) <= self.within.high:
            raise BadInput(f"{owner}: {self.name}={text} is not {_bounds(self.within)}.")
        return value


@dataclass(frozen=True)
class Named:
    """A recommender as named: `options` are those given, in the constructor's order. `str()` parses back."""

    name: str
    options: tuple[tuple[str, Value], ...]
    maker: Any

    def __str__(self) -> str:
        inside = ",".join(f"{name}={show(value)}" for name, value in self.options)
        return f"{self.name}({inside})" if inside else self.name

    def build(self) -> Recommender:
        """A new recommender, not fitted; raises `BadInput` where options don't go together."""
        made: Recommender = self.maker(**dict(self.options))
        return made

    def cost(self, users: int, products: int, pairs: int) -> Cost:
        """What this one, with these options, is expected to take."""
        return self.build().cost(users, products, pairs)


def parse(text: str, *, load: Load = RECOMMENDERS.load) -> Named:
    """The recommender a user named; raises `BadInput` for an unknown name, option or value.

    `load` finds the class behind the name: by default in the table of recommenders.
    """
    name, inside = _split(text)
    maker = load(name)
    known = options_of(maker)
    given: dict[str, Value] = {}
    for word in inside:
        option, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not option or not value:
            raise BadInput(f'{name}: "{word}" is not an option; write {name}({_example(known)}).')
        if option not in known:
            raise BadInput(f'recommender "{name}" has no option "{option}".{did_you_mean(option, known)}')
        if option in given:
            raise BadInput(f'recommender "{text}" gives {option} twice; keep one.')
        given[option] = known[option].read(value, name)
    named = Named(name, tuple((option, given[option]) for option in known if option in given), maker)
    named.build()
    return named


def options_of(maker: Any) -> dict[str, Option]:  # noqa: ANN401 - any class, also a user's own
    """What the constructor of a recommender takes by keyword."""
    if maker.__init__ is object.__init__:
        return {}
    hints = get_type_hints(maker.__init__, include_extras=True)
    arguments = list(inspect.signature(maker.__init__).parameters.values())[1:]
    named = [argument for argument in arguments if argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL)]
    return {argument.name: _option(argument, hints.get(argument.name, Any)) for argument in named}


def show(value: Value) -> str:
    """A value as it is written in a name."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def split_list(text: str) -> list[str]:
    """Names at the commas outside brackets: `popular,als(factors=8,alpha=1)` is two."""
    names, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            names.append(text[start:place].strip())
            start = place + 1
    return [name for name in [*names, text[start:].strip()] if name]


def _split(text: str) -> tuple[str, list[str]]:
    name, bracket, rest = text.strip().partition("(")
    if not bracket:
        return name.strip(), []
    if not rest.endswith(")") or "(" in rest or ")" in rest[:-1]:
        raise BadInput(f'recommender "{text}" is not closed by one bracket; write name(option=value,option=value).')
    words = [word.strip() for word in rest[:-1].split(",")]
    return name.strip(), words if words != [""] else []


def _option(argument: inspect.Parameter, hint: Any) -> Option:  # noqa: ANN401 - an annotation is any object
    default = None if argument.default is argument.empty else argument.default
    within = None
    nullable = False
    if get_origin(hint) in (Union, types.UnionType):
        nullable = type(None) in get_args(hint)
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is Annotated:
        within = next((mark for mark in get_args(hint)[1:] if isinstance(mark, Within)), None)
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        return Option(argument.name, str, default, words=get_args(hint), nullable=nullable)
    kind = hint if hint in _NOUNS else (type(default) if type(default) in _NOUNS else str)
    return Option(argument.name, kind, default, within=within, nullable=nullable)


def _value(kind: type, text: str) -> bool | int | float | str | None:
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    if kind is str:
        return text
    try:
        value = kind(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _bounds(within: Within) -> str:
    if math.isinf(within.high):
        return f"{within.low:g} or more"
    return f"between {within.low:g} and {within.high:g}"


def _example(known: Mapping[str, Option]) -> str:
    return ",".join(f"{option.name}={show(option.default)}" for option in known.values()) or "no options"


_NOUNS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
