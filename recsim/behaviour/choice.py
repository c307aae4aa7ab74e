"""How a user chooses: one multinomial logit over the page he looks at, and the funnel behind it.

U(u, i) = κ v_u·θ_i + γ_u log w_i + 0.3 q_i - β_u log(p_i / p_category). Of the products of a page A the one at place k
is taken with P(i | A) = k^-η e^U(i) / Σ_A k^-η e^U (McFadden 1974, with the examination of a position-based model). A
page shows M products drawn by popularity w: of two niches of a category, or of one niche. As M grows P tends to w e^U:
M says how much a user searches. A page stays open: the next product may be taken from what is left of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.aliases import pick as alias_pick
from recsim.behaviour.aliases import pick_cell, pick_pair
from recsim.behaviour.catalogue import ABSENT, APPEAL, FIXED_SCALE, LANES, OUTAGE, PRICE, WEIGHT
from recsim.behaviour.kernel import inlined
from recsim.behaviour.people import dot, phase_of
from recsim.behaviour.quantiles import exponential, logistic
from recsim.behaviour.season import OUTAGE_UNIT_MS
from recsim.rng import draw, stream_id

_CONSIDER = stream_id("session/consider")
_HABIT = stream_id("user/habit")
_UNIT32 = np.float32(1.0 / 4294967296.0)
_FIXED_UNIT = np.float32(1.0 / FIXED_SCALE)
_MOST = 64
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_HABITS = 4
_BYTE = np.uint32(24)
_BEHIND = LANES // 2

CART_TASTE = np.float32(1.2)
CART_PRICE = np.float32(0.35)
PURCHASE_SHARE = np.float32(0.5)
"""log odds of a cart = α_c + x with x = 1.2 v·θ + 0.3 q - 0.35 log(p / p_category); of a purchase = α_o + 0.5 x."""

MS, BOUGHT, SEEN, CATEGORY, OPEN, TAKEN, CARTED, HERE, CART_MOOD, PURCHASE_MOOD = range(10)
"""Positions in `Scratch.now`, the session at hand: ms of the day; products bought and seen; category; products on the
open page (0: none is open) and how often it was taken from; 1 right after a cart; slot last viewed; the words of the
session that carts and purchases which go together are decided by."""


class Scratch(NamedTuple):
    """Room of one worker: the user, the session and the page at hand.

    `seen` the last 16 slots seen, `bought` (·, 2) the slots bought and how many of each, `pending` (·, 3) reviews to be
    written: product, stars, salt; `slots` and `odds` the open page; `words` random words for it.
    """

    taste: NDArray[np.int16]
    interests: NDArray[np.int64]
    starts: NDArray[np.int64]
    now: NDArray[np.int64]
    seen: NDArray[np.int64]
    bought: NDArray[np.int64]
    pending: NDArray[np.int64]
    slots: NDArray[np.int64]
    odds: NDArray[np.float32]
    words: NDArray[np.uint32]
    niches: NDArray[np.int64]


def scratch(lanes: int, interests: int, sessions_max: int, length_max: int) -> Scratch:
    return Scratch(
        taste=np.zeros(lanes, np.int16),
        interests=np.zeros(interests, np.int64),
        starts=np.zeros(sessions_max + 4, np.int64),
        now=np.zeros(10, np.int64),
        seen=np.zeros(16, np.int64),
        bought=np.zeros((length_max + 1, 2), np.int64),
        pending=np.zeros((32, 3), np.int64),
        slots=np.zeros(_MOST, np.int64),
        odds=np.zeros(_MOST, np.float32),
        words=np.zeros(2 * _MOST + 4, np.uint32),
        niches=np.zeros(_MOST, np.int64),
    )


@inlined
def _fixed(catalogue, slot, which):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    """One of the 16-bit numbers behind a slot's taste: see `Catalogue.shelf`."""
    return np.float32(catalogue.short[slot, catalogue.short.shape[1] - _BEHIND + which]) * _FIXED_UNIT


