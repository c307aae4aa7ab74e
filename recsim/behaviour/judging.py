"""What the model says of a user, a product and a moment: utility, and the probabilities of what he does.

The numbers are those the generator draws by, in the same precision; nothing is read from a table and nothing is drawn
but the traits of the users asked about. `recsim truth` prints them; the closed loop of a replay lets users choose by
them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import choice, people
from recsim.behaviour.catalogue import ABSENT, APPEAL, FIXED_SCALE, LANES, PRICE, WEIGHT, Catalogue
from recsim.behaviour.choice import PURCHASE_SHARE, desire, fit_of
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.behaviour.world import World

_NODES = 96
"""Points of the quadrature over one consideration set; doubling them changes no probability by 1e-6."""


class Person(NamedTuple):
    """One user: codes of home, weights, the first day he can be active and the first he is gone for good, stored
    taste int16 (D,), preferred categories (best first)."""

    tenant: int
    region: int
    offset_minutes: int
    device: int
    sessions_per_day: float
    price_sensitivity: float
    conformity: float
    arrives: int
    leaves: int
    taste: NDArray[np.int16]
    interests: NDArray[np.int64]


class Terms(NamedTuple):
    """The utility of n products for users, in its terms (float64), and what drives cart and purchase."""

    affinity: NDArray[np.float64]
    taste: NDArray[np.float64]
    quality: NDArray[np.float64]
    price: NDArray[np.float64]
    popularity: NDArray[np.float64]
    desire: NDArray[np.float64]

    @property
    def utility(self) -> NDArray[np.float64]:
        return self.taste + self.quality + self.price + self.popularity


@kernel
def _person(rules, catalogue, user, day, taste, interests, matches, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tenant, region, offset, device = people.home_of(rules, user)
    people.taste_of(rules, user, day, taste)
    people.interests_of(rules, catalogue, user, tenant, taste, interests, matches)
    sensitivity, conformity = people.weights_of(rules, user)
    out[0], out[1], out[2], out[3] = tenant, region, offset, device
    out[4], out[5], out[6] = people.activity_of(rules, user), sensitivity, conformity
    out[7], out[8] = people.life_of(rules, user)


@kernel
def _terms(rules, catalogue, users, slots, day, taste, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    last = np.int64(-1)
    for i in range(users.shape[0]):
        if users[i] != last:
            last = users[i]
            people.taste_of(rules, last, day, taste)
        sensitivity, conformity = people.weights_of(rules, last)
        fit = fit_of(catalogue, taste, slots[i])
        out[i, 0] = fit
        out[i, 1] = rules.taste_weight * fit
        out[i, 2] = choice._fixed(catalogue, slots[i], APPEAL)
        out[i, 3] = sensitivity * choice._fixed(catalogue, slots[i], PRICE)
        out[i, 4] = conformity * choice._fixed(catalogue, slots[i], WEIGHT)
        out[i, 5] = desire(catalogue, slots[i], fit)


def catalogue_on(world: World, day: int) -> Catalogue:
    """The catalogue of a day of the world."""
    assert 0 <= day < world.scenario.calendar.days
    return world.on(day)


def slots_of(catalogue: Catalogue, products: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where products stand."""
    return catalogue.slot[products]


