"""The sessions of a day: a user's starts, then every session expanded into events, then the reviews he writes.

All sessions of a user on a day are drawn in time order, so two of them never stand closer than the rest time. A
session belongs to the UTC day it starts in; it is cut where the day ends.
"""

from __future__ import annotations

import numpy as np

from recsim.behaviour import draft as rows
from recsim.behaviour.aliases import pick as alias_pick
from recsim.behaviour.choice import (
    BOUGHT,
    CART_MOOD,
    CARTED,
    CATEGORY,
    HERE,
    MS,
    OPEN,
    PURCHASE_MOOD,
    PURCHASE_SHARE,
    SEEN,
    TAKEN,
    desire,
    fit_of,
    habit_of,
    happens,
    happens_by_odds,
    in_stock,
    niche_of,
    open_page,
    outspoken,
    product_of,
    satisfaction,
    stars_of,
    take,
)
from recsim.behaviour.draft import NO_PRODUCT, NO_REFERENCE, PENDING, QUERIES, REVIEWS, SESSIONS, push
from recsim.behaviour.kernel import inlined, kernel, prefetch
from recsim.behaviour.people import first_below, home_of, weights_of
from recsim.behaviour.quantiles import at, logistic
from recsim.behaviour.rules import CLOSE_MS, DAY_MS
from recsim.behaviour.votes import pick_old
from recsim.rng import draw, stream_id

_START = stream_id("session/start")
_FRAME = stream_id("session/frame")
_SEARCH = stream_id("session/search")
_STEP = stream_id("session/step")
_CATEGORY = stream_id("session/category")
_BUY = stream_id("session/buy")
_REVIEW = stream_id("review/write")
_LOW16 = np.uint32(0xFFFF)
_HALF = np.uint32(16)
_SAME_DEVICE = 52429  # 0.8 of 2**16
_UNIT16 = np.float32(1.0 / 65536.0)
LAST_MS = np.int64(DAY_MS - CLOSE_MS)
END_MS = np.int64(DAY_MS - 1)

_AGAIN_LAST, _AGAIN, _SAME_PAGE, _SIMILAR, _COMPLEMENT, _LISTING = range(6)
"""Positions in a row of `Rules.moves`."""

_TAKES = 3
"""Products taken from one page at most."""


