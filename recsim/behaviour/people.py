"""Who a user is: traits, taste and interests, each a pure function of the user's number.

Kernels only. Nothing about a user is kept: 500 million registered users cost no memory, the traits of an active one are
drawn again when needed.
"""

from __future__ import annotations

import numpy as np

from recsim.behaviour.aliases import pick as alias_pick
from recsim.behaviour.kernel import dot16, inlined
from recsim.behaviour.quantiles import at
from recsim.rng import draw, mix32, stream_id

_TRAITS = stream_id("user/traits")
_TASTE = stream_id("user/taste")
_INTERESTS = stream_id("user/interests")
_ACCOUNT = stream_id("hostile/account")
_LOW16 = np.uint32(0xFFFF)
_HALF = np.uint32(16)
_LOW8 = np.uint32(0xFF)
_SHIFT = np.uint64(32)

CONSIDERED_CATEGORIES = 8
"""Categories a user looks at before settling on the ones whose mean taste fits best."""


@inlined
def below(word, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """A number 0 .. size - 1 of a random word."""
    return np.int64((np.uint64(word) * np.uint64(size)) >> _SHIFT)


@inlined
def hostile_user(rules, account):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The user who is hostile account `account`; see `adversaries`."""
    word, _, _, _ = draw((rules.seed, _ACCOUNT), account, 0)
    return account * rules.hostile_stride + below(word, rules.hostile_stride)


@inlined
def is_hostile(rules, user):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Whether a user is no customer."""
    account = user // rules.hostile_stride
    return account < rules.hostile and hostile_user(rules, account) == user


@inlined
def first_below(thresholds, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The first position whose threshold exceeds the word, or the number of thresholds."""
    chosen = 0
    while chosen < thresholds.shape[0] and np.int64(word) >= thresholds[chosen]:
        chosen += 1
    return chosen


@inlined
def activity_of(rules, user):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Expected sessions a day."""
    word, _, _, _ = draw((rules.seed, _TRAITS), user, 0)
    return at(rules.activity, word)


@inlined
def home_of(rules, user):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Tenant, region, time zone (minutes from UTC) and favourite device (0 mobile, 1 web) of a user."""
    _, w1, w2, w3 = draw((rules.seed, _TRAITS), user, 0)
    region = first_below(rules.region_below, w1 & _LOW16)
    offset = rules.offset_minutes[region, (w1 >> _HALF) & np.uint32(3)]
    tenant = first_below(rules.tenant_below, w2 & _LOW16)
    device = 0 if np.int64(w3 & _LOW16) < rules.mobile_below else 1
    return tenant, region, offset, device


@inlined
def weights_of(rules, user):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Weights of log price and of log popularity in a user's utility."""
    w0, w1, _, _ = draw((rules.seed, _TRAITS), user, 1)
    return at(rules.sensitivity, w0), at(rules.conformity, w1)


@inlined
def life_of(rules, user):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The first day a user can be active, and the first day he is gone for good; days of the world.

    Who is registered before the world is there on its first day. The time until a user leaves is Lomax: exponential,
    with a rate that is gamma distributed over users, as in the Pareto/NBD model (Schmittlein, Morrison, Colombo 1987).
    """
    _, _, w2, w3 = draw((rules.seed, _TRAITS), user, 1)
    arrives = np.int64(0)
    if np.int64(w2) < rules.new_under:
        arrives = np.int64((np.uint64(w2) * np.uint64(rules.days)) // np.uint64(rules.new_under))
    return arrives, arrives + 1 + np.int64(at(rules.lifetime_days, w3))


@inlined
def phase_of(user, day, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Which period of `length` days a day falls in; the periods of users are shifted against each other."""
    return (day + np.int64(mix32(user)) % length) // length


@inlined
def taste_of(rules, user, day, taste):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Fill the stored (scaled) taste of a user on a day: int16 (D,), zero beyond the scenario's dimensions.

    v = √(1 - s) v_own + √s v_phase: one part is the user's for good, the other is drawn again at every change point.
    """
    phase = phase_of(user, day, rules.taste_days)
    for block in range((rules.dimensions + 15) // 16):
        own = draw((rules.seed, _TASTE), user, block)
        now = draw((rules.seed, _TASTE), user, ((phase + 1) << 8) | block)
        for j in range(4):
            for k in range(4):
                position = block * 16 + j * 4 + k
                if position < rules.dimensions:
                    stays = np.int32(rules.taste[(own[j] >> np.uint32(8 * k)) & _LOW8])
                    moves = np.int32(rules.taste[(now[j] >> np.uint32(8 * k)) & _LOW8])
                    taste[position] = (stays * rules.taste_stays + moves * rules.taste_moves + 128) >> 8


@inlined
def dot(taste, rows, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Integer dot product of a padded user taste with the first as many numbers of one of many rows."""
    total = np.int32(0)
    for lane in range(0, taste.shape[0], 16):
        total += dot16(taste, rows, row, lane)
    return total


@inlined
def interests_of(rules, catalogue, user, tenant, taste, interests, fits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Fill the preferred categories, best first: of 8 drawn by demand, those whose mean taste fits the user's best."""
    first = catalogue.tenant_start[tenant]
    size = catalogue.tenant_start[tenant + 1] - first
    interests[:] = -1
    fits[:] = -(1 << 60)
    for block in range(CONSIDERED_CATEGORIES // 4):
        for word in draw((rules.seed, _INTERESTS), user, block):
            category = alias_pick(catalogue.usual_category_alias, first, size, word)
            _keep_best(interests, fits, category, np.int64(dot(taste, catalogue.mean, category)))
    for k in range(1, interests.shape[0]):
        if interests[k] < 0:
            interests[k] = interests[k - 1]


@inlined
def introduce(rules, catalogue, user, day, taste, interests, fits):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Fill the taste and the preferred categories of a user on a day; returns his home, as `home_of` does."""
    home = home_of(rules, user)
    taste_of(rules, user, day, taste)
    interests_of(rules, catalogue, user, home[0], taste, interests, fits)
    return home


@inlined
def _keep_best(interests, fits, category, fit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    for k in range(interests.shape[0]):
        if interests[k] == category:
            return
    k = interests.shape[0]
    while k > 0 and fit > fits[k - 1]:
        k -= 1
        if k + 1 < interests.shape[0]:
            fits[k + 1], interests[k + 1] = fits[k], interests[k]
    if k < interests.shape[0]:
        fits[k], interests[k] = fit, category
