"""Solving the funnel: the intercepts at which simulated users add to the cart and buy as often as the scenario says.

The first sessions of the world are simulated without carts (a small world wholly); what users looked at gives the
distribution of x (see `choice`), and bisection on it gives the intercepts. No random number is drawn here that the
world does not draw too, so the result is a pure function of the scenario.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import choice, draft, people, sessions
from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.scenario import Scenario

SAMPLE_VIEWS = 600_000
_BATCH = 4_096
_STEPS = 60
_NOISE = 33


class Funnel(NamedTuple):
    """Solved numbers, and how much the affinity of buyers differs (for reviews older than the world)."""

    cart_intercept: float
    purchase_intercept: float
    review_scale: float
    star_cuts: NDArray[np.float32]
    buyer_fit_deviation: float


def solve(scenario: Scenario, rules: Rules, catalogue: Catalogue) -> Funnel:
    """The funnel of a scenario, from a sample of its own views."""
    once = rules._replace(fate_under=np.zeros_like(rules.fate_under), hostile=0)
    x, fit, quality = _sample(once, catalogue, scenario.calendar.days)
    behaviour = scenario.behaviour
    cart = _intercept(x, np.ones_like(x), behaviour.cart_per_view)
    carted = _logistic(cart + x)
    purchase = _intercept(choice.PURCHASE_SHARE * x, carted, behaviour.purchase_per_cart)
    bought = carted * _logistic(purchase + choice.PURCHASE_SHARE * x)
    mean_fit = float(np.average(fit, weights=bought))
    deviation = float(np.sqrt(np.average((fit - mean_fit) ** 2, weights=bought)))
    scale, cuts = _reviews(scenario, 0.55 * quality + 0.4 * fit + 0.9, bought)
    return Funnel(cart, purchase, scale, cuts, deviation)


def apply(rules: Rules, funnel: Funnel) -> Rules:
    """The rules with a solved funnel."""
    return rules._replace(
        cart_intercept=np.float32(funnel.cart_intercept),
        purchase_intercept=np.float32(funnel.purchase_intercept),
        review_scale=np.float32(funnel.review_scale),
        star_cuts=funnel.star_cuts,
    )


def _sample(rules: Rules, catalogue: Catalogue, days: int) -> tuple[NDArray[np.float64], ...]:
    """x, v·θ and quality of the world's first views, until there are `SAMPLE_VIEWS` of them or the world ends."""
    room = choice.scratch(catalogue.mean.shape[1], len(rules.interest_under), rules.sessions_max, rules.length_max)
    blocks, counts = np.empty(_BATCH, np.int64), np.empty(_BATCH, np.int64)
    slot_of = np.empty(len(catalogue.product), np.int64)
    slot_of[catalogue.product] = np.arange(len(slot_of))
    found: list[NDArray[np.float64]] = [np.zeros((0, 3))]
    views, end = 0, -(-rules.users // rules.partitions)
    for day, partition in product(range(days), range(rules.partitions)):
        block = 0
        while block < end and views < SAMPLE_VIEWS:
            active, block = people.plan_day(rules, partition, day, block, blocks, counts)
            rows = _expand_all(rules, catalogue, room, partition, day, blocks[:active], counts[:active])
            out = np.empty((int(rows.counters[draft.EVENTS]), 3), np.float64)
            kept = _measure(catalogue, rules, room.taste, rows, slot_of, out)
            found.append(out[:kept])
            views += kept
        if views >= SAMPLE_VIEWS:
            break
    columns = np.concatenate(found) if views else np.zeros((1, 3))
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _expand_all(
    rules: Rules,
    catalogue: Catalogue,
    room: choice.Scratch,
    partition: int,
    day: int,
    blocks: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> draft.Draft:
    rows = draft.empty(1 << 18, 1 << 15)
    done = 0
    while True:
        done = sessions.expand(rules, catalogue, rows, room, partition, day, blocks, counts, done)
        if done == len(blocks):
            return rows
        rows = draft.grown(rows, 2 * len(rows.events), 2 * len(rows.session))


@kernel
def _measure(catalogue, rules, taste, rows, slot_of, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    kept = 0
    user = np.int64(-1)
    for i in range(rows.counters[draft.EVENTS]):
        if (np.int64(rows.events[i, 0]) >> draft.DELAY_BITS) & 15 == draft.VIEW:
            viewer = rows.session[np.int64(rows.events[i, 1] >> np.uint64(32)), 0]
            if viewer != user:
                user = viewer
                people.taste_of(rules, user, taste)
            slot = slot_of[np.int64(rows.events[i, 1] & np.uint64(0xFFFFFFFF)) - 1]
            fit = choice.fit_of(catalogue, taste, slot)
            out[kept, 0] = choice.desire(catalogue, slot, fit)
            out[kept, 1] = fit
            out[kept, 2] = catalogue.quality[slot]
            kept += 1
    return kept


def _logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))


def _intercept(x: NDArray[np.float64], weight: NDArray[np.float64], target: float) -> float:
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
    return round((low + high) / 2, 6)


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
