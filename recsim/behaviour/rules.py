"""The behaviour of a scenario as numbers a kernel can use: thresholds for random words, and quantile tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsim.behaviour import quantiles, votes
from recsim.behaviour.catalogue import USER_SCALE
from recsim.behaviour.memory import block
from recsim.behaviour.quantiles import Table, threshold
from recsim.scenario import Scenario
from recsim.scenario.adversaries import counts
from recsim.scenario.choice import INTEREST_DECAY, RANDOM_CATEGORY_SHARE
from recsim.scenario.world import Behaviour, Calendar, Transport

DAY_MS = 86_400_000
CLOSE_MS = 60_000
"""No view starts in the last minute of a day, so that what follows it still fits."""

QUANTITIES = [0.88, 0.08, 0.02, 0.01, 0.005, 0.005]
"""How many of a product are bought at once, one to six (assumed)."""

CART_COMPLEMENTS = 5
"""After a cart a user turns to complements this many times as often."""

OFFSETS_MINUTES = {"us": (-480, -420, -360, -300), "eu": (0, 60, 60, 120), "ap": (330, 480, 540, 600)}
"""Time zones of a region, equally likely; a region of another name keeps UTC."""


@dataclass(frozen=True)
class Rules:
    """Tables are `quantiles.Table`; `_below` are thresholds of 16-bit words, `_under` of 32-bit words.

    `day_share` (days,): traffic of each day over that of a mean day. `examined` (64,): how likely place k of a page is
    looked at, up to a factor. `least_odds` (256,): log odds at which a word of each first byte can happen. `moves`
    (2, 6): cumulative thresholds of how a user goes on (see `sessions`), the second row after a cart.
    """

    seed: np.uint32
    partitions: int
    users: int
    days: int
    activity: Table
    start_ms: Table
    weekend_start_ms: Table
    gap_ms: Table
    pause_ms: Table
    length: Table
    lifetime_days: Table
    day_share: NDArray[np.float64]
    is_weekend: NDArray[np.int8]
    new_under: int
    first_visit: int
    delay_ms: Table
    late_ms: Table
    reorder_ms: Table
    future_ms: Table
    fate_under: NDArray[np.int64]
    sensitivity: Table
    conformity: Table
    normal: Table
    taste: NDArray[np.int8]
    taste_stays: np.int32
    taste_moves: np.int32
    taste_days: int
    habit_days: int
    dimensions: int
    sessions_max: int
    length_max: int
    rest_ms: int
    candidates: int
    page_niches: int
    examined: NDArray[np.float32]
    search_under: int
    habit_below: int
    moves: NDArray[np.int64]
    refine_under: int
    vote_below: int
    carts_together_below: int
    purchases_together_below: int
    mobile_below: int
    quantity_below: NDArray[np.int64]
    tenant_below: NDArray[np.int64]
    region_below: NDArray[np.int64]
    offset_minutes: NDArray[np.int64]
    interest_under: NDArray[np.int64]
    taste_weight: np.float32
    least_odds: NDArray[np.float32]
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

    def with_(self, **changes: Any) -> Rules:  # noqa: ANN401 - any field
        """The rules with some of them changed."""
        return replace(self, **changes)

    @cached_property
    def packed(self) -> np.void:
        """What kernels get: one record, so that passing the rules on costs a pointer."""
        values = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        shapes = {name: (_ROOM.get(name, value.shape[:1]) + value.shape[1:]) for name, value in values.items()}
        layout = np.dtype([(name, value.dtype, shapes[name]) for name, value in values.items()], align=True)
        record = block(layout.itemsize).view(layout)
        for name, value in values.items():
            if name in _ROOM and value.dtype == np.int64:
                record[name] = 1 << 62
            where: Any = (0, *(slice(length) for length in value.shape))
            record[name][where] = value
        return record[0]


_ROOM: dict[str, tuple[int, ...]] = {
    "day_share": (3660,), "is_weekend": (3660,), "tenant_below": (128,), "region_below": (64,), "offset_minutes": (64,),
    "interest_under": (8,),
}  # fmt: skip
"""Rows kept for what a scenario has more or fewer of, so that all scenarios share one compiled kernel; thresholds
beyond the last are above any word."""


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
        days=scenario.calendar.days,
        activity=activity(scenario),
        start_ms=quantiles.stepwise(np.array(scenario.calendar.hour_shares), DAY_MS),
        weekend_start_ms=quantiles.stepwise(np.array(scenario.calendar.weekend_hour_shares), DAY_MS),
        gap_ms=quantiles.lognormal(behaviour.gap_median_s * 1000, behaviour.gap_sigma, 500.0, 1_500_000.0),
        pause_ms=quantiles.lognormal(4000.0, 0.6, 500.0, 60_000.0),
        length=session_length(behaviour),
        lifetime_days=_lifetime(people.dropout_shape, people.dropout_scale_days),
        day_share=day_shares(scenario.calendar),
        is_weekend=(weekdays(scenario.calendar) >= 5).astype(np.int8),
        new_under=threshold(min(people.new_per_day_share * scenario.calendar.days, 1.0)) - 1,
        first_visit=int(people.first_visit),
        delay_ms=quantiles.lognormal(transport.delay_median_ms, transport.delay_sigma, 0.0, 86_400_000.0),
        late_ms=quantiles.lognormal(transport.late_median_s * 1000, 1.0, 0.0, 86_400_000.0),
        reorder_ms=quantiles.stepwise(np.ones(1), transport.reordered_window_s * 1000),
        future_ms=quantiles.lognormal(transport.future_median_s * 1000, 0.5, 1.0, 86_400_000.0),
        fate_under=_fates(transport),
        sensitivity=quantiles.lognormal(people.price_sensitivity, 0.5),
        conformity=quantiles.lognormal(people.conformity, 0.5),
        normal=quantiles.normal(),
        taste=_user_components(),
        taste_stays=np.int32(round(256 * math.sqrt(1 - people.taste_change_share))),
        taste_moves=np.int32(round(256 * math.sqrt(people.taste_change_share))),
        taste_days=people.taste_change_days,
        habit_days=people.habit_days,
        dimensions=people.taste_dimensions,
        sessions_max=people.sessions_per_day_max,
        length_max=behaviour.session_length_max,
        rest_ms=behaviour.rest_minutes * 60_000,
        candidates=behaviour.consideration,
        page_niches=behaviour.niches_per_page,
        examined=(np.arange(1.0, 65.0) ** -behaviour.position_bias).round(6).astype(np.float32),
        search_under=threshold(behaviour.search_per_session),
        habit_below=threshold(behaviour.habit_share, 16),
        moves=np.stack([_moves(behaviour, 1), _moves(behaviour, CART_COMPLEMENTS)]),
        refine_under=threshold(scenario.queries.refine_share),
        vote_below=vote_below,
        carts_together_below=threshold(behaviour.carts_together_share, 16),
        purchases_together_below=threshold(behaviour.purchases_together_share, 16),
        mobile_below=threshold(people.mobile_share, 16),
        quantity_below=_cumulative(QUANTITIES, 16)[:-1],
        tenant_below=_cumulative(list(people.tenants.values()), 16),
        region_below=_cumulative(list(people.regions.values()), 16),
        offset_minutes=np.array([OFFSETS_MINUTES.get(name, (0, 0, 0, 0)) for name in people.regions], np.int64),
        interest_under=_interest_shares(people.interests),
        taste_weight=np.float32(behaviour.taste_weight),
        least_odds=_least_odds(),
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


def session_length(behaviour: Behaviour) -> Table:
    """Views of a session: one with probability `bounce_share`, else two or more, lognormal."""

    def quantile(p: NDArray[np.float64]) -> NDArray[np.float64]:
        bounce = behaviour.bounce_share
        rest = np.clip((p - bounce) / max(1.0 - bounce, 1e-12), 2.0**-25, 1 - 2.0**-25)
        drawn = behaviour.session_length_median * np.exp(behaviour.session_length_sigma * ndtri(rest))
        return np.where(p < bounce, 1.0, np.clip(1.0 + drawn, 2.0, behaviour.session_length_max))

    return quantiles.table(quantile)


def _lifetime(shape: float, scale: float) -> Table:
    """Days until a user leaves: Lomax, and never beyond the longest world."""
    return quantiles.table(lambda p: np.minimum(scale * ((1 - p) ** (-1 / shape) - 1), 1e6))


def weekdays(calendar: Calendar) -> NDArray[np.int64]:
    """The weekday of each day of the world, 0 Monday to 6 Sunday."""
    return (calendar.first_day.weekday() + np.arange(calendar.days)) % 7


def day_shares(calendar: Calendar) -> NDArray[np.float64]:
    """Traffic of each day of the world: by weekday with mean 1, times what its `peaks` say."""
    usual = np.array(calendar.weekday_shares)[weekdays(calendar)]
    peaks = [calendar.peaks.get(calendar.first_day + timedelta(days=day), 1.0) for day in range(calendar.days)]
    return np.round(usual / usual.mean() * np.array(peaks), 6)


def _moves(behaviour: Behaviour, complements: float) -> NDArray[np.int64]:
    """Thresholds: again the last product, again one of the last, same page, near-substitutes, complements, category."""
    again, complement = behaviour.review_view_share, complements * behaviour.complement_share
    known = np.cumsum([again / 2, again / 2, behaviour.page_share, behaviour.similar_share, complement])
    edges = [*known, known[-1] + (1 - known[-1]) * behaviour.stay_in_category_share]
    return np.array([threshold(min(edge, 1.0), 16) for edge in edges], np.int64)


def _user_components() -> NDArray[np.int8]:
    """Standard normal values of 256 equal steps of probability, times `USER_SCALE`; their variance is set to 1."""
    z = ndtri((np.arange(256) + 0.5) / 256)
    return np.round(z / z.std() * USER_SCALE).clip(-127, 127).astype(np.int8)


def _least_odds() -> NDArray[np.float32]:
    """Log odds of the words 0, 2**24, 2 · 2**24 …, less a margin: what is lower happens for no word of that byte."""
    share = np.arange(256) / 256
    with np.errstate(divide="ignore"):
        return (np.log(share) - np.log1p(-share) - 1e-4).astype(np.float32)


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
