"""How a user chooses: one multinomial logit over a small consideration set, and the funnel behind it.

U(u, i) = κ v_u·θ_i + γ_u log w_i + 0.3 q_i - β_u log(p_i / p_category); P(i | A) = e^U / Σ_A e^U (McFadden 1974), where
A holds M draws from the category by popularity w. As M grows P tends to w e^U: M says how much a user searches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.catalogue import FIXED_SCALE, LANES
from recsim.behaviour.kernel import inlined
from recsim.behaviour.people import alias_pick, dot
from recsim.behaviour.quantiles import exponential
from recsim.rng import draw, stream_id

_CONSIDER = stream_id("session/consider")
_UNIT32 = np.float32(1.0 / 4294967296.0)
_FIXED_UNIT = np.float32(1.0 / FIXED_SCALE)
_MOST = 64

CART_TASTE = np.float32(1.2)
CART_PRICE = np.float32(0.35)
PURCHASE_SHARE = np.float32(0.5)
"""log odds of a cart = α_c + x with x = 1.2 v·θ + 0.3 q - 0.35 log(p / p_category); of a purchase = α_o + 0.5 x."""


class Scratch(NamedTuple):
    """Room of one worker: the user, the session and the consideration set at hand.

    `now` int64 (4,): time (ms of the day), products bought, products seen, category. `seen` the last 16 slots seen,
    `bought` the slots bought, `pending` (·, 3) reviews to be written: product, stars, salt.
    """

    taste: NDArray[np.int16]
    interests: NDArray[np.int64]
    matches: NDArray[np.int64]
    starts: NDArray[np.int64]
    now: NDArray[np.int64]
    seen: NDArray[np.int64]
    bought: NDArray[np.int64]
    pending: NDArray[np.int64]
    slots: NDArray[np.int64]
    fits: NDArray[np.float32]
    odds: NDArray[np.float32]


def scratch(lanes: int, interests: int, sessions_max: int, length_max: int) -> Scratch:
    return Scratch(
        taste=np.zeros(lanes, np.int16),
        interests=np.zeros(interests, np.int64),
        matches=np.zeros(interests, np.int64),
        starts=np.zeros(sessions_max + 4, np.int64),
        now=np.zeros(4, np.int64),
        seen=np.zeros(16, np.int64),
        bought=np.zeros(length_max + 1, np.int64),
        pending=np.zeros((32, 3), np.int64),
        slots=np.zeros(_MOST + 4, np.int64),
        fits=np.zeros(_MOST, np.float32),
        odds=np.zeros(_MOST, np.float32),
    )


@inlined
def _fixed(row, byte):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    """One of the 16-bit numbers behind a slot's taste: see `Catalogue.shelf`."""
    at = row.shape[0] - LANES + byte
    return np.float32(np.int32(row[at]) * 256 + (np.int32(row[at + 1]) & 255)) * _FIXED_UNIT


@inlined
def choose(rules, catalogue, scratch, weights, category, user, counter, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The slot a user views next in a category; `word` is a random word of 16 bits."""
    start = catalogue.start[category]
    size = catalogue.start[category + 1] - start
    candidates = rules.candidates
    for block in range((candidates + 3) // 4):
        w0, w1, w2, w3 = draw((rules.seed, _CONSIDER), user, counter + block)
        at = block * 4
        scratch.slots[at] = alias_pick(catalogue.alias, start, size, w0)
        scratch.slots[at + 1] = alias_pick(catalogue.alias, start, size, w1)
        scratch.slots[at + 2] = alias_pick(catalogue.alias, start, size, w2)
        scratch.slots[at + 3] = alias_pick(catalogue.alias, start, size, w3)
    for m in range(candidates):
        row = catalogue.shelf[scratch.slots[m]]
        fit = np.float32(dot(scratch.taste, row)) * catalogue.scale
        fixed = _fixed(row, 0) + weights[0] * _fixed(row, 2) + weights[1] * _fixed(row, 4)
        scratch.fits[m] = rules.taste_weight * fit + fixed
    total = np.float32(0.0)
    for m in range(candidates):
        scratch.odds[m] = exponential(min(max(scratch.fits[m], np.float32(-40.0)), np.float32(40.0)))
    for m in range(candidates):
        total += scratch.odds[m]
    left = total * ((np.float32(word) + np.float32(0.5)) * np.float32(1.0 / 65536.0))
    m = 0
    while m < candidates - 1 and left >= scratch.odds[m]:
        left -= scratch.odds[m]
        m += 1
    return scratch.slots[m]


@inlined
def fit_of(catalogue, taste, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """v·θ: the true affinity of a user to a product."""
    return np.float32(dot(taste, catalogue.shelf[slot])) * catalogue.scale


@inlined
def desire(catalogue, slot, fit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """x: what drives cart and purchase."""
    row = catalogue.shelf[slot]
    return CART_TASTE * fit + _fixed(row, 0) + CART_PRICE * _fixed(row, 2)


@inlined
def happens(probability, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    return np.float32(word) * _UNIT32 < probability


@inlined
def satisfaction(catalogue, slot, fit, noise):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """y = 0.55 q + 0.4 v·θ + 0.8 z + 0.9: what a buyer thinks of a product afterwards."""
    return (
        np.float32(0.55) * catalogue.quality[slot] + np.float32(0.4) * fit + np.float32(0.8) * noise + np.float32(0.9)
    )


@inlined
def outspoken(y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """How much a satisfaction moves one to write: the delighted and the angry review more (Hu, Pavlou, Zhang 2009)."""
    return np.float32(0.6) + abs(y - np.float32(0.6))


@inlined
def stars_of(cuts, y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """One to five stars."""
    stars = 1
    for k in range(4):
        if y >= cuts[k]:
            stars += 1
    return stars
