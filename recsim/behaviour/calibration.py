"""Solving the funnel: the intercepts at which simulated users add to the cart and buy as often as the scenario says.

Sessions of the world are simulated. A small world is simulated wholly: every view and every cart carries the random
word its next step is decided by, so the intercepts are solved against the very draws the world will make, and the rates
come out exactly. Of a large world some days are sampled, each from another partition; there the intercepts are solved
against the probabilities, whose mean over the sample is far less noisy than a count of its carts would be.

Where a user goes depends a little on what he put into the cart, so the sample is drawn three times, each time with the
intercepts of the one before; the first two times a part of it will do. The rates are those of customers: views of
adversaries are not in them, and a product that is sold out when it is viewed can't be put into the cart. No random
number is drawn here that the world does not draw too: the result is a pure function of the scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import choice, draft, people, plan, sessions
from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.kernel import kernel
from recsim.behaviour.rules import Rules
from recsim.scenario import Scenario

SAMPLE_VIEWS = 1_200_000
"""A world of up to twice as many views is simulated wholly. Of a larger one at least so many views are, which gives
the rates a standard error of 0.3 % (they differ much from user to user)."""
MOST_VIEWS, _SHARE = 6_000_000, 0.01
"""Of a much larger one this share of the expected views, up to so many: a standard error of 0.15 %."""
_FIRST_VIEWS = 120_000
_DAYS, _DAYS_PRODUCTS = 14, 2_000_000
"""Days sampled of a large world: the fewer, the more products there are, since each needs a catalogue of its own."""
_SOLD_OUT = -1000.0
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

    def tree(self) -> dict[str, Any]:
        """As plain values, which JSON keeps exactly: for other processes that make the same world."""
        return {**self._asdict(), "star_cuts": self.star_cuts.tolist()}

    @classmethod
    def of(cls, tree: dict[str, Any]) -> Funnel:
        """The funnel of `tree`."""
        return cls(**{**tree, "star_cuts": np.array(tree["star_cuts"], np.float32)})


class Sample(NamedTuple):
    """Views and carts of some sessions: columns of x, affinity, quality and the word of the next step.

    `whole` says that they are those of the whole world. x is `_SOLD_OUT` where the product was.
    """

    views: NDArray[np.float64]
    carts: NDArray[np.float64]
    whole: bool


def solve(scenario: Scenario, rules: Rules, shelves: Callable[[int], Catalogue]) -> Funnel:
    """The funnel of a scenario, from a sample of its own sessions; `shelves` gives the catalogue of a day.

    As if everybody were a customer: adversaries change nothing for the others.
    """
    behaviour = scenario.behaviour
    cart = purchase = -100.0
    for most in (_FIRST_VIEWS, _FIRST_VIEWS, _sample_size(rules)):
        drawn = rules.with_(hostile=0, cart_intercept=np.float32(cart), purchase_intercept=np.float32(purchase))
        sample = _sample(drawn, shelves, most)
        x, carts = sample.views[:, 0], behaviour.cart_per_view * len(sample.views)
        if sample.whole:
            cart = _intercept(x, sample.views[:, 3], carts)
        x = x[x > _SOLD_OUT]
        if not sample.whole:
            cart = _expected(x, np.ones(len(x)), min(carts / max(len(x), 1), 1.0))
        if sample.whole and len(sample.carts):
            half = choice.PURCHASE_SHARE * sample.carts[:, 0]
            purchase = _intercept(half, sample.carts[:, 3], behaviour.purchase_per_cart * len(half))
        else:
            purchase = _expected(choice.PURCHASE_SHARE * x, _logistic(cart + x), behaviour.purchase_per_cart)
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


def _sample(rules: Rules, shelves: Callable[[int], Catalogue], most: int) -> Sample:
    """Views and carts of the whole world where it is expected to have at most twice `most` views, else about `most`
    of them from some of its days."""
    first = shelves(0)
    room = choice.scratch(first.mean.shape[1], len(rules.interest_under), rules.sessions_max, rules.length_max)
    bench = _Bench(room, draft.empty(1 << 18, 1 << 15), np.empty((2, 0, 4)))
    found = _Found([], [], 0)
    if _expected_views(rules) <= 2 * most:
        for day, partition in product(range(rules.days), range(rules.partitions)):
            _draw(rules, shelves(day), bench, day, partition, 1 << 62, found)
        return found.sample(whole=True)
    several = np.clip(_DAYS_PRODUCTS // len(first.slot), 2, _DAYS)
    days = np.unique(np.linspace(0, rules.days - 1, min(rules.days, int(several))).round().astype(int)).tolist()
    found = _Found([], [], 0)
    for at, day in enumerate(days):
        for step in range(rules.partitions):
            upto = most * (at + 1) // len(days)
            if found.rows < upto:
                _draw(rules, shelves(day), bench, day, (at + step) % rules.partitions, upto, found)
    return found.sample(whole=False)


def _sample_size(rules: Rules) -> int:
    return int(min(max(SAMPLE_VIEWS, _SHARE * _expected_views(rules)), MOST_VIEWS))


def _expected_views(rules: Rules) -> float:
    """Views of the world, roughly: of users who are there all the time."""
    return float(rules.users * rules.activity[1].mean() * rules.day_share.sum() * rules.length[1].mean())


@dataclass
class _Bench:
    """Memory that is used again for every batch of users."""

    room: choice.Scratch
    rows: draft.Draft
    out: NDArray[np.float64]


@dataclass
class _Found:
    views: list[NDArray[np.float64]]
    carts: list[NDArray[np.float64]]
    rows: int

    def sample(self, *, whole: bool) -> Sample:
        nothing = np.array([[0.0, 0.0, 0.0, 0.5]])
        if not self.rows:
            return Sample(nothing, nothing[:0], whole=whole)
        return Sample(np.concatenate(self.views), np.concatenate(self.carts), whole=whole)


def _draw(
    rules: Rules, catalogue: Catalogue, bench: _Bench, day: int, partition: int, most: int, found: _Found
) -> None:
    """Add the views and carts of a partition's day to `found`, until it has more than `most` views."""
    block, more = 0, True
    while more and found.rows <= most:
        users, block = plan.some(rules, catalogue, partition, day, block, _BATCH)
        more = len(users.user) == _BATCH
        _expand_all(rules, catalogue, bench, day, users)
        if bench.out.shape[1] < bench.rows.counters[draft.EVENTS]:
            bench.out = np.empty((2, len(bench.rows.events), 4), np.float64)
        kept = np.zeros(2, np.int64)
        _measure(catalogue, rules, bench.room.taste, bench.rows, day, bench.out, kept)
        found.views.append(bench.out[0, : kept[0]].copy())
        found.carts.append(bench.out[1, : kept[1]].copy())
        found.rows += int(kept[0])


def _expand_all(rules: Rules, catalogue: Catalogue, bench: _Bench, day: int, users: plan.Plan) -> None:
    """Draw the planned users' day into `bench.rows`."""
    bench.rows.counters[:] = 0
    done = 0
    while True:
        rows = bench.rows
        done = sessions.expand(rules, catalogue, rows, bench.room, day, users, done)
        if done == len(users.user):
            return
        bench.rows = draft.grown(rows, 2 * len(rows.events), 2 * len(rows.session))


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
            if kind == draft.VIEW and not choice.in_stock(catalogue, slot, np.int64(rows.events[i, 0]) >> 32):
                row[0] = _SOLD_OUT
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
