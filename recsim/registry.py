"""Tables of things a user names: explicit, lazy, and helpful when the name is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from recsim.errors import BadInput


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean "popular"?`, or the known names where none is close, or the nothing of an empty table."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f' Did you mean "{close[0]}"?'
    return f" Known: {', '.join(names)}." if names else ""


@dataclass(frozen=True)
class Registry:
    """Names to `"module:attribute"` targets, imported only when asked for.

    `kind` is the noun in the error sentence ("recommender", "metric").
    """

    kind: str
    targets: Mapping[str, str]

    def names(self) -> list[str]:
        return sorted(self.targets)

    def __contains__(self, name: object) -> bool:
        return name in self.targets

    def load(self, name: str) -> Any:  # noqa: ANN401 - what a table holds is the caller's business
        """The thing behind a name; raises `BadInput` with a suggestion when there is none."""
        if name not in self.targets:
            raise BadInput(f'unknown {self.kind} "{name}".{did_you_mean(name, self.targets)}')
        module, attribute = self.targets[name].split(":")
        return getattr(import_module(module), attribute)
