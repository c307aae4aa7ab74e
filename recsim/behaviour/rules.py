"""The behaviour of a scenario as numbers a kernel can use: thresholds for random words, and quantile tables."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsim.behaviour import quantiles, votes
from recsim.behaviour.catalogue import USER_SCALE
from recsim.behaviour.quantiles import Table, threshold
from recsim.scenario import Scenario
from recsim.scenario.adversaries import counts
from recsim.scenario.choice import INTEREST_DECAY, RANDOM_CATEGORY_SHARE
from recsim.scenario.world import Transport

DAY_MS = 86_400_000
CLOSE_MS = 60_000
"""No view starts in the last minute of a day, so that what follows it still fits."""

HOURLY = (
    2.6, 1.7, 1.2, 0.9, 0.8, 1.0, 1.7, 2.8, 3.8, 4.4, 4.8, 5.0,
    5.2, 5.1, 4.9, 4.8, 4.9, 5.2, 5.7, 6.4, 7.0, 6.8, 5.6, 3.9,
)  # fmt: skip
"""Session starts by hour of the user's clock: lowest at 4 to 5, a bump at noon, highest at 20 to 21."""

OFFSETS_MINUTES = {"us": (-480, -420, -360, -300), "eu": (0, 60, 60, 120), "ap": (330, 480, 540, 600)}
"""Time zones of a region, equally likely; a region of another name keeps UTC."""


class Rules(NamedTuple):
    """Tables are `quantiles.Table`; `_below` are thresholds of 16-bit words, `_under` of 32-bit words."""

    seed: np.uint32
    partitions: int
    users: int
    activity: Table
    start_ms: Table
    gap_ms: Table
    pause_ms: Table
    length: Table
    delay_ms: Table
    late_ms: Table
    reorder_ms: Table
    future_ms: Table
    fate_under: NDArray[np.int64]
    sensitivity: Table
    conformity: Table
    normal: Table
    taste: NDArray[np.int8]
    dimensions: int
    sessions_max: int
    length_max: int
    rest_ms: int
    candidates: int
    bounce_under: int
    search_under: int
    refine_under: int
    stay_below: int
    again_below: int
    vote_below: int
    mobile_below: int
    tenant_below: NDArray[np.int64]
    region_below: NDArray[np.int64]
    offset_minutes: NDArray[np.int64]
    interest_under: NDArray[np.int64]
    taste_weight: np.float32
    cart_intercept: np.float32
    purchase_intercept: np.float32
    review_scale: np.float32
    star_cuts: NDArray[np.float32]
    old_spread: np.float32
    old_cuts: NDArray[np.float32]
    expected_stars: NDArray[np.float32]
    vote_one_below: int
    vote_rest_below: int
    first_votes: Table
    first_votes_one: Table
    hostile: int
    hostile_stride: int


