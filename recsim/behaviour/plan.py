"""Who is active on a day, in how many sessions, and what each of them likes that day.

A user's sessions are Poisson with mean his activity times the day's share of traffic, by inversion of one uniform; none
before he joins or after he left. With `first_visit` he has at least one on the day he joins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.people import activity_of, introduce, is_hostile, life_of
from recsim.behaviour.rules import Rules
from recsim.rng import draw, stream_id, user_at

_PLAN = stream_id("user/plan")


class Plan(NamedTuple):
    """n active users of a partition on a day: `user`, `sessions` int64 (n,); `taste` int16 (n, D) as `taste_of` stores
    it; `interests` int64 (n, K), the preferred categories, best first; `order` int64 (n,), in which they are drawn."""

    user: NDArray[np.int64]
    sessions: NDArray[np.int64]
    taste: NDArray[np.int16]
    interests: NDArray[np.int64]
    order: NDArray[np.int64]


def some(rules: Rules, catalogue: Catalogue, partition: int, day: int, block: int, most: int) -> tuple[Plan, int]:
    """The active users from block `block` of the partition on, at most so many; and the next block to look at."""
    room = np.empty((2, most), np.int64)
    active, block = _plan(rules, partition, day, block, room[0], room[1])
    plan = Plan(
        user=room[0, :active].copy(),
        sessions=room[1, :active].copy(),
        taste=np.zeros((active, catalogue.mean.shape[1]), np.int16),
        interests=np.empty((active, len(rules.interest_under)), np.int64),
        order=np.arange(active),
    )
    _introduce(rules, catalogue, day, plan, np.empty(len(rules.interest_under), np.int64))
    return plan, block


def everybody(rules: Rules, catalogue: Catalogue, partition: int, day: int) -> Plan:
    """All active users of a partition, by preferred category: users who look at the same part of the catalogue follow
    each other, so that it stays near the processor."""
    plan, _ = some(rules, catalogue, partition, day, 0, members(rules))
    category = plan.interests[:, 0]
    narrow = np.uint16 if len(catalogue.mean) < 1 << 16 else np.uint32
    return plan._replace(order=np.argsort(category.astype(narrow), kind="stable"))


def members(rules: Rules) -> int:
    """Users of a partition, at most."""
    return -(-rules.users // rules.partitions)


@kernel
def _plan(rules, partition, day, first_block, users, sessions):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    found = 0
    block = first_block
    user = user_at(block, partition, rules.partitions)
    while user < rules.users and found < users.shape[0]:
        word, _, _, _ = draw((rules.seed, _PLAN), user, day)
        mean = np.float64(activity_of(rules, user)) * rules.day_share[day]
        count = _poisson(mean, word, rules.sessions_max)
        if count == 0 and rules.first_visit and _joins(rules, user, day):
            count = 1
        if count > 0 and _is_here(rules, user, day) and not is_hostile(rules, user):
            users[found] = user
            sessions[found] = count
            found += 1
        block += 1
        user = user_at(block, partition, rules.partitions)
    return found, block


@kernel
def _introduce(rules, catalogue, day, plan, fits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(plan.user.shape[0]):
        introduce(rules, catalogue, plan.user[i], day, plan.taste[i], plan.interests[i], fits)


@inlined
def _joins(rules, user, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether a user joins on this day; on the first day nobody does, who is there was registered before."""
    arrives, _ = life_of(rules, user)
    return day > 0 and arrives == day


@inlined
def _is_here(rules, user, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    arrives, leaves = life_of(rules, user)
    return arrives <= day < leaves


@inlined
def _poisson(mean, word, most):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    u = (np.float64(word) + 0.5) * (1.0 / 4294967296.0)
    term = _exponential64(-mean)
    below = term
    count = 0
    while u >= below and count < most:
        count += 1
        term *= mean / count
        below += term
    return count


@inlined
def _exponential64(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    """e**x for x <= 0 in float64: e**(x / 1024) by five terms of its series, squared ten times (error below 1e-10)."""
    y = max(x, -700.0) / 1024.0
    p = 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6 + y * (1.0 / 24 + y * (1.0 / 120)))))
    for _ in range(10):
        p *= p
    return p