@inlined
def niche_of(catalogue, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The niche a slot stands in."""
    return np.int64(catalogue.niche_at[slot])


@inlined
def product_of(catalogue, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The product in a slot."""
    return np.int64(catalogue.long[slot, catalogue.long.shape[1] - 1])


@inlined
def is_sold(catalogue, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Whether a product is in the catalogue today."""
    return catalogue.short[slot, catalogue.short.shape[1] - _BEHIND + WEIGHT] != ABSENT


@inlined
def in_stock(catalogue, slot, ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Whether a product is in stock at a time of the day."""
    outage = np.int64(catalogue.short[slot, catalogue.short.shape[1] - _BEHIND + OUTAGE])
    unit = ms // OUTAGE_UNIT_MS
    return not ((outage & 255) <= unit < ((outage >> 8) & 255))


@inlined
def utility(rules, catalogue, taste, weights, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """U(u, i); `weights` are β_u and γ_u."""
    fit = np.float32(dot(taste, catalogue.shelf, slot)) * catalogue.scale
    fixed = _fixed(catalogue, slot, APPEAL) + weights[0] * _fixed(catalogue, slot, PRICE)
    return rules.taste_weight * fit + fixed + weights[1] * _fixed(catalogue, slot, WEIGHT)


@inlined
def open_page(rules, catalogue, scratch, weights, category, niche, user, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Lay out a page of a niche, or where that is negative a listing of a category, with the odds of its products.

    The product in view and what is sold out have none.
    """
    size, mixed = rules.candidates, 0
    if niche < 0:
        mixed = rules.page_niches
    for block in range((size + mixed + 3) // 4):
        w0, w1, w2, w3 = draw((rules.seed, _CONSIDER), user, counter + block)
        at = block * 4
        scratch.words[at], scratch.words[at + 1], scratch.words[at + 2], scratch.words[at + 3] = w0, w1, w2, w3
    first = catalogue.start[category]
    niches = catalogue.start[category + 1] - first
    scratch.niches[0] = niche
    for k in range(mixed):
        scratch.niches[k] = pick_pair(catalogue.listing, first, niches, scratch.words[size + k])
    k = 0
    for m in range(size):
        place = catalogue.listing[scratch.niches[k], 1]
        low, members = np.int64(place & _LOW), np.int64(place >> _SHIFT)
        scratch.slots[m] = pick_cell(catalogue.long, low, members, scratch.words[m])
        k = k + 1 if k + 1 < mixed else 0
    for m in range(size):
        scratch.odds[m] = utility(rules, catalogue, scratch.taste, weights, scratch.slots[m])
    lanes = (size + 7) // 8 * 8
    odds, examined = scratch.odds[:lanes], rules.examined[:lanes]
    for m in range(lanes):
        odds[m] = exponential(min(max(odds[m], np.float32(-40.0)), np.float32(40.0))) * examined[m]
    for m in range(size):
        if scratch.slots[m] == scratch.now[HERE] or not in_stock(catalogue, scratch.slots[m], scratch.now[MS]):
            scratch.odds[m] = np.float32(0.0)
    scratch.now[OPEN] = size
    scratch.now[TAKEN] = 0


@inlined
def take(catalogue, scratch, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The slot a user takes from the open page; `word` is a random word of 16 bits. Nothing is taken twice.

    Where all that is left is sold out he looks at the first product of the page's niche all the same.
    """
    size = scratch.now[OPEN]
    total = np.float32(0.0)
    for m in range(size):
        total += scratch.odds[m]
    scratch.now[TAKEN] += 1
    if total <= np.float32(0.0):
        return catalogue.niche[scratch.niches[0]]
    left = total * ((np.float32(word) + np.float32(0.5)) * np.float32(1.0 / 65536.0))
    m = 0
    while m < size - 1 and left >= scratch.odds[m]:
        left -= scratch.odds[m]
        m += 1
    scratch.odds[m] = np.float32(0.0)
    return scratch.slots[m]


@inlined
def habit_of(rules, catalogue, scratch, user, day, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Turn to one of the products a user comes back to in this period, where it is sold today.

    Four of them, in his preferred categories, taken half, a quarter and an eighth each of the time; each the best
    fitting of four drawn by popularity. A function of user and period only, so he finds it again on any day.
    """
    which = np.int64(0)
    while which < _HABITS - 1 and (word >> np.uint32(which)) & np.uint32(1):
        which += 1
    category = scratch.interests[min(which // 2, scratch.interests.shape[0] - 1)]
    first = catalogue.start[category]
    period = (phase_of(user, day, rules.habit_days) << 8) | (which << 4)
    best, found = np.int64(-(1 << 60)), np.int64(-1)
    niches = draw((rules.seed, _HABIT), user, period)
    products = draw((rules.seed, _HABIT), user, period | 1)
    for k in range(_HABITS):
        niche = alias_pick(catalogue.usual_niche_alias, first, catalogue.start[category + 1] - first, niches[k])
        low = catalogue.niche[niche]
        slot = alias_pick(catalogue.usual_alias, low, catalogue.niche[niche + 1] - low, products[k])
        fit = np.int64(dot(scratch.taste, catalogue.shelf, slot))
        if fit > best:
            best, found = fit, slot
    if is_sold(catalogue, found):
        scratch.now[HERE], scratch.now[CATEGORY] = found, category


@inlined
def fit_of(catalogue, taste, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """v·θ: the true affinity of a user to a product."""
    return np.float32(dot(taste, catalogue.shelf, slot)) * catalogue.scale


@inlined
def desire(catalogue, slot, fit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """x: what drives cart and purchase."""
    return CART_TASTE * fit + _fixed(catalogue, slot, APPEAL) + CART_PRICE * _fixed(catalogue, slot, PRICE)


@inlined
def happens_by_odds(rules, log_odds, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Whether a random word is below the probability of these log odds; most are not, which one look-up tells."""
    return log_odds >= rules.least_odds[word >> _BYTE] and happens(logistic(log_odds), word)


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
