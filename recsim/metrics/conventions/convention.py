"""A tool's way of measuring: its order, its denominators, its formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recsim.errors import BadInput
from recsim.metrics.conventions.lists import Run

Arranged = Any
"""A tool's view of a run: `Lists`, or what a tool needs beyond them."""

NOTION = {
    "basket_recall": "recall",
    "hits": "hit",
    "map_min": "map",
    "phr": "hit",
    "recall_cap": "recall",
    "session_mrr": "mrr",
    "session_precision": "hit",
}
"""What one of our names is called elsewhere, where several of ours stand for one notion."""


@dataclass(frozen=True)
class Convention:
    """How `tool` of `version` measures, read in its source.

    `arrange` puts a run into the tool's order; `formulas` gives a family's value over all users; `notes` says in one
    sentence what is peculiar, "*" being what holds for all its metrics. `differs_by` names metrics with an own order.
    """

    tool: str
    version: str
    arrange: Callable[[Run], Arranged]
    formulas: Mapping[str, Callable[[Arranged, int], float]]
    notes: Mapping[str, str]
    differs_by: Mapping[str, Callable[[Run], Arranged]] = field(default_factory=dict)

    def value(self, family: str, run: Run, k: int) -> float:
        """What the tool prints for `family` (ndcg, recall, precision, map, mrr, hit) at k.

        NaN where it prints none: see `why`. Raises `BadInput` for a metric the tool does not have.
        """
        notion = self._notion(family)
        if notion not in self.formulas:
            have = ", ".join(sorted(self.formulas))
            raise BadInput(f'{self.tool} {self.version} has no metric like "{family}"; it has {have}.')
        return self.formulas[notion](self.differs_by.get(notion, self.arrange)(run), k)

    def has(self, family: str) -> bool:
        """Whether the tool has a metric of that notion."""
        return self._notion(family) in self.formulas

    def why(self, family: str) -> str:
        """What is peculiar about the tool's figure, in one or two sentences; empty where nothing is."""
        notion = self._notion(family)
        return " ".join(self.notes[key] for key in (notion, "*") if key in self.notes)

    def _notion(self, family: str) -> str:
        return family if family in self.formulas else NOTION.get(family, family)
