"""What must hold at the end of a replay, whatever the scenario; each with what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.components.catalogue import Catalogue
from recsim.components.model_store import Model
from recsim.components.quota import Rate
from recsim.replay.requests import ROUTES
from recsim.replay.served import Made, Served

REFUSED_BY_QUOTA = "over-quota"
_NEVER = 2**62


def invariant(name: str, violations: int, checked: str) -> dict[str, Any]:
    """One row: it holds when nothing violates it."""
    detail = checked if not violations else f"{violations:,} violations; {checked}"
    return {"name": name, "holds": violations == 0, "detail": detail}


@dataclass
class Audit:
    """Collects what the checks need while the days pass, in memory proportional to the sampled users' events."""

    catalogue: Catalogue
    rate: Rate
    planned: int = 0
    answered: int = 0
    requests: int = 0
    shown: int = 0
    unknown_products: int = 0
    lost_documents: int = 0
    foreign_products: int = 0
    bad_propensities: int = 0
    early_models: int = 0
    future_features: int = 0
    features_checked: int = 0
    _first_seen: dict[tuple[int, int], int] = field(default_factory=dict)
    _admitted: dict[tuple[str, int, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    def take(self, served: Served, planned: int, as_of: pa.Table, models: Sequence[Model]) -> None:
        """Check a day."""
        self.planned += planned
        self._features(as_of)
        promoted = {model.version: model.promoted_us for model in models}
        for one in served.made:
            self.requests += 1
            self.answered += bool(one.outcome) and one.status > 0
            if one.outcome != REFUSED_BY_QUOTA:
                self._admitted[one.tenant, one.user, ROUTES[one.surface]].append(one.at_us)
            self._slate(one, promoted)

    def _slate(self, one: Made, promoted: Mapping[int, int | None]) -> None:
        slate = one.slate
        if slate is None:
            return
        known = (slate.products >= 0) & (slate.products < len(self.catalogue))
        self.shown += len(slate.products)
        self.unknown_products += int((~known).sum())
        self.lost_documents += max(0, len(slate.products) - one.results)
        self.foreign_products += int((~self.catalogue.of_tenant(one.tenant, slate.products[known])).sum())
        self.bad_propensities += int((~((slate.propensities > 0) & (slate.propensities <= 1))).sum())
        if slate.model:
            since = promoted.get(slate.model)
            self.early_models += int(since is None or since > one.at_us)

    def _features(self, as_of: pa.Table) -> None:
        """A recently viewed product must stem from an event of the user no later than the row that names it."""
        users = as_of["user_id"].to_pylist()
        at_us = pc.cast(as_of["event_timestamp"], pa.int64()).to_pylist()
        for user, product, instant in zip(users, as_of["product_id"].to_pylist(), at_us, strict=True):
            if product is not None:
                self._first_seen.setdefault((user, product), instant)
        lists = as_of["recently_viewed"].combine_chunks()
        row = pc.list_parent_indices(lists).to_numpy()
        products = pc.list_flatten(lists).to_numpy()
        for place, product in zip(row.tolist(), products.tolist(), strict=True):
            self.features_checked += 1
            self.future_features += self._first_seen.get((users[place], product), _NEVER) > at_us[place]

    def invariants(self, counts: Mapping[str, int]) -> list[dict[str, Any]]:
        """The verdicts, in a fixed order."""
        accounted = counts["kept"] + counts["duplicates"] + counts["refused"]
        over = sum(over_rate(np.array(times, np.int64), self.rate) for times in self._admitted.values())
        keys = len(self._admitted)
        return [
            invariant(
                "every event is accounted for",
                abs(counts["read"] - accounted),
                f"{counts['read']:,} read = {counts['kept']:,} kept + {counts['duplicates']:,} duplicates "
                f"+ {counts['refused']:,} refused",
            ),
            invariant(
                "every request has an outcome",
                abs(self.planned - self.answered),
                f"{self.answered:,} of {self.planned:,} requests answered",
            ),
            invariant("every product served exists", self.unknown_products, f"{self.shown:,} products served"),
            invariant("every product served has its document", self.lost_documents, f"{self.shown:,} products served"),
            invariant(
                "no product of another tenant is served", self.foreign_products, f"{self.shown:,} products served"
            ),
            invariant("no user is admitted over quota", over, f"{keys:,} quotas of (tenant, user, route)"),
            invariant(
                "every propensity is above 0 and at most 1", self.bad_propensities, f"{self.shown:,} impressions"
            ),
            invariant("a model serves only after its promotion", self.early_models, f"{self.requests:,} requests"),
            invariant(
                "no feature comes from the future", self.future_features, f"{self.features_checked:,} recent views"
            ),
        ]


def over_rate(admitted_us: NDArray[np.int64], rate: Rate) -> int:
    """How many admitted requests break the rate: some window that ends with them holds more than it lets through.

    Checked on the instants alone, apart from the code that admitted them: with request number j at t_j, a window from
    i to j holds j - i + 1 requests and may hold burst + (t_j - t_i) / interval.
    """
    if not len(admitted_us):
        return 0
    times = np.sort(admitted_us)
    level = np.arange(len(times)) - (times - times[0]) / rate.interval_us
    excess = level + 1 - np.minimum.accumulate(level) - rate.burst
    return int((excess > 1e-6).sum())