def build(scenario: Scenario, users: int) -> Rules:
    """The rules of a scenario of `users` registered users, with a funnel nobody passes (see `calibration`)."""
    people, behaviour, transport = scenario.users, scenario.behaviour, scenario.transport
    hostile = sum(counts(scenario.adversaries, users))
    vote_below, vote_one_below, vote_rest_below = votes.vote_shares(scenario.reviews, behaviour)
    first_votes, first_votes_one = votes.first_day_tables(scenario.reviews)
    return Rules(
        seed=np.uint32(scenario.seed),
        partitions=scenario.layout.partitions,
        users=users,
        activity=activity(scenario),
        start_ms=quantiles.stepwise(np.array(HOURLY), DAY_MS),
        gap_ms=quantiles.lognormal(behaviour.gap_median_s * 1000, behaviour.gap_sigma, 500.0, 1_500_000.0),
        pause_ms=quantiles.lognormal(4000.0, 0.6, 500.0, 60_000.0),
        length=quantiles.lognormal(behaviour.session_length_median, behaviour.session_length_sigma),
        delay_ms=quantiles.lognormal(transport.delay_median_ms, transport.delay_sigma, 0.0, 86_400_000.0),
        late_ms=quantiles.lognormal(transport.late_median_s * 1000, 1.0, 0.0, 86_400_000.0),
        reorder_ms=quantiles.stepwise(np.ones(1), transport.reordered_window_s * 1000),
        future_ms=quantiles.lognormal(transport.future_median_s * 1000, 0.5, 1.0, 86_400_000.0),
        fate_under=_fates(transport),
        sensitivity=quantiles.lognormal(people.price_sensitivity, 0.5),
        conformity=quantiles.lognormal(people.conformity, 0.5),
        normal=quantiles.normal(),
        taste=_user_components(),
        dimensions=people.taste_dimensions,
        sessions_max=people.sessions_per_day_max,
        length_max=behaviour.session_length_max,
        rest_ms=behaviour.rest_minutes * 60_000,
        candidates=behaviour.consideration,
        bounce_under=threshold(behaviour.bounce_share),
        search_under=threshold(behaviour.search_per_session),
        refine_under=threshold(scenario.queries.refine_share),
        stay_below=threshold(behaviour.stay_in_category_share, 16),
        again_below=threshold(behaviour.review_view_share, 16),
        vote_below=vote_below,
        mobile_below=threshold(people.mobile_share, 16),
        tenant_below=_cumulative(list(people.tenants.values()), 16),
        region_below=_cumulative(list(people.regions.values()), 16),
        offset_minutes=np.array([OFFSETS_MINUTES.get(name, (0, 0, 0, 0)) for name in people.regions], np.int64),
        interest_under=_interest_shares(people.interests),
        taste_weight=np.float32(behaviour.taste_weight),
        cart_intercept=np.float32(-100.0),
        purchase_intercept=np.float32(-100.0),
        review_scale=np.float32(0.0),
        star_cuts=np.zeros(4, np.float32),
        old_spread=np.float32(1.0),
        old_cuts=np.zeros(4, np.float32),
        expected_stars=votes.expected_stars(1.0, np.zeros(4, np.float32)),
        vote_one_below=vote_one_below,
        vote_rest_below=vote_rest_below,
        first_votes=first_votes,
        first_votes_one=first_votes_one,
        hostile=hostile,
        hostile_stride=max(users // max(hostile, 1), 1),
    )


def activity(scenario: Scenario) -> Table:
    """Expected sessions a day: lognormal with mean `sessions_per_day` and sigma `activity_sigma`."""
    people = scenario.users
    median = people.sessions_per_day * math.exp(-(people.activity_sigma**2) / 2)
    return quantiles.lognormal(median, people.activity_sigma)


def _user_components() -> NDArray[np.int8]:
    """Standard normal values of 4096 equal steps of probability, times `USER_SCALE`."""
    steps = (np.arange(4096) + 0.5) / 4096
    return np.round(ndtri(steps) * USER_SCALE).clip(-127, 127).astype(np.int8)


def _fates(transport: Transport) -> NDArray[np.int64]:
    """Thresholds of what happens to an event: lost, future-dated, reordered, late, twice; see `draft.send`."""
    shares = (
        transport.lost_share, transport.future_share, transport.reordered_share, transport.late_share,
        transport.duplicate_share,
    )  # fmt: skip
    return np.array([threshold(share) for share in np.cumsum(shares)], np.int64)


def _cumulative(weights: list[float], bits: int) -> NDArray[np.int64]:
    """Thresholds of a choice by weight: the first one a random word is below is the choice."""
    return np.array([threshold(share, bits) for share in np.cumsum(weights) / np.sum(weights)], np.int64)


def _interest_shares(interests: int) -> NDArray[np.int64]:
    weights = INTEREST_DECAY ** np.arange(interests)
    shares = np.cumsum(weights) / weights.sum() * (1.0 - RANDOM_CATEGORY_SHARE)
    return np.array([threshold(share) for share in shares], np.int64)
