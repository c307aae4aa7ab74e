"""Everything a worker needs to make any chunk: catalogue, rules, solved funnel, banks of words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from recsim.behaviour import calibration, catalogue, rules, season, votes
from recsim.behaviour.adversaries import Adversaries
from recsim.behaviour.calibration import Funnel
from recsim.behaviour.catalogue import Catalogue, Traits
from recsim.behaviour.queries import QueryText
from recsim.behaviour.reviews import ReviewText
from recsim.behaviour.rules import Rules
from recsim.behaviour.wanted import shelf_of
from recsim.clock import day_label, day_start_us
from recsim.scenario import Scenario
from recsim.scenario.activity import registered

GENERATOR = "recsim-world/4"
"""Version of the model: raised whenever the same scenario would give other bytes."""


@dataclass(frozen=True)
class World:
    """The context of a scenario, the same in every worker; a pure function of the scenario."""

    scenario: Scenario
    users: int
    catalogue: Catalogue
    traits: Traits
    rules: Rules
    funnel: Funnel
    queries: QueryText
    reviews: ReviewText
    adversaries: Adversaries
    _kept: dict[int, Catalogue] = field(default_factory=dict, repr=False)

    def on(self, day: int) -> Catalogue:
        """The catalogue of a day; the day asked for last is kept."""
        return _on(self.scenario, self.catalogue, self.traits, day, self._kept)

    @property
    def tenants(self) -> list[str]:
        return list(self.scenario.users.tenants)

    def day_us(self, day: int) -> int:
        return day_start_us(self.scenario.calendar.first_day, day)

    def label(self, day: int) -> str:
        return day_label(self.scenario.calendar.first_day, day)


def build(scenario: Scenario, funnel: Funnel | None = None) -> World:
    """The world of a scenario; raises `BadInput` where its sections contradict each other.

    The funnel is solved, which takes seconds, unless another process of the same scenario hands on what it found.
    """
    users = registered(scenario.users)
    shelf, traits = catalogue.build(scenario)
    untuned = rules.build(scenario, users)
    kept: dict[int, Catalogue] = {}
    if funnel is None:
        funnel = calibration.solve(scenario, untuned, lambda day: _on(scenario, shelf, traits, day, kept))
    return World(
        scenario=scenario,
        users=users,
        catalogue=shelf,
        traits=traits,
        rules=_with_old_reviews(scenario, calibration.apply(untuned, funnel), funnel, shelf, traits),
        funnel=funnel,
        queries=QueryText(shelf, shelf_of(traits.category, traits.words), scenario.queries, scenario.seed),
        reviews=ReviewText(scenario.reviews, scenario.seed),
        adversaries=Adversaries(scenario, untuned, shelf),
    )


def _with_old_reviews(scenario: Scenario, rules: Rules, funnel: Funnel, shelf: Catalogue, traits: Traits) -> Rules:
    """The rules with what makes the stars of reviews older than the world: they spread as those of today's buyers do,
    by noise and by affinity."""
    spread = math.sqrt(0.8**2 + (0.4 * funnel.buyer_fit_deviation) ** 2)
    counts = np.diff(shelf.reviews_before)
    cuts = calibration.old_star_cuts(scenario, traits.quality, counts, spread)
    return rules.with_(old_spread=np.float32(spread), old_cuts=cuts, expected_stars=votes.expected_stars(spread, cuts))


def _on(scenario: Scenario, usual: Catalogue, traits: Traits, day: int, kept: dict[int, Catalogue]) -> Catalogue:
    if day not in kept:
        kept.clear()
        kept[day] = season.on(scenario, usual, traits, day)
    return kept[day]
