"""Solving the funnel: the intercepts at which simulated users add to the cart and buy as often as the scenario says.

The first sessions of the world are simulated (a small world wholly). Every view and every cart carries the random
word its next step is decided by, so the intercepts can be solved against the very draws the world will make: in a small
world the rates come out exactly, in a large one up to the noise of the rest. Where a user goes depends a little on what
he put into the cart, so the sample is drawn three times, each time with the intercepts of the one before. No random
number is drawn here that the world does not draw too: the result is a pure function of the scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import choice, draft, people, plan, sessions
from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.scenario import Scenario

SAMPLE_VIEWS = 800_000
_ROUNDS = 3
_BATCH = 4_096
_STEPS = 50
_NOISE = 33
_FIT_WEIGHT = 0.4


class Funnel(NamedTuple):
    """Solved numbers, and how much the affinity of buyers differs (for reviews older than the world)."""

    cart_intercept: float
    purchase_intercept: float
    review_scale: float
    star_cuts: NDArray[np.float32]
    buyer_fit_deviation: float


class Sample(NamedTuple):
    """Views and carts of a world's first sessions: columns of x, affinity, quality and the word of the next step."""

    views: NDArray[np.float64]
    carts: NDArray[np.float64]


def solve(scenario: Scenario, rules: Rules, shelves: Callable[[int], Catalogue]) -> Funnel:
    """The funnel of a scenario, from a sample of its own sessions; `shelves` gives the catalogue of a day."""
    behaviour = scenario.behaviour
    cart = purchase = -100.0
    for _ in range(_ROUNDS):
        drawn = rules.with_(hostile=0, cart_intercept=np.float32(cart), purchase_intercept=np.float32(purchase))
        sample = _sample(drawn, shelves)
        x, word = sample.views[:, 0], sample.views[:, 3]
        cart = _intercept(x, word, behaviour.cart_per_view * len(x))
        if len(sample.carts):
            half = choice.PURCHASE_SHARE * sample.carts[:, 0]
            purchase = _intercept(half, sample.carts[:, 3], behaviour.purchase_per_cart * len(half))
        else:
            carted = _logistic(cart + x)
            purchase = _expected(choice.PURCHASE_SHARE * x, carted, behaviour.purchase_per_cart)
    views = sample.views
    bought = _logistic(cart + views[:, 0]) * _logistic(purchase + choice.PURCHASE_SHARE * views[:, 0])
    mean_fit = float(np.average(views[:, 1], weights=bought))
    deviation = float(np.sqrt(np.average((views[:, 1] - mean_fit) ** 2, weights=bought)))
    scale, cuts = _reviews(scenario, 0.55 * views[:, 2] + _FIT_WEIGHT * views[:, 1] + 0.9, bought)
    return Funnel(cart, purchase, scale, cuts, deviation)


def apply(rules: Rules, funnel: Funnel) -> Rules:
    """The rules with a solved funnel."""
    return rules.with_(
        cart_intercept=np.float32(funnel.cart_intercept),
        purchase_intercept=np.float32(funnel.purchase_intercept),
        review_scale=np.float32(funnel.review_scale),
        star_cuts=funnel.star_cuts,
    )


def _sample(rules: Rules, shelves: Callable[[int], Catalogue]) -> Sample:
    """Views and carts of the world's first sessions, until there are `SAMPLE_VIEWS` views or the world ends."""
    first = shelves(0)
    room = choice.scratch(first.mean.shape[1], len(rules.interest_under), rules.sessions_max, rules.length_max)
    found: list[list[NDArray[np.float64]]] = [[], []]
    views, end = 0, plan.members(rules)
    for day, partition in product(range(rules.days), range(rules.partitions)):
        catalogue, block = shelves(day), 0
        while block < end and views < SAMPLE_VIEWS:
            users, block = plan.some(rules, catalogue, partition, day, block, _BATCH)
            rows = _expand_all(rules, catalogue, room, day, users)
            out = np.empty((2, int(rows.counters[draft.EVENTS]), 4), np.float64)
            kept = np.zeros(2, np.int64)
            _measure(catalogue, rules, room.taste, rows, day, out, kept)
            for k in range(2):
                found[k].append(out[k, : kept[k]].copy())
            views += int(kept[0])
        if views >= SAMPLE_VIEWS:
            break
    nothing = np.array([[0.0, 0.0, 0.0, 0.5]])
    return Sample(np.concatenate(found[0]) if views else nothing, np.concatenate(found[1]) if views else nothing[:0])


