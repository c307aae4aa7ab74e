"""What a session opens with: the exact chance of its first product, habits and stock-outs included.

With probability h a session turns to a habit: one of four products a user comes back to in this period, in shares of a
half, a quarter and two eighths; a habit that is not sold today is passed over. Every other session picks a category
and takes a product from a listing of it. So

P(i) = Σ_k h p_k [habit k is sold] [habit k = i] + (1 - Σ_k h p_k [habit k is sold]) P(category of i) P(i | category),

where P(category) is the share of the user's interests plus a tenth by the demand of the day, and P(i | category) is
`judging.considered` with nothing in stock-out to be taken. A habit is looked at even while it is sold out; it cannot
be put into a cart then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import choice, judging, season
from recsim.behaviour.catalogue import ABSENT, LANES, OUTAGE, WEIGHT, Catalogue
from recsim.behaviour.judging import Person
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.behaviour.world import World

HABIT_SHARES = (0.5, 0.25, 0.125, 0.125)
"""How often each of the four habits is turned to, given that one is: see `choice.habit_of`."""

HABIT_WORDS = np.array([0, 1, 3, 7], np.uint32)
"""Random words at which `habit_of` turns to the first, second, third and fourth habit."""


@kernel
def _habits(rules, catalogue, scratch, user, day, words, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for k in range(out.shape[0]):
        scratch.now[choice.HERE] = -1
        choice.habit_of(rules, catalogue, scratch, user, day, words[k])
        out[k] = scratch.now[choice.HERE]


@dataclass(frozen=True)
class Opening:
    """How the sessions of a user open on a day.

    `habits` (4,) the slots of his habits, -1 where one is not sold today, and `shares` (4,) the shares of sessions that
    open with each because it is one; `categories` (C,) the shares of the others by category.
    """

    habits: NDArray[np.int64]
    shares: NDArray[np.float64]
    categories: NDArray[np.float64]

    @property
    def listed(self) -> float:
        """The share of sessions that open with a listing."""
        return 1.0 - float(self.shares.sum())

    def by_habit(self, slots: NDArray[np.int64]) -> NDArray[np.float64]:
        """The share of sessions that open with each slot because it is a habit."""
        return np.asarray(((slots[:, None] == self.habits) * self.shares).sum(axis=1))


def opening(world: World, user: int, day: int) -> Opening:
    """How the sessions of a user open on a day of the world."""
    rules, catalogue = world.rules, judging.catalogue_on(world, day)
    who = judging.person(rules, catalogue, user, day)
    slots = habits_of(rules, catalogue, who, user, day)
    share = rules.habit_below / 2.0**16
    return Opening(slots, np.where(slots >= 0, share * np.array(HABIT_SHARES), 0.0), _categories(world, who, day))


def habits_of(rules: Rules, catalogue: Catalogue, who: Person, user: int, day: int) -> NDArray[np.int64]:
    """The slots a user comes back to, the most usual first; -1 where one is not sold on the day."""
    scratch = choice.scratch(len(who.taste), len(who.interests), rules.sessions_max, rules.length_max)
    scratch.taste[:], scratch.interests[:] = who.taste, who.interests
    out = np.empty(len(HABIT_SHARES), np.int64)
    _habits(rules, catalogue, scratch, user, day, HABIT_WORDS, out)
    return out


def _categories(world: World, who: Person, day: int) -> NDArray[np.float64]:
    """The share of listings by category: interests, and a rest by the day's demand inside the tenant."""
    shelf = world.catalogue.tenant_start
    mine = slice(shelf[who.tenant], shelf[who.tenant + 1])
    demand = season.demand_on(world.scenario, world.traits.demand, day)
    shares = np.diff(world.rules.interest_under, prepend=0) / 2.0**32
    found = np.zeros(len(demand))
    found[mine] = (1.0 - shares.sum()) * demand[mine] / demand[mine].sum()
    np.add.at(found, who.interests, shares)
    return found


def listed_chance(world: World, user: int, category: int, day: int, ms: int, size: int) -> NDArray[np.float64]:
    """P(i | category) of each slot of a category for the first listing of a session: `size` products, at a time."""
    catalogue = judging.catalogue_on(world, day)
    slots, weight = judging.category_slots(world, day, category)
    found = judging.terms(world.rules, catalogue, np.full(len(slots), user, np.int64), slots, day)
    odds = np.exp(np.clip(found.utility, -40.0, 40.0)) * on_sale(catalogue, slots, ms)
    return judging.considered(
        odds,
        weight,
        catalogue.niche_at[slots].astype(np.int64),
        world.rules.examined[:size].astype(np.float64),
        min(world.rules.page_niches, size),
    )


def is_sold(catalogue: Catalogue, slots: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether slots are in the catalogue of the day."""
    return np.asarray(catalogue.short[slots, WEIGHT - LANES // 2] != ABSENT)


def on_sale(catalogue: Catalogue, slots: NDArray[np.int64], ms: int) -> NDArray[np.bool_]:
    """Whether slots are in the catalogue of the day and in stock at a time of it."""
    outage = catalogue.short[slots, OUTAGE - LANES // 2].astype(np.int64)
    unit = ms // season.OUTAGE_UNIT_MS
    return np.asarray(is_sold(catalogue, slots) & ~(((outage & 255) <= unit) & (unit < ((outage >> 8) & 255))))
