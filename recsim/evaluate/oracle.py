"""The best ranking there is in a synthetic world: by how often the generator makes the user look at the product.

The oracle knows all but the dice. At the instant of the split it knows the model and its numbers for every moment of
the period that is judged: each user's taste, interests, habits and weights on each of its days, whether he can be there
at all, and each product's popularity, price, promotion, entry, retirement and stock. It does not know what is drawn:
who comes, which category a session opens, what a page shows, what is taken. From what happened before the split nothing
more can be learned, for sessions share nothing but that.

Expected views x of a product in a session, on one day (a second look in the same session counts too):

- A session opens with a habit (h_k), or with a listing of a category (share s_c: interests, a tenth by demand).
- A listing shows M products, of `niches_per_page` niches in turn, and one is taken by its odds e^U: by the quadrature
  of `behaviour.pages` in the categories that a user turns to in a hundredth of his listings or more; in the others with
  p_i M e^U(i) / (e^U(i) + rivals), made to sum to 1, the rivals put at their mean, of i's niche and of its category.
- Of E further views the scenario's shares go to what was seen before (nothing new), to a page of the niche in view, to
  a page of a complement of it, the rest to listings; open pages are taken from again. A page of a niche takes as a
  listing does, inside the niche, without the product in view. So niches are visited z = listed + habits + E (similar +
  complement · C) z / |z|, by iteration.

Stock is the share of the period at which a product has some. Days count by their traffic and by how much of them is
judged. A period of more than `MOST_DAYS` days is known by as many of them, evenly spaced. Where views are no signal, x
is weighted by e^desire for each step of the funnel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsim.behaviour import pages, season
from recsim.behaviour.choice import CART_PRICE, CART_TASTE, PURCHASE_SHARE
from recsim.behaviour.opening import HABIT_SHARES
from recsim.behaviour.rules import DAY_MS, session_length
from recsim.behaviour.utility import Judge, People, Shelf, day_parts
from recsim.behaviour.world import GENERATOR
from recsim.clock import day_start_us
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.recommenders.base import Slates
from recsim.recommenders.topk import Selection, one_thread
from recsim.scenario import Scenario
from recsim.scenario.world import Behaviour

MOST_DAYS = 8
USERS_PER_BLOCK = 64
_ROUNDS = 3
"""Rounds of visits from niche to niche; a fourth changes no rank that a list shows."""


class Period(NamedTuple):
    """What is judged: from and before which instant, µs since 1970; None is the begin or the end of the world."""

    begin_us: int | None = None
    end_us: int | None = None


class Part(NamedTuple):
    """A part of a day of the world, and its weight among those of a period."""

    day: int
    from_ms: int
    to_ms: int
    weight: float


class Steps(NamedTuple):
    """Expected steps of a session: listings, pages of near-substitutes and of complements, and how often a product is
    taken from each page that is opened."""

    listings: float
    similar: float
    complement: float
    taken: float


@dataclass(frozen=True)
class Truth:
    """The formulas of a world, and what they say of a period. `bought` weighs views by e^(bought · desire): 0 where
    a view is a signal, 1 where a cart is the first one, 1.5 where a purchase is."""

    judge: Judge
    steps: Steps
    bought: float = 0.0

    def likelihood(self, users: NDArray[np.int64], parts: list[Part]) -> NDArray[np.float32]:
        """How often each user is expected to look at each product, by product id, up to a factor of his own:
        float32 (users, products)."""
        found = np.zeros((len(users), len(self.judge.usual.shelf)), np.float32)
        for part in parts:
            views, here = self.views(users, part)
            found += np.float32(part.weight) * here[:, None] * views
        return found

    def parts(self, period: Period) -> list[Part]:
        """The days of a period, at most `MOST_DAYS`."""
        scenario = self.judge.scenario
        first = day_start_us(scenario.calendar.first_day, 0)
        last = first + scenario.calendar.days * DAY_MS * 1000
        begin = first if period.begin_us is None else period.begin_us
        parts = day_parts(scenario, begin, last if period.end_us is None else period.end_us, first)
        chosen = np.unique(np.linspace(0, len(parts) - 1, min(len(parts), MOST_DAYS)).round().astype(int))
        shares = self.judge.rules.day_share
        return [
            Part(day, low, high, float(shares[day]) * (high - low) / DAY_MS)
            for day, low, high in (parts[k] for k in chosen)
        ]

    def views(self, users: NDArray[np.int64], part: Part) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Expected views of each product, by product id, in a session of each user in a part of a day, and whether he
        can have any."""
        shelf = self.judge.shelf(part.day)
        who = self.judge.people(users, part.day)
        appeal = who.rows @ shelf.rows.T
        appeal -= appeal.max(axis=1, keepdims=True)
        np.exp(appeal, out=appeal)
        appeal *= shelf.in_stock(part.from_ms, part.to_ms)
        found = _visits(self.judge, self.steps, shelf, who, appeal, part.day)
        if self.bought:
            found *= np.exp(np.float32(self.bought) * desires(shelf, who, self.judge))
        by_id = np.empty_like(found)
        by_id[:, shelf.product] = found
        return by_id, who.here


