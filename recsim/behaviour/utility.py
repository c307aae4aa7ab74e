"""The utility of products for many users on a day as one product of two matrices: what judges hold rankings against.

U(u, i) = κ v_u·θ_i + 0.3 q_i - β_u log(p_i / median price of i's category) + γ_u log w_i, all on that day: the taste
drifts, promotions move prices, novelty and drift move weights. A user is a row of weights, a product a row of traits;
the numbers are those the kernels draw by (`choice`). Nothing is read but the scenario, and no funnel is solved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import catalogue as catalogues
from recsim.behaviour import choice, people, rules, season
from recsim.behaviour.catalogue import (
    ABSENT,
    APPEAL,
    FIXED_SCALE,
    LANES,
    OUTAGE,
    PRICE,
    PRODUCT,
    WEIGHT,
    Catalogue,
    Traits,
)
from recsim.behaviour.kernel import kernel
from recsim.behaviour.opening import HABIT_WORDS
from recsim.behaviour.rules import DAY_MS, Rules
from recsim.behaviour.season import OUTAGE_UNIT_MS
from recsim.scenario import Scenario
from recsim.scenario.activity import registered


class Shelf(NamedTuple):
    """The products of a day in the order of their slots: `rows` float32 (m, d + 3), and `weight` float64 (m,) by which
    pages are drawn, 0 where a product is not sold that day."""

    catalogue: Catalogue
    rows: NDArray[np.float32]
    weight: NDArray[np.float64]

    def in_stock(self, from_ms: int, to_ms: int) -> NDArray[np.float32]:
        """The share of a part of the day at which each product is in stock: float32 (m,)."""
        outage = _fixed(self.catalogue, OUTAGE).astype(np.int64)
        begin, end = (outage & 255) * OUTAGE_UNIT_MS, ((outage >> 8) & 255) * OUTAGE_UNIT_MS
        missing = np.clip(np.minimum(end, to_ms) - np.maximum(begin, from_ms), 0, None)
        return np.asarray(1.0 - missing / max(to_ms - from_ms, 1), np.float32)

    @property
    def product(self) -> NDArray[np.int64]:
        """The product of each slot."""
        return self.catalogue.long[:, PRODUCT].astype(np.int64)


class People(NamedTuple):
    """n users on a day: `rows` float32 (n, d + 3), tenants (n,), whether each can be active that day (n,), preferred
    categories (n, k), slots of the habits (n, 4) with -1 for what is not sold that day."""

    rows: NDArray[np.float32]
    tenant: NDArray[np.int64]
    here: NDArray[np.bool_]
    interests: NDArray[np.int64]
    habits: NDArray[np.int64]


@kernel
def _people(rules, catalogue, scratch, matches, users, day, words, rows, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    dimensions = rows.shape[1] - 3
    kept = scratch.interests.shape[0]
    for i in range(users.shape[0]):
        tenant, _, _, _ = people.home_of(rules, users[i])
        people.taste_of(rules, users[i], day, scratch.taste)
        people.interests_of(rules, catalogue, users[i], tenant, scratch.taste, scratch.interests, matches)
        sensitivity, conformity = people.weights_of(rules, users[i])
        for d in range(dimensions):
            rows[i, d] = rules.taste_weight * catalogue.scale * np.float32(scratch.taste[d])
        rows[i, dimensions] = np.float32(1.0)
        rows[i, dimensions + 1] = sensitivity
        rows[i, dimensions + 2] = conformity
        arrives, leaves = people.life_of(rules, users[i])
        out[i, 0] = tenant
        out[i, 1] = np.int64(arrives <= day < leaves)
        for k in range(kept):
            out[i, 2 + k] = scratch.interests[k]
        for k in range(words.shape[0]):
            scratch.now[choice.HERE] = -1
            choice.habit_of(rules, catalogue, scratch, users[i], day, words[k])
            out[i, 2 + kept + k] = scratch.now[choice.HERE]


@dataclass(frozen=True)
class Judge:
    """The users and products of a scenario, asked day by day; the day asked for last is kept."""

    scenario: Scenario
    rules: Rules
    usual: Catalogue
    traits: Traits
    _kept: dict[int, Shelf] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, scenario: Scenario) -> Judge:
        usual, traits = catalogues.build(scenario)
        return cls(scenario, rules.build(scenario, registered(scenario.users)), usual, traits)

    def shelf(self, day: int) -> Shelf:
        """The products of a day of the world."""
        if day not in self._kept:
            self._kept.clear()
            self._kept[day] = _shelf(season.on(self.scenario, self.usual, self.traits, day), self.rules.dimensions)
        return self._kept[day]

    def people(self, users: NDArray[np.int64], day: int) -> People:
        """Some users on a day of the world."""
        rules, catalogue = self.rules, self.shelf(day).catalogue
        kept = len(rules.interest_under)
        scratch = choice.scratch(catalogue.mean.shape[1], kept, rules.sessions_max, rules.length_max)
        rows = np.empty((len(users), rules.dimensions + 3), np.float32)
        out = np.empty((len(users), 2 + kept + len(HABIT_WORDS)), np.int64)
        some, matches = np.ascontiguousarray(users, np.int64), np.empty(kept, np.int64)
        _people(rules, catalogue, scratch, matches, some, day, HABIT_WORDS, rows, out)
        return People(rows, out[:, 0], out[:, 1] > 0, out[:, 2 : 2 + kept], out[:, 2 + kept :])

    def utility(self, users: NDArray[np.int64], day: int) -> NDArray[np.float32]:
        """The utility of every product, by product id, for some users on a day: float32 (n, m)."""
        shelf = self.shelf(day)
        by_slot = self.people(users, day).rows @ shelf.rows.T
        by_id = np.empty_like(by_slot)
        by_id[:, shelf.product] = by_slot
        return by_id

    def sold(self, day: int) -> NDArray[np.bool_]:
        """Whether each product, by id, is in the catalogue of a day."""
        return np.asarray((self.traits.born <= day) & (day < self.traits.dies))


def _shelf(catalogue: Catalogue, dimensions: int) -> Shelf:
    fixed = [_fixed(catalogue, which) for which in (APPEAL, PRICE, WEIGHT)]
    sold = fixed[2] != ABSENT
    numbers = np.stack(fixed, axis=1).astype(np.float32) / np.float32(FIXED_SCALE)
    rows = np.hstack([catalogue.shelf[:, :dimensions].astype(np.float32), numbers])
    weight = np.where(sold, np.exp(fixed[2] / FIXED_SCALE), 0.0)
    return Shelf(catalogue, np.ascontiguousarray(rows), weight)


def _fixed(catalogue: Catalogue, which: int) -> NDArray[np.int16]:
    return catalogue.short[:, which - LANES // 2]


def day_parts(scenario: Scenario, begin_us: int, end_us: int, first_us: int) -> list[tuple[int, int, int]]:
    """The days of a world that a time overlaps, each with the ms from and until which; `first_us` is its midnight."""
    found = []
    for day in range(scenario.calendar.days):
        midnight = first_us + day * DAY_MS * 1000
        low = max((begin_us - midnight) // 1000, 0)
        high = min(-(-(end_us - midnight) // 1000), DAY_MS)
        if low < high:
            found.append((day, int(low), int(high)))
    return found
