"""The closed loop: users choose between what was served to them and what they would have viewed anyway.

Each view of the log is a choice. The slates shown since the view before it, in the same session, stand beside it: each
is looked at with probability `loop.adoption`. One multinomial logit decides between all products looked at, with the
odds e^U (1/rank)^η of a slate, and the page of the organic view, with the odds of all its products together: the sum
of its examination times the mean of e^U over the category of that view, weighted as pages are drawn. So a slate must
beat organic demand. What wins in a slate is viewed in place of the organic product; cart and purchase follow by the
funnel of the world. U, the examination and the funnel are the formulas that made the log (`behaviour.judging`).

Whether a user looks at a slate is drawn by (seed, user, surface, event); which of the products looked at he would take,
by noise of (seed, user, product, event); and how far he goes, past the organic view into view, cart and order, by one
number of (seed, user, event), of which each step takes a part inside the one before. So two arms that show the same do
the same, and two that show almost the same differ as seldom as two choices with those probabilities can: a click with
the difference of the two probabilities of a click.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from recsim.behaviour import judging
from recsim.behaviour.opening import on_sale
from recsim.behaviour.world import GENERATOR, World, build
from recsim.clock import instant_us
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.replay.served import Made, Served
from recsim.rng import words
from recsim.scenario import Scenario
from recsim.units import US_PER_MS

SURFACES = ("home", "product", "cart", "bought", "because")
"""Surfaces whose slates compete; on a search page the words decide what is wanted."""

_SHIFT = np.uint64(32)


class Offer(NamedTuple):
    """A view of the log (a row of the day's as-of events) and the slates shown since the view before it."""

    row: int
    event: int
    user: int
    at_us: int
    product: int
    slates: list[Made]


@dataclass(frozen=True)
class Outcome:
    """An offer of which `looked` were looked at. `place` is the position of the product that won among all those shown,
    None where the organic view did."""

    offer: Offer
    looked: list[Made]
    place: int | None
    carted: bool
    bought: bool

    @property
    def products(self) -> NDArray[np.int64]:
        """All products looked at, slate after slate."""
        return _products(self.looked)


def world_of(dataset: Dataset) -> World:
    """The formulas of a world; raises `BadInput` where nobody knows them."""
    manifest = dataset.manifest
    if manifest.scenario is None or not dataset.synthetic:
        raise BadInput(
            f"{dataset.path} was imported, so nobody knows how its users choose; set loop.adoption to 0, or replay a "
            "world that generate made."
        )
    try:
        scenario = Scenario.model_validate(manifest.scenario)
    except ValidationError:
        scenario = None
    if scenario is None or manifest.facts.get("generator") != GENERATOR:
        raise BadInput(
            f"{dataset.path} was made by another version ({manifest.facts.get('generator')}; here users choose by "
            f"{GENERATOR}); make the world again with --force, or set loop.adoption to 0."
        )
    return build(scenario)


class Shoppers:
    """The users of a synthetic world, choosing by the formulas that made it; no component sees them."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self._world, self._settings, self._seed = world, scenario.loop, scenario.seed
        self._organic: dict[tuple[int, int], float] = {}

    def choose(self, served: Served, as_of: pa.Table) -> list[Outcome]:
        """What came of a day's slates: one outcome for each view before which a slate was looked at."""
        day = (date.fromisoformat(served.day) - self._world.scenario.calendar.first_day).days
        if not 0 <= day < self._world.scenario.calendar.days:
            return []
        self._organic.clear()
        found = []
        for offer in offers(served, as_of):
            if self._world.adversaries.find(offer.user) is not None:
                continue
            looked = [one for one in offer.slates if self._looks(offer.user, one)]
            if looked:
                found.append(self._outcome(day, offer, looked))
        return found

    def _words(self, stream: str, user: int, event: int, products: NDArray[np.int64]) -> NDArray[np.float64]:
        """Uniform numbers above 0 and below 1, four for each product."""
        entities = (np.uint64(user) << _SHIFT) | products.astype(np.uint64)
        name = f"loop/{stream}/{self._settings.salt}"
        drawn = words(self._seed, name, entities, event & (2**63 - 1))
        return np.asarray((drawn.astype(np.float64) + 0.5) / 2.0**32)

    def _looks(self, user: int, one: Made) -> bool:
        drawn = self._words(f"look/{one.surface}", user, one.event_id, np.zeros(1, np.int64))[0, 0]
        return bool(drawn < self._settings.adoption)

    def _outcome(self, day: int, offer: Offer, looked: list[Made]) -> Outcome:
        products = _products(looked)
        catalogue = judging.catalogue_on(self._world, day)
        slots = judging.slots_of(catalogue, products)
        found = judging.terms(self._world.rules, catalogue, np.full(len(slots), offer.user, np.int64), slots, day)
        ends = np.cumsum([len(one.slate.products) for one in looked if one.slate is not None])[:-1]
        odds = np.concatenate(
            [judging.slate_odds(part, self._settings.examination) for part in np.split(found.utility, ends)]
        )
        at_ms = (offer.at_us - self._world.day_us(day)) // US_PER_MS
        odds = np.where(on_sale(catalogue, slots, at_ms), odds, 0.0)
        liked = float(odds.sum())
        if liked <= 0.0:
            return Outcome(offer, looked, None, carted=False, bought=False)
        noise = self._words("choice", offer.user, offer.event, products)[:, 0]
        with np.errstate(divide="ignore"):
            best = int(np.argmax(np.log(odds) - np.log(-np.log(noise))))
        clicks = liked / (liked + self._organic_odds(day, offer))
        carts = clicks * float(judging.cart_probability(self._world.rules, found)[best])
        buys = carts * float(judging.purchase_probability(self._world.rules, found)[best])
        far = float(self._words("funnel", offer.user, offer.event, np.zeros(1, np.int64))[0, 0])
        return Outcome(offer, looked, best if far < clicks else None, carted=far < carts, bought=far < buys)

    def _organic_odds(self, day: int, offer: Offer) -> float:
        """The odds of the page that the organic view was taken from."""
        category = int(self._world.traits.category[offer.product])
        known = self._organic.get((offer.user, category))
        if known is None:
            rules, catalogue = self._world.rules, judging.catalogue_on(self._world, day)
            slots, weight = judging.category_slots(self._world, day, category)
            found = judging.terms(rules, catalogue, np.full(len(slots), offer.user, np.int64), slots, day)
            odds = np.exp(np.clip(found.utility, -40.0, 40.0))
            examined = float(rules.examined[: int(rules.candidates)].sum())
            known = examined * float(odds @ weight) / max(float(weight.sum()), 1e-300)
            self._organic[offer.user, category] = known
        return known


def offers(served: Served, as_of: pa.Table) -> Iterator[Offer]:
    """The views of a day before which slates of `SURFACES` were shown in the same session."""
    slates: dict[int, list[Made]] = {}
    for one in served.made:
        if one.slate is not None and len(one.slate.products) and one.surface in SURFACES:
            slates.setdefault(one.event_id, []).append(one)
    names = ["event_id", "event_type", "event_timestamp", "user_id", "product_id", "session"]
    shown: dict[int, tuple[int, list[Made]]] = {}
    for row, event in enumerate(as_of.select(names).to_pylist()):
        user, session = event["user_id"], event["session"]
        last, waiting = shown.get(user, (session, []))
        if last != session:
            waiting = []
        if event["event_type"] == "view_product":
            if waiting:
                at_us = instant_us(event["event_timestamp"])
                yield Offer(row, event["event_id"], user, at_us, event["product_id"], waiting)
            waiting = []
        shown[user] = (session, waiting + slates.get(event["event_id"], []))


def changes(outcomes: list[Outcome], as_of: pa.Table) -> list[tuple[int, int, str, int]]:
    """What choices change in the day: (user, product, event type, +1 or -1). A product chosen from a slate is viewed
    (carted, bought) in place of the organic one, whose carts and purchases fall away where the session has no other
    view of it."""
    won = [one for one in outcomes if one.place is not None]
    found = []
    for one in won:
        product = int(one.products[one.place])
        kinds = ["view_product"] + ["add_to_cart"] * one.carted + ["purchase"] * one.bought
        found += [(one.offer.user, product, kind, 1) for kind in kinds]
        found.append((one.offer.user, one.offer.product, "view_product", -1))
    return found + _orphans({one.offer.event for one in won}, as_of)


def _orphans(replaced: set[int], as_of: pa.Table) -> list[tuple[int, int, str, int]]:
    rows: list[dict[str, Any]] = as_of.select(
        ["event_id", "event_type", "user_id", "product_id", "session"]
    ).to_pylist()
    lost: set[tuple[int, int, int]] = set()
    viewed: set[tuple[int, int, int]] = set()
    found = []
    for row in rows if replaced else []:
        key = (row["user_id"], row["session"], row["product_id"])
        if row["event_type"] == "view_product":
            (lost if row["event_id"] in replaced else viewed).add(key)
        elif row["event_type"] in ("add_to_cart", "purchase") and key in lost and key not in viewed:
            found.append((row["user_id"], row["product_id"], row["event_type"], -1))
    return found


def _products(looked: list[Made]) -> NDArray[np.int64]:
    return np.concatenate([one.slate.products for one in looked if one.slate is not None]).astype(np.int64)