def _visits(
    judge: Judge, steps: Steps, shelf: Shelf, who: People, odds: NDArray[np.float32], day: int
) -> NDArray[np.float32]:
    """Expected views of each slot, from the odds of each user."""
    catalogue, behaviour = shelf.catalogue, judge.scenario.behaviour
    niche, category = catalogue.niche[:-1], catalogue.niche[catalogue.start[:-1]]
    inside, listed = _shares(shelf.weight, niche), _shares(shelf.weight, category)
    places = _places(behaviour)
    of_niche = np.add.reduceat(odds * inside, niche, axis=1)
    of_category = np.add.reduceat(odds * listed, category, axis=1)
    beside = _spread(of_niche, niche, odds.shape[1])
    own = places / behaviour.niches_per_page
    rivals = (own - 1) * beside + (places - own) * _spread(of_category, category, odds.shape[1])
    listing = _normal(odds * listed / np.maximum(odds + rivals, _TINY), category)
    page = _normal(odds * inside / np.maximum(odds + (places - 1) * beside, _TINY), niche)
    habits, habit = _habits(behaviour, who, odds.shape)
    opened = _categories(judge, who, day)
    drawn = np.add.reduceat(listed, niche)
    kept = catalogue.niche, catalogue.start, inside, drawn
    pages.fill(odds, opened >= _OFTEN, kept, (places, behaviour.niches_per_page), listing, page)
    found = _spread(opened, category, odds.shape[1]) * listing
    found *= np.float32(steps.taken) * (np.float32(steps.listings) + (1.0 - habit[:, None]))
    found += habits
    visits = np.add.reduceat(found, niche, axis=1)
    further = _further(visits, steps, catalogue.complement)
    return np.asarray(found + _spread(further, niche, odds.shape[1]) * _other(page, found, niche), np.float32)


def _other(page: NDArray[np.float32], visits: NDArray[np.float32], niche: NDArray[np.int64]) -> NDArray[np.float32]:
    """What is taken from a page of the niche of the product in view, which is not offered again: p_i / (1 - p_h) over
    the products h in view by their visits."""
    inside = visits / np.maximum(_spread(np.add.reduceat(visits, niche, axis=1), niche, visits.shape[1]), _TINY)
    left = inside / np.maximum(1.0 - page, np.float32(0.05))
    return _normal(page * (_spread(np.add.reduceat(left, niche, axis=1), niche, visits.shape[1]) - left), niche)


_OFTEN = np.float32(0.01)
"""The share of listings from which on what is taken from a category is found by quadrature instead of mean rivals."""

_TINY = np.finfo(np.float32).tiny


def _further(visits: NDArray[np.float32], steps: Steps, complement: NDArray[np.int64]) -> NDArray[np.float32]:
    """Products taken from pages of each niche, (users, niches), from the visits that listings and habits make."""
    complements = csr_matrix(
        (np.full(complement.size, 1.0 / complement.shape[1], np.float32), complement.ravel(),
         np.arange(0, complement.size + 1, complement.shape[1])),
        shape=(len(complement), len(complement)),
    )  # fmt: skip
    more = np.zeros_like(visits)
    for _ in range(_ROUNDS):
        here = visits + more
        here /= np.maximum(here.sum(axis=1, keepdims=True), _TINY)
        more = np.float32(steps.taken * steps.similar) * here
        more += np.float32(steps.taken * steps.complement) * (complements.T @ here.T).T
    return more