def _expand_all(rules: Rules, catalogue: Catalogue, room: choice.Scratch, day: int, users: plan.Plan) -> draft.Draft:
    rows = draft.empty(1 << 18, 1 << 15)
    done = 0
    while True:
        done = sessions.expand(rules, catalogue, rows, room, day, users, done)
        if done == len(users.user):
            return rows
        rows = draft.grown(rows, 2 * len(rows.events), 2 * len(rows.session))


@kernel
def _measure(catalogue, rules, taste, rows, day, out, kept):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    user = np.int64(-1)
    for i in range(rows.counters[draft.EVENTS]):
        kind = (np.int64(rows.events[i, 0]) >> draft.DELAY_BITS) & 15
        if kind in (draft.VIEW, draft.CART):
            viewer = rows.session[np.int64(rows.events[i, 1] >> np.uint64(32)), 0]
            if viewer != user:
                user = viewer
                people.taste_of(rules, user, day, taste)
            slot = catalogue.slot[np.int64(rows.events[i, 1] & np.uint64(0xFFFFFFFF)) - 1]
            fit = choice.fit_of(catalogue, taste, slot)
            which = 0 if kind == draft.VIEW else 1
            row = out[which, kept[which]]
            row[0] = choice.desire(catalogue, slot, fit)
            row[1] = fit
            row[2] = catalogue.quality[slot]
            row[3] = (np.float64(rows.events[i, 2] >> np.uint64(32)) + 0.5) / 4294967296.0
            kept[which] += 1


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))


def _intercept(x: NDArray[np.float64], word: NDArray[np.float64], target: float) -> float:
    """The α at which `target` of the rows have word < logistic(α + x): the place of that row's own threshold."""
    own = np.log(word) - np.log1p(-word) - x
    if target >= len(own) or target <= 0:
        return 50.0 if target > 0 else -50.0
    return _rounded(float(np.partition(own, int(target))[int(target)]))


def _expected(x: NDArray[np.float64], weight: NDArray[np.float64], target: float) -> float:
    """The α at which the weighted mean of logistic(α + x) is `target`, by bisection; ±50 where that is 0 or 1."""
    low, high = -50.0, 50.0
    edges = np.histogram(x, 2048, weights=weight)
    centres = (edges[1][:-1] + edges[1][1:]) / 2
    total = edges[0].sum()
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if float(edges[0] @ _logistic(middle + centres)) < target * total:
            low = middle
        else:
            high = middle
    return _rounded((low + high) / 2)


def _rounded(value: float) -> float:
    return round(value, 6)


def _reviews(
    scenario: Scenario, mean: NDArray[np.float64], bought: NDArray[np.float64]
) -> tuple[float, NDArray[np.float32]]:
    """Scale of the review probability, and the satisfactions at which the stars change.

    Satisfaction is `mean` + 0.8 z; z runs over equally likely values, buyers are weighted by how often they buy.
    """
    from scipy.special import ndtri

    picked = np.arange(0, len(mean), max(1, len(mean) // 50_000))
    z = ndtri((np.arange(_NOISE) + 0.5) / _NOISE)
    y = (mean[picked, None] + 0.8 * z).ravel()
    weight = np.repeat(bought[picked], _NOISE)
    loud = weight * (0.6 + np.abs(y - 0.6))
    scale = scenario.behaviour.review_per_purchase * weight.sum() / loud.sum() if loud.sum() else 0.0
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(loud[order]) / max(loud.sum(), 1e-300)
    return round(float(scale), 8), _cuts(scenario, y[order], reached)


def old_star_cuts(
    scenario: Scenario, quality: NDArray[np.float64], reviews: NDArray[np.int64], spread: float
) -> NDArray[np.float32]:
    """The satisfactions 0.55 q + `spread`·z at which the stars of reviews older than the world change.

    `quality` and `reviews` (their number) are by product.
    """
    from scipy.special import ndtri

    picked = np.arange(0, len(quality), max(1, len(quality) // 50_000))
    z = ndtri((np.arange(_NOISE) + 0.5) / _NOISE)
    y = (0.55 * quality[picked, None] + spread * z).ravel()
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(np.repeat(reviews[picked], _NOISE)[order])
    return _cuts(scenario, y[order], reached / max(reached[-1], 1))


def _cuts(scenario: Scenario, y: NDArray[np.float64], reached: NDArray[np.float64]) -> NDArray[np.float32]:
    """Where the cumulative share `reached` along ascending y passes the cumulative shares of one to four stars."""
    shares = np.cumsum(scenario.behaviour.star_shares)[:-1] / sum(scenario.behaviour.star_shares)
    places = np.searchsorted(reached, shares).clip(0, len(y) - 1)
    return np.round(y[places], 5).astype(np.float32)
