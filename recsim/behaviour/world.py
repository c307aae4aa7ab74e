"""Everything a worker needs to make any chunk: catalogue, rules, solved funnel, banks of words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import calibration, catalogue, rules
from recsim.behaviour.calibration import Funnel
from recsim.behaviour.catalogue import Catalogue, Traits
from recsim.behaviour.rules import Rules
from recsim.behaviour.text import QueryText, ReviewText
from recsim.clock import day_label, day_start_us
from recsim.scenario import Scenario
from recsim.scenario.activity import registered

GENERATOR = "recsim-world/1"
"""Version of the model: raised whenever the same scenario would give other bytes."""


@dataclass(frozen=True)
class World:
    """The context of a scenario, the same in every worker; a pure function of the scenario.

    `old_spread` and `old_star_cuts` make the stars of the reviews that are older than the world: they spread as those
    of today's buyers do, by noise and by affinity.
    """

    scenario: Scenario
    users: int
    catalogue: Catalogue
    traits: Traits
    rules: Rules
    funnel: Funnel
    old_spread: float
    old_star_cuts: NDArray[np.float32]
    queries: QueryText
    reviews: ReviewText

    @property
    def tenants(self) -> list[str]:
        return list(self.scenario.users.tenants)

    def day_us(self, day: int) -> int:
        return day_start_us(self.scenario.calendar.first_day, day)

    def label(self, day: int) -> str:
        return day_label(self.scenario.calendar.first_day, day)


def build(scenario: Scenario) -> World:
    """The world of a scenario, funnel solved; raises `BadInput` where its sections contradict each other."""
    users = registered(scenario.users)
    shelf, traits = catalogue.build(scenario)
    untuned = rules.build(scenario, users)
    funnel = calibration.solve(scenario, untuned, shelf)
    old_spread = math.sqrt(0.8**2 + (0.4 * funnel.buyer_fit_deviation) ** 2)
    counts = np.diff(shelf.reviews_before)
    leaves = scenario.products.categories
    return World(
        scenario=scenario,
        users=users,
        catalogue=shelf,
        traits=traits,
        rules=calibration.apply(untuned, funnel),
        funnel=funnel,
        old_spread=old_spread,
        old_star_cuts=calibration.old_star_cuts(scenario, traits.quality, counts, old_spread),
        queries=QueryText(leaves, scenario.behaviour.typo_share, scenario.seed),
        reviews=ReviewText(leaves, scenario.seed),
    )
