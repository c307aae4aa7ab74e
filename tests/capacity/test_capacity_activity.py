"""Daily active and registered users."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim.scenario.activity import active_share, daily_active, registered
from recsim.scenario.world import Users


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0])
def test_without_spread_the_share_is_poissons(mean):
    assert active_share(mean, 0) == pytest.approx(1 - math.exp(-mean), rel=1e-12)


@pytest.mark.parametrize(("mean", "sigma"), [(0.5, 1.9), (0.5, 3.0), (50.0, 3.0), (2.0, 0.5)])
def test_the_share_is_the_mean_over_sampled_users(mean, sigma):
    activity = mean * np.exp(sigma * np.random.default_rng(1).standard_normal(1_000_000) - sigma**2 / 2)
    sampled = -np.expm1(-activity)
    assert active_share(mean, sigma) == pytest.approx(sampled.mean(), abs=4 * sampled.std() / 1_000)


@settings(max_examples=50, deadline=None)
@given(st.integers(1_000, 10**7), st.floats(0.1, 5), st.floats(0, 3))
def test_registered_and_daily_active_are_inverse(active, mean, sigma):
    given_active = Users(daily_active=active, sessions_per_day=mean, activity_sigma=sigma)
    count = registered(given_active)
    back = daily_active(Users(count=count, sessions_per_day=mean, activity_sigma=sigma))
    assert back == pytest.approx(active, abs=1)


def test_what_the_scenario_gives_is_taken_as_it_is():
    assert registered(Users(count=123)) == 123
    assert daily_active(Users(daily_active=45)) == 45.0


def test_more_uneven_activity_leaves_fewer_users_active():
    shares = [active_share(0.5, sigma) for sigma in (0, 1, 2, 3)]
    assert shares == sorted(shares, reverse=True)
