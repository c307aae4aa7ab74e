"""From registered users to daily active ones and back.

A user's activity A (sessions a day) is lognormal with mean `sessions_per_day` and sigma `activity_sigma`; a day's
sessions are Poisson with mean A. So the share of registered users with a session on a mean day is E[1 - exp(-A)].
"""

from __future__ import annotations

import math

from recsim.scenario.world import Users

_REACH = 10.0
_STEPS = 800


def active_share(mean_sessions: float, sigma: float) -> float:
    """E[1 - exp(-A)] for lognormal A of that mean and sigma, in 0..1.

    The trapezoidal rule over the normal quantile z in -10..10. For an analytic integrand that vanishes at both ends
    it converges geometrically (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", SIAM Review
    56, 2014): at these 800 steps the error is below 1e-12 for every sigma a scenario allows.
    """
    median = mean_sessions * math.exp(-sigma * sigma / 2)
    step = 2 * _REACH / _STEPS
    total = 0.0
    for i in range(_STEPS + 1):
        z = -_REACH + i * step
        total -= math.exp(-z * z / 2) * math.expm1(-median * math.exp(sigma * z))
    return total * step / math.sqrt(2 * math.pi)


def daily_active(users: Users) -> float:
    """Users with a session on a mean day: `daily_active` where the scenario gives it, else what `count` implies."""
    if users.daily_active is not None:
        return float(users.daily_active)
    assert users.count is not None
    return users.count * active_share(users.sessions_per_day, users.activity_sigma)


def registered(users: Users) -> int:
    """Registered users: `count` where the scenario gives it, else as many as `daily_active` needs, at least one."""
    if users.count is not None:
        return users.count
    assert users.daily_active is not None
    return max(1, round(users.daily_active / active_share(users.sessions_per_day, users.activity_sigma)))


def present_share(users: Users, days: int) -> float:
    """Registered users who have joined and not left, on a mean day of a world of so many days, in 0..1.

    Joining is uniform over the world for a share `new_per_day_share` a day, before it for the others; the time until
    a user leaves is Lomax, counted from the day he joins or the first day, and at least a day.
    """

    def stays(age: int) -> float:
        return float((1.0 + max(age - 1, 0) / users.dropout_scale_days) ** -users.dropout_shape) if age else 1.0

    new = min(users.new_per_day_share * days, 1.0)
    alive = [stays(age) for age in range(days)]
    upto = 0.0
    total = 0.0
    for day in range(days):
        upto += alive[day]
        total += (1.0 - new) * alive[day] + new / days * upto
    return total / days