def _habits(
    behaviour: Behaviour, who: People, shape: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The share of sessions that open with each slot from habit, and with any."""
    found = np.zeros(shape, np.float32)
    users = np.arange(len(found))
    for k, share in enumerate(HABIT_SHARES):
        known = who.habits[:, k] >= 0
        found[users[known], who.habits[known, k]] += np.float32(behaviour.habit_share * share)
    return found, found.sum(axis=1)


def _categories(judge: Judge, who: People, day: int) -> NDArray[np.float32]:
    """The share of listings of each user by category: interests, and a rest by demand inside his tenant."""
    demand = season.demand_on(judge.scenario, judge.traits.demand, day)
    tenants = judge.usual.tenant_start
    by_tenant = np.zeros((len(tenants) - 1, len(demand)))
    for tenant in range(len(by_tenant)):
        mine = slice(tenants[tenant], tenants[tenant + 1])
        by_tenant[tenant, mine] = demand[mine] / demand[mine].sum()
    shares = np.diff(judge.rules.interest_under, prepend=0) / 2.0**32
    found = (1.0 - shares.sum()) * by_tenant[who.tenant]
    users = np.arange(len(found))
    for rank, share in enumerate(shares):
        found[users, who.interests[:, rank]] += share
    return found.astype(np.float32)


def _places(behaviour: Behaviour) -> float:
    """How many equally examined places a page is worth: (Σ e)² / Σ e²."""
    examined = np.arange(1.0, behaviour.consideration + 1) ** -behaviour.position_bias
    return float(examined.sum() ** 2 / (examined**2).sum())


def _shares(weight: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each weight over the sum of its segment."""
    sums = np.maximum(np.add.reduceat(weight, starts), 1e-300)
    return (weight / np.repeat(sums, np.diff(np.append(starts, len(weight))))).astype(np.float32)


def _spread(values: NDArray[np.float32], starts: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    """The value of each segment at all of its members."""
    return np.repeat(values, np.diff(np.append(starts, size)), axis=1)


def _normal(chance: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Chances that sum to 1 in each segment."""
    chance = np.asarray(chance, np.float32)
    sums = np.maximum(np.add.reduceat(chance, starts, axis=1), _TINY)
    chance /= _spread(sums, starts, chance.shape[1])
    return chance


def steps_of(behaviour: Behaviour) -> Steps:
    """The expected steps of a session."""
    further = float(np.floor(session_length(behaviour)[1]).mean()) - 1.0
    similar, complement = further * behaviour.similar_share, further * behaviour.complement_share
    known = behaviour.review_view_share + behaviour.page_share + behaviour.similar_share + behaviour.complement_share
    listings = further * max(1.0 - known, 0.0)
    return Steps(
        listings, similar, complement, 1.0 + further * behaviour.page_share / (1.0 + listings + similar + complement)
    )


def desires(shelf: Shelf, who: People, judge: Judge) -> NDArray[np.float32]:
    """What drives carts and purchases, of each user and slot: `choice.desire`."""
    ways = shelf.rows.shape[1] - 3
    rows = who.rows.copy()
    rows[:, :ways] *= CART_TASTE / judge.rules.taste_weight if judge.rules.taste_weight else 0.0
    rows[:, ways : ways + 3] = (1.0, CART_PRICE, 0.0)
    return np.asarray(rows @ shelf.rows.T)


def read_truth(world: Dataset, signals: Mapping[str, float]) -> Truth | None:
    """The truth of a synthetic world about products with any of the `signals`; None where nobody knows it.

    Raises `BadInput` where a world was made by another version.
    """
    if not world.synthetic or world.manifest.scenario is None:
        return None
    if world.manifest.facts.get("generator") != GENERATOR:
        raise BadInput(
            f"{world.path} was made by another version ({world.manifest.facts.get('generator')}; this one knows the "
            f"truth of {GENERATOR}); make the world again with --force, or leave the oracle out with --no-oracle."
        )
    scenario = Scenario.model_validate(world.manifest.scenario)
    bought = next((weight for name, weight in _DESIRED.items() if signals.get(name, 0.0) > 0), 0.0)
    return Truth(Judge.of(scenario), steps_of(scenario.behaviour), bought)


_DESIRED = {"view_product": 0.0, "add_to_cart": 1.0, "purchase": 1.0 + float(PURCHASE_SHARE)}
"""How much desire it takes, by the first step of the funnel that counts; a review comes after a purchase."""


def rank_by_truth(
    truth: Truth, users: NDArray[np.int64], k: int, parts: list[Part], *, seen: csr_matrix | None
) -> Slates:
    """The k likeliest products of each user in parts of days, ranked and masked as any recommender's."""
    selection = Selection(users, k, seen=seen)
    with one_thread():
        for row in range(0, len(users), USERS_PER_BLOCK):
            selection.offer(truth.likelihood(users[row : row + USERS_PER_BLOCK], parts), first_row=row)
    return selection.slates()