def category_slots(world: World, day: int, category: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The slots of a category, and the weights by which a page is drawn from them: 0 for what is not sold that day."""
    catalogue = catalogue_on(world, day)
    low, high = catalogue.niche[catalogue.start[category]], catalogue.niche[catalogue.start[category + 1]]
    slots = np.arange(low, high, dtype=np.int64)
    stored = catalogue.short[slots, WEIGHT - LANES // 2]
    return slots, np.where(stored == ABSENT, 0.0, np.exp(stored / FIXED_SCALE))


def person(rules: Rules, catalogue: Catalogue, user: int, day: int = 0) -> Person:
    """The traits of one user on a day of the world."""
    kept = len(rules.interest_under)
    taste = np.zeros(catalogue.mean.shape[1], np.int16)
    interests, matches, out = np.empty(kept, np.int64), np.empty(kept, np.int64), np.empty(9)
    _person(rules, catalogue, user, day, taste, interests, matches, out)
    tenant, region, offset, device = (int(value) for value in out[:4])
    activity, sensitivity, conformity = (float(value) for value in out[4:7])
    life = int(out[7]), int(out[8])
    return Person(tenant, region, offset, device, activity, sensitivity, conformity, *life, taste, interests)


def terms(
    rules: Rules, catalogue: Catalogue, users: NDArray[np.int64], slots: NDArray[np.int64], day: int = 0
) -> Terms:
    """The terms of each of n pairs of a user and a slot, on a day whose catalogue that is."""
    out = np.empty((len(users), 6), np.float32)
    taste = np.zeros(catalogue.mean.shape[1], np.int16)
    pairs = np.ascontiguousarray(users, np.int64), np.ascontiguousarray(slots, np.int64)
    _terms(rules, catalogue, *pairs, day, taste, out)
    return Terms(*out.astype(np.float64).T)


def cart_probability(rules: Rules, found: Terms) -> NDArray[np.float64]:
    """P(cart | view)."""
    return _logistic(float(rules.cart_intercept) + found.desire)


def purchase_probability(rules: Rules, found: Terms) -> NDArray[np.float64]:
    """P(purchase | cart)."""
    return _logistic(float(rules.purchase_intercept) + float(PURCHASE_SHARE) * found.desire)


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def slate_odds(utility: NDArray[np.float64], examination: float) -> NDArray[np.float64]:
    """Odds of the products of a slate, shape (…, k): e^U times (1 / rank)^examination."""
    ranks = np.arange(1, utility.shape[-1] + 1)
    return np.asarray(np.exp(np.clip(utility, -40.0, 40.0)) * ranks ** -float(examination))


def considered(
    odds: NDArray[np.float64],
    weight: NDArray[np.float64],
    niche: NDArray[np.int64],
    examined: NDArray[np.float64],
    niches: int,
) -> NDArray[np.float64]:
    """P(take i) from a listing: of `niches` niches drawn by weight, each showing products drawn by weights (n,).

    The products of a listing take turns by niche over its places, which are examined by `examined` (M,); `niche` (n,),
    ascending, says where each product stands. With odds o (0 where nothing is in stock), P(i at place m) =
    P(n) q_i e_m o_i E[1 / (e_m o_i + S)], S the examined odds of all other places, and E[1 / (a + S)] is the integral
    over t > 0 of e^(-at) E[e^(-tS)]; the expectation is a product over places inside a niche, a mean over niches.
    Exact, by the double-exponential rule (Takahasi and Mori 1974). Where all that is shown has odds 0 the first product
    of the first niche is taken all the same.
    """
    starts = np.flatnonzero(np.diff(niche, prepend=-1))
    members = np.diff(np.append(starts, len(niche)))
    sums = np.add.reduceat(weight, starts)
    share = weight / np.repeat(np.where(sums > 0, sums, 1.0), members)
    drawn = sums / sums.sum()
    turns = [[m for m in range(len(examined)) if m % niches == k] for k in range(niches)]
    chance = _nothing_left(odds, share, starts, drawn, turns)
    mean = float((weight * odds).sum() / weight.sum())
    if mean <= 0:
        return chance
    x = np.linspace(-4.5, 4.5, 4 * _NODES + 1)
    node = np.exp(np.pi / 2 * np.sinh(x)) / (mean * examined.sum())
    step = (x[1] - x[0]) * np.pi / 2 * np.cosh(x) * node
    decay = [np.exp(-np.outer(node * place, odds)) for place in examined]
    inside = [np.add.reduceat(part * share, starts, axis=1) for part in decay]
    whole = [np.prod([inside[m] for m in turn], axis=0) @ drawn for turn in turns]
    taken = np.zeros(len(odds))
    for k, turn in enumerate(turns):
        others = np.prod([part for at, part in enumerate(whole) if at != k], axis=0) * step
        for m in turn:
            beside = np.prod([inside[at] for at in turn if at != m], axis=0) * np.ones_like(inside[m])
            weighed = np.repeat(beside, members, axis=1) * decay[m]
            taken += examined[m] * (others @ weighed)
    return np.asarray(np.repeat(drawn, members) * share * odds * taken + chance)


def _nothing_left(
    odds: NDArray[np.float64],
    share: NDArray[np.float64],
    starts: NDArray[np.int64],
    drawn: NDArray[np.float64],
    turns: list[list[int]],
) -> NDArray[np.float64]:
    """The chance that a listing shows nothing with odds, at the first product of its first niche."""
    empty = np.add.reduceat(np.where(odds > 0, 0.0, share), starts)
    others = np.prod([float(drawn @ empty ** len(turn)) for turn in turns[1:]])
    chance = np.zeros(len(odds))
    chance[starts] = drawn * empty ** len(turns[0]) * others
    return chance
