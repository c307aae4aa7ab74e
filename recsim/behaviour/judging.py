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
from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.choice import PURCHASE_SHARE, desire, fit_of
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.behaviour.world import World

_NODES = 96
"""Points of the quadrature over one consideration set; doubling them changes no probability by 1e-6."""


class Person(NamedTuple):
    """One user: codes of home, weights, stored taste int16 (D,), preferred categories (best first)."""

    tenant: int
    region: int
    offset_minutes: int
    device: int
    sessions_per_day: float
    price_sensitivity: float
    conformity: float
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
def _person(rules, catalogue, user, taste, interests, matches, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tenant, region, offset, device = people.home_of(rules, user)
    people.taste_of(rules, user, taste)
    people.interests_of(rules, catalogue, user, tenant, taste, interests, matches)
    sensitivity, conformity = people.weights_of(rules, user)
    out[0], out[1], out[2], out[3] = tenant, region, offset, device
    out[4], out[5], out[6] = people.activity_of(rules, user), sensitivity, conformity


@kernel
def _terms(rules, catalogue, users, slots, taste, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    last = np.int64(-1)
    for i in range(users.shape[0]):
        if users[i] != last:
            last = users[i]
            people.taste_of(rules, last, taste)
        sensitivity, conformity = people.weights_of(rules, last)
        fit = fit_of(catalogue, taste, slots[i])
        out[i, 0] = fit
        out[i, 1] = rules.taste_weight * fit
        out[i, 2] = choice._fixed(catalogue.shelf[slots[i]], 0)
        out[i, 3] = sensitivity * choice._fixed(catalogue.shelf[slots[i]], 2)
        out[i, 4] = conformity * choice._fixed(catalogue.shelf[slots[i]], 4)
        out[i, 5] = desire(catalogue, slots[i], fit)


def catalogue_on(world: World, day: int) -> Catalogue:
    """The catalogue of a day of the world."""
    assert 0 <= day < world.scenario.calendar.days
    return world.catalogue


def slots_of(catalogue: Catalogue, products: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where products stand."""
    order = np.argsort(catalogue.product)
    return np.asarray(order[products], np.int64)


def category_slots(world: World, day: int, category: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The slots of a category, and the weights by which a consideration set is drawn from them."""
    catalogue = catalogue_on(world, day)
    slots = np.arange(catalogue.start[category], catalogue.start[category + 1], dtype=np.int64)
    return slots, np.exp(world.traits.weight[catalogue.product[slots]])


def person(rules: Rules, catalogue: Catalogue, user: int) -> Person:
    """The traits of one user."""
    kept = len(rules.interest_under)
    taste = np.zeros(catalogue.mean.shape[1], np.int16)
    interests, matches, out = np.empty(kept, np.int64), np.empty(kept, np.int64), np.empty(7)
    _person(rules, catalogue, user, taste, interests, matches, out)
    tenant, region, offset, device = (int(value) for value in out[:4])
    activity, sensitivity, conformity = (float(value) for value in out[4:])
    return Person(tenant, region, offset, device, activity, sensitivity, conformity, taste, interests)


def terms(rules: Rules, catalogue: Catalogue, users: NDArray[np.int64], slots: NDArray[np.int64]) -> Terms:
    """The terms of each of n pairs of a user and a slot."""
    out = np.empty((len(users), 6), np.float32)
    taste = np.zeros(catalogue.mean.shape[1], np.int16)
    _terms(rules, catalogue, np.ascontiguousarray(users, np.int64), np.ascontiguousarray(slots, np.int64), taste, out)
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


def considered(odds: NDArray[np.float64], weight: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """P(choose i) where `size` products are drawn by weights (n,), and one is taken by its odds.

    P(i) = M p_i o_i E[1 / (o_i + S)] with S the sum of M - 1 further odds, and E[1 / (a + S)] is the integral over
    t > 0 of e^(-at) φ(t)^(M-1) with φ(t) = Σ p_j e^(-t o_j): exact, by the double-exponential rule (Takahasi and Mori
    1974).
    """
    share = weight / weight.sum()
    scale = float((share * odds).sum()) * size
    x = np.linspace(-4.5, 4.5, 4 * _NODES + 1)
    node = np.exp(np.pi / 2 * np.sinh(x)) / scale
    step = (x[1] - x[0]) * np.pi / 2 * np.cosh(x) * node
    decay = np.exp(-np.outer(node, odds))
    power = (decay @ share) ** (size - 1)
    return np.asarray(size * share * odds * ((step * power) @ decay))