@kernel
def expand(rules, catalogue, draft, scratch, day, plan, first):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw the day of the planned users from position `first` on; returns the position where room ran out."""
    last = plan.user.shape[0] - 1
    for place in range(first, plan.user.shape[0]):
        i, soon = plan.order[place], plan.order[min(place + 2, last)]
        prefetch(plan.taste, soon)
        prefetch(plan.interests, soon)
        prefetch(plan.user, soon)
        prefetch(plan.sessions, soon)
        count = plan.sessions[i]
        most = (count + 1) * (rules.length_max * 8 + 16)
        room = draft.events.shape[0] - draft.counters[rows.EVENTS]
        if room < most or draft.session.shape[0] - draft.counters[SESSIONS] < count + 1:
            return place
        user = plan.user[i]
        tenant, _, offset, favourite = home_of(rules, user)
        who = (user, day, np.int64(tenant), np.int64(favourite))
        for k in range(scratch.taste.shape[0]):
            scratch.taste[k] = plan.taste[i, k]
        for k in range(scratch.interests.shape[0]):
            scratch.interests[k] = plan.interests[i, k]
        weights = weights_of(rules, user)
        draft.counters[PENDING] = 0
        _draw_starts(rules, scratch.starts, user, day, count, offset)
        free_ms = np.int64(0)
        for k in range(count):
            start = max(scratch.starts[k], free_ms)
            if start >= LAST_MS:
                break
            scratch.now[MS] = start
            _session(rules, catalogue, draft, scratch, weights, who, (day << 40) | (k << 30))
            free_ms = scratch.now[MS] + rules.rest_ms
        _write_reviews(rules, draft, scratch, who, free_ms)
    return plan.user.shape[0]


@inlined
def _draw_starts(rules, starts, user, day, count, offset):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Session starts in ms of the UTC day, ascending: the profile of the user's own clock, turned by his time zone."""
    table = rules.weekend_start_ms if rules.is_weekend[day] else rules.start_ms
    for block in range((count + 3) // 4):
        words = draw((rules.seed, _START), user, (day << 8) | block)
        for j in range(4):
            local = np.int64(at(table, words[j]))
            starts[block * 4 + j] = (local - offset * 60_000 + DAY_MS) % DAY_MS
    for i in range(1, count):
        value = starts[i]
        j = i - 1
        while j >= 0 and starts[j] > value:
            starts[j + 1] = starts[j]
            j -= 1
        starts[j + 1] = value


@inlined
def _pass(scratch, table, word, latest):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Let a random time go by, up to `latest`; returns the new time."""
    now = min(scratch.now[MS] + np.int64(at(table, word)), latest)
    scratch.now[MS] = now
    return now


@inlined
def _open(draft, who, ms, device):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = draft.session[draft.counters[SESSIONS]]
    row[0], row[1], row[2], row[3], row[4], row[5] = who[0], who[2] * 2 + device, -1, ms, ms, 0
    draft.counters[SESSIONS] += 1
    push(draft, rows.START, ms, NO_PRODUCT, NO_REFERENCE)


@inlined
def _close(draft, rules, scratch, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """End the newest session a pause after its last event."""
    end = _pass(scratch, rules.pause_ms, word, END_MS)
    push(draft, rows.END, end, NO_PRODUCT, NO_REFERENCE)
    draft.session[draft.counters[SESSIONS] - 1, 4] = end


@inlined
def _pick_category(rules, catalogue, scratch, who, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Turn to one of the user's interests, or to any of the tenant's categories by demand; returns spare words."""
    w0, w1, w2, w3 = draw((rules.seed, _CATEGORY), who[0], counter)
    interest = first_below(rules.interest_under, w0)
    if interest < scratch.interests.shape[0]:
        scratch.now[CATEGORY] = scratch.interests[interest]
    else:
        first = catalogue.tenant_start[who[2]]
        size = catalogue.tenant_start[who[2] + 1] - first
        scratch.now[CATEGORY] = alias_pick(catalogue.category_alias, first, size, w1)
    return w2, w3


@inlined
def _session(rules, catalogue, draft, scratch, weights, who, frame):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One session that starts now, from its start event to its end event."""
    w0, w1, w2, w3 = draw((rules.seed, _FRAME), who[0], frame)
    device = who[3]
    if np.int64(w0 & _LOW16) >= _SAME_DEVICE:
        device = np.int64(np.int64(w0 >> _HALF) >= rules.mobile_below)
    _open(draft, who, scratch.now[MS], device)
    pause, salt = _pick_category(rules, catalogue, scratch, who, frame)
    _pass(scratch, rules.pause_ms, pause, LAST_MS)
    scratch.now[HERE] = -1
    if np.int64(w2 & _LOW16) < rules.habit_below:
        habit_of(rules, catalogue, scratch, who[0], who[1], w2 >> _HALF)
    searches = np.int64(w3) < rules.search_under
    if searches:
        _search(rules, draft, scratch, who, frame, salt)
    length = int(at(rules.length, w1))
    scratch.now[BOUGHT] = 0
    scratch.now[SEEN] = 0
    scratch.now[OPEN] = 0
    scratch.now[CARTED] = 0
    e0, e1, cart_mood, purchase_mood = draw((rules.seed, _FRAME), who[0], frame | 1)
    scratch.now[CART_MOOD] = np.int64(cart_mood)
    scratch.now[PURCHASE_MOOD] = np.int64(purchase_mood)
    for step in range(length):
        if not _view(rules, catalogue, draft, scratch, weights, who, frame | (step << 8)):
            break
        if searches and step == 0:
            _describe(draft, scratch)
    if scratch.now[BOUGHT]:
        ms = _pass(scratch, rules.pause_ms, e1, END_MS)
        for i in range(scratch.now[BOUGHT]):
            push(draft, rows.PURCHASE, ms, product_of(catalogue, scratch.bought[i, 0]), scratch.bought[i, 1])
    _close(draft, rules, scratch, e0)


@inlined
def _decides(own, mood, together_below):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The random word a step is decided by: its own, or with the share that goes together the session's.

    Either is uniform, so every single probability stays what it is; only how often steps of a session agree changes.
    """
    return np.uint32(mood) if np.int64(own & _LOW16) < together_below else own


@inlined
def _search(rules, draft, scratch, who, frame, salt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A search for the session's category, perhaps a second one, and a look at what was found."""
    w0, w1, w2, _ = draw((rules.seed, _SEARCH), who[0], frame)
    _ask(draft, scratch, salt, np.int64(0))
    _pass(scratch, rules.pause_ms, w1, LAST_MS)
    if np.int64(w0) < rules.refine_under:
        _ask(draft, scratch, salt, np.int64(1))
        _pass(scratch, rules.pause_ms, w2, LAST_MS)


@inlined
def _ask(draft, scratch, salt, step):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    query = draft.counters[QUERIES]
    row = draft.query[query]
    row[0], row[1], row[2] = draft.counters[SESSIONS] - 1, scratch.now[CATEGORY], scratch.now[MS]
    row[3], row[4], row[5] = np.int64(salt), 0, step
    draft.counters[QUERIES] += 1
    push(draft, rows.SEARCH, scratch.now[MS], NO_PRODUCT, query)


@inlined
def _describe(draft, scratch):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Tell the searches of the newest session which slot was viewed next: see `queries`."""
    query = draft.counters[QUERIES] - 1
    draft.query[query, 4] = scratch.seen[0]
    if draft.query[query, 5]:
        draft.query[query - 1, 4] = scratch.seen[0]


@inlined
def _view(rules, catalogue, draft, scratch, weights, who, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Go on to a product and perhaps into the cart or to a vote; False where the day is over."""
    w0, w1, w2, w3 = draw((rules.seed, _STEP), who[0], counter)
    seen = scratch.now[SEEN]
    if seen and _pass(scratch, rules.gap_ms, w1, LAST_MS) == LAST_MS:
        return False
    slot = _next(rules, catalogue, scratch, weights, who, counter, w0, w2 >> _HALF)
    scratch.seen[seen % 16] = slot
    scratch.now[SEEN] = seen + 1
    scratch.now[HERE] = slot
    scratch.now[CARTED] = 0
    product = product_of(catalogue, slot)
    w3 = _decides(w3, scratch.now[CART_MOOD], rules.carts_together_below)
    push(draft, rows.VIEW, scratch.now[MS], product, np.int64(w3))
    fit = fit_of(catalogue, scratch.taste, slot)
    x = desire(catalogue, slot, fit)
    if happens_by_odds(rules, rules.cart_intercept + x, w3) and in_stock(catalogue, slot, scratch.now[MS]):
        _cart(rules, catalogue, draft, scratch, who, counter, slot, x, fit)
    if np.int64(w2 & _LOW16) < rules.vote_below:
        _vote(rules, catalogue, draft, scratch, who, counter, slot)
    return True


@inlined
def _next(rules, catalogue, scratch, weights, who, counter, word, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The slot viewed next: one seen before, one of the open page, or one of a new page, which stays open."""
    seen, here = scratch.now[SEEN], scratch.now[HERE]
    moves = rules.moves[scratch.now[CARTED]]
    move = np.int64(word & _LOW16)
    niche = np.int64(-1)
    if seen == 0:
        if here >= 0:
            return here
    elif move < moves[_AGAIN_LAST]:
        return here
    elif move < moves[_AGAIN]:
        return scratch.seen[np.int64(other) % min(seen, 16)]
    elif move < moves[_SAME_PAGE] and scratch.now[OPEN] > 0 and scratch.now[TAKEN] < _TAKES:
        return take(catalogue, scratch, word >> _HALF)
    elif move < moves[_SIMILAR]:
        niche = niche_of(catalogue, here)
    elif move < moves[_COMPLEMENT]:
        niche = catalogue.complement[niche_of(catalogue, here), np.int64(other) % 3]
    elif move >= moves[_LISTING]:
        _pick_category(rules, catalogue, scratch, who, counter)
    open_page(rules, catalogue, scratch, weights, scratch.now[CATEGORY], niche, who[0], counter)
    return take(catalogue, scratch, word >> _HALF)


@inlined
def _cart(rules, catalogue, draft, scratch, who, counter, slot, x, fit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Into the cart; perhaps bought at the session's end, and perhaps reviewed later that day."""
    w0, w1, w2, w3 = draw((rules.seed, _BUY), who[0], counter)
    product = product_of(catalogue, slot)
    w0 = _decides(w0, scratch.now[PURCHASE_MOOD], rules.purchases_together_below)
    scratch.now[CARTED] = 1
    push(draft, rows.CART, _pass(scratch, rules.pause_ms, w3, END_MS), product, np.int64(w0))
    if happens(logistic(rules.purchase_intercept + PURCHASE_SHARE * x), w0):
        scratch.bought[scratch.now[BOUGHT], 0] = slot
        scratch.bought[scratch.now[BOUGHT], 1] = first_below(rules.quantity_below, w2 & _LOW16) + 1
        scratch.now[BOUGHT] += 1
        y = satisfaction(catalogue, slot, fit, at(rules.normal, w1))
        pending = draft.counters[PENDING]
        if happens(rules.review_scale * outspoken(y), w2) and pending < scratch.pending.shape[0]:
            row = scratch.pending[pending]
            row[0], row[1], row[2] = product, stars_of(rules.star_cuts, y), np.int64(w1 ^ w3)
            draft.counters[PENDING] += 1


@inlined
def _vote(rules, catalogue, draft, scratch, who, counter, slot):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A vote on a review of the viewed product that was there before the world began; see `votes`."""
    product = product_of(catalogue, slot)
    first = catalogue.reviews_before[product]
    size = catalogue.reviews_before[product + 1] - first
    if size == 0:
        return
    review, kind, word = pick_old(rules, catalogue.quality[slot], first, size, who[0], counter)
    if kind >= 0:
        push(draft, kind, _pass(scratch, rules.pause_ms, word, END_MS), product, review)


@inlined
def _write_reviews(rules, draft, scratch, who, free_ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One more session, later the same day, in which a buyer reviews what he bought; none where the day is over."""
    written = draft.counters[PENDING]
    if written == 0 or free_ms >= LAST_MS:
        return
    w0, w1, w2, _ = draw((rules.seed, _REVIEW), who[0], who[1])
    scratch.now[MS] = free_ms + np.int64(np.float32(w0 >> _HALF) * _UNIT16 * np.float32(LAST_MS - free_ms))
    _open(draft, who, scratch.now[MS], who[3])
    for i in range(written):
        product, stars, salt = scratch.pending[i]
        ms = _pass(scratch, rules.gap_ms, w1, END_MS)
        review = draft.counters[REVIEWS]
        row = draft.review[review]
        row[0], row[1], row[2], row[3] = draft.counters[SESSIONS] - 1, product, ms, stars
        row[4], row[5] = salt, -1
        draft.counters[REVIEWS] += 1
        push(draft, rows.SUBMIT, ms, product, review)
    _close(draft, rules, scratch, w2)
