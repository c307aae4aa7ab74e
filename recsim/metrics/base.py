"""What a metric is: a name that parses, a value a user (or one of the whole run), and a mean with its interval."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recsim.errors import BadInput
from recsim.metrics import METRICS
from recsim.metrics.context import Context
from recsim.metrics.judged import Judged
from recsim.registry import did_you_mean

DEEPEST = 10_000
"""The largest k a metric may ask for."""

_NAME = re.compile(r"(?P<family>[^@:]*)(?P<options>(?::[^@:]*)*)(?:@(?P<k>.*))?", re.DOTALL)

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Option:
    """A choice of a family that can stand in its name, `family:option=value@k`. `kind` is float or str."""

    default: float | str
    meaning: str
    low: float = -np.inf
    high: float = np.inf

    def read(self, text: str) -> float | str | None:
        """The value of a text, or None where it is none."""
        if isinstance(self.default, str):
            return text or None
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e-?[0-9]+)?", text):
            return None
        return float(text) if self.low <= float(text) <= self.high else None

    def allowed(self) -> str:
        return "a name" if isinstance(self.default, str) else f"a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Definition:
    """A family of metrics: `formula` in one line, `source`, and how it is computed.

    `per_user(judged, k, **options)` gives float64[n], one a user, NaN where a user has no value; or, in its place,
    `whole_run(judged, k, **options)` gives one number for all lists together. `whole_list` tells whether the name
    without `@k` has a meaning: the metric over the full list. `needs(options)` names what the context must hold
    (`Context.has`). `better` is the direction that is called an improvement. `least` and `most` bound the values.
    `looks_at_truth`: whether relevance enters at all.
    """

    formula: str
    per_user: Callable[..., NDArray[np.float64]] | None = None
    whole_run: Callable[..., float] | None = None
    whole_list: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)
    needs: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _: ()
    better: Better = "higher"
    least: float = 0.0
    most: float = 1.0
    source: str = ""
    looks_at_truth: bool = True


@dataclass(frozen=True)
class Metric:
    """`recall@20`: a family and a depth, with the options that differ from their default (`calibration:alpha=0.1@20`).

    `k` is None for the full depth of the list. `str()` is the name again.
    """

    family: str
    k: int | None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        words = "".join(f":{key}={value}" for key, value in self.options)
        return f"{self.family}{words}" if self.k is None else f"{self.family}{words}@{self.k}"

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> Definition:
        found: Definition = METRICS.load(self.family)
        return found

    @property
    def whole_run(self) -> bool:
        """Whether it has one value for all lists together and none a user."""
        return self.definition.whole_run is not None

    def arguments(self) -> dict[str, Any]:
        """All options of the family with their values."""
        known = self.definition.options
        given = {key: known[key].read(value) for key, value in self.options}
        return {key: option.default for key, option in known.items()} | given

    def check(self, context: Context | None) -> None:
        """Raises `BadInput` where the context lacks what the metric needs."""
        for need in self.definition.needs(self.arguments()):
            if context is None or not context.has(need):
                name, _, key = need.partition(".")
                known = sorted(getattr(context, name)) if key and context is not None else []
                hint = f' "{key}"; there are: {", ".join(known) or "none"}' if key else ""
                raise BadInput(f"metric {self.name} needs {name.replace('_', ' ')}{hint}, which this world lacks.")

    def per_user(self, judged: Judged) -> NDArray[np.float64]:
        """The metric of each user of `judged`: float64[n], NaN where it has none. The lists must be as deep as k."""
        compute = self.definition.per_user
        if compute is None:
            raise ValueError(f"{self.name} has one value a run and none a user")
        return compute(judged, self._depth(judged), **self.arguments())

    def of_run(self, judged: Judged) -> float:
        """The one value of a whole-run metric."""
        compute = self.definition.whole_run
        if compute is None:
            raise ValueError(f"{self.name} has a value a user")
        return float(compute(judged, self._depth(judged), **self.arguments()))

    def _depth(self, judged: Judged) -> int:
        k = judged.depth if self.k is None else self.k
        if k > judged.depth:
            raise ValueError(f"{self.name} needs lists of {k} places, these were judged to {judged.depth}")
        return k


@dataclass(frozen=True)
class Score:
    """The value of a metric over `users` users, its 95 % interval (None where there is none), and two values beside.

    `answered`: over the users who got a list. `warm`: with the relevant products left out that nobody had in training,
    None where there are none or the metric does not look at relevance.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    users: int
    answered: float | None = None
    warm: float | None = None


def parse(name: str) -> Metric:
    """The metric a name stands for; raises `BadInput` with a suggestion."""
    match = _NAME.fullmatch(name)
    assert match is not None, "the pattern takes any text"
    family, depth = match["family"], match["k"]
    definition: Definition = METRICS.load(family)
    options = _options(name, definition, match["options"])
    if depth is None:
        if not definition.whole_list:
            raise BadInput(f'metric "{name}" needs a depth; write for example {family}@20.')
        return Metric(family, None, options)
    if not re.fullmatch(r"[1-9][0-9]*", depth) or int(depth) > DEEPEST:
        raise BadInput(f'metric "{name}" has no valid depth: it is a whole number from 1 to {DEEPEST}, as {family}@20.')
    metric = Metric(family, int(depth), options)
    metric.definition.needs(metric.arguments())
    return metric


def _options(name: str, definition: Definition, text: str) -> tuple[tuple[str, str], ...]:
    """The options written in a name that differ from their default, in the order of the family."""
    found: dict[str, str] = {}
    for part in text.split(":")[1:]:
        key, equals, value = part.partition("=")
        if key not in definition.options:
            known = did_you_mean(key, definition.options) or " It has no options."
            raise BadInput(f'metric "{name}" has an unknown option "{key}".{known}')
        option = definition.options[key]
        read = option.read(value)
        if not equals or read is None or key in found:
            raise BadInput(f'metric "{name}": option {key} ({option.meaning}) takes {option.allowed()}, once.')
        found[key] = read if isinstance(read, str) else f"{read:g}"
        if read == option.default:
            found.pop(key)
    return tuple((key, found[key]) for key in definition.options if key in found)


def depth_of(metrics: Sequence[Metric]) -> int:
    """How long lists must be for all of these: the largest k, or 20 where none has one."""
    return max((metric.k for metric in metrics if metric.k is not None), default=20)
