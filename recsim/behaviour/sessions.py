"""The sessions of a day: a user's starts, then every session expanded into events, then the reviews he writes.

All sessions of a user on a day are drawn in time order, so two of them never stand closer than the rest time. A
session belongs to the UTC day it starts in; it is cut where the day ends.
"""

from __future__ import annotations

import numpy as np

from recsim.behaviour import draft as rows
from recsim.behaviour.choice import (
    PURCHASE_SHARE,
    choose,
    desire,
    fit_of,
    happens,
    outspoken,
    satisfaction,
    stars_of,
)
from recsim.behaviour.draft import NO_PRODUCT, NO_REFERENCE, PENDING, QUERIES, REVIEWS, SESSIONS, USER_EVENTS, push
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.people import alias_pick, first_below, home_of, interests_of, taste_of, weights_of
from recsim.behaviour.quantiles import at, logistic
from recsim.behaviour.rules import CLOSE_MS, DAY_MS
from recsim.behaviour.votes import pick_old
from recsim.rng import draw, stream_id, user_at

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

MS, BOUGHT, SEEN, CATEGORY = range(4)
"""Positions in `Scratch.now`: the session at hand."""


@kernel
def expand(rules, catalogue, draft, scratch, partition, day, blocks, counts, first):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw the day of the planned users from position `first` on; returns the position where room ran out."""
    for i in range(first, blocks.shape[0]):
        most = (counts[i] + 1) * (rules.length_max * 8 + 16)
        room = draft.events.shape[0] - draft.counters[rows.EVENTS]
        if room < most or draft.session.shape[0] - draft.counters[SESSIONS] < counts[i] + 1:
            return i
        user = user_at(blocks[i], partition, rules.partitions)
        tenant, _, offset, favourite = home_of(rules, user)
        who = (user, day, np.int64(tenant), np.int64(favourite))
        taste_of(rules, user, scratch.taste)
        interests_of(rules, catalogue, user, tenant, scratch.taste, scratch.interests, scratch.matches)
        weights = weights_of(rules, user)
        draft.counters[USER_EVENTS] = 0
        draft.counters[PENDING] = 0
        _draw_starts(rules, scratch.starts, user, day, counts[i], offset)
        free_ms = np.int64(0)
        for k in range(counts[i]):
            start = max(scratch.starts[k], free_ms)
            if start >= LAST_MS:
                break
            scratch.now[MS] = start
            _session(rules, catalogue, draft, scratch, weights, who, (day << 40) | (k << 30))
            free_ms = scratch.now[MS] + rules.rest_ms
        _write_reviews(rules, draft, scratch, who, free_ms)
    return blocks.shape[0]


@inlined
def _draw_starts(rules, starts, user, day, count, offset):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Session starts in ms of the UTC day, ascending: the profile of the user's own clock, turned by his time zone."""
    for block in range((count + 3) // 4):
        words = draw((rules.seed, _START), user, (day << 8) | block)
        for j in range(4):
            local = np.int64(at(rules.start_ms, words[j]))
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
def _open(draft, rules, who, ms, device):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = draft.session[draft.counters[SESSIONS]]
    row[0], row[1], row[2], row[3], row[4], row[5] = who[0], who[2] * 2 + device, -1, ms, ms, 0
    draft.counters[SESSIONS] += 1
    push(draft, rules, who, rows.START, ms, NO_PRODUCT, NO_REFERENCE)


@inlined
def _close(draft, rules, scratch, who, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """End the newest session a pause after its last event."""
    end = _pass(scratch, rules.pause_ms, word, END_MS)
    push(draft, rules, who, rows.END, end, NO_PRODUCT, NO_REFERENCE)
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
    _open(draft, rules, who, scratch.now[MS], device)
    pause, salt = _pick_category(rules, catalogue, scratch, who, frame)
    _pass(scratch, rules.pause_ms, pause, LAST_MS)
    searches = np.int64(w3) < rules.search_under
    if searches:
        _search(rules, draft, scratch, who, frame, salt)
    length = 1
    if np.int64(w1) >= rules.bounce_under:
        drawn = int(at(rules.length, w2))
        length = min(1 + max(drawn, 1), rules.length_max)
    scratch.now[BOUGHT] = 0
    scratch.now[SEEN] = 0
    for step in range(length):
        if not _view(rules, catalogue, draft, scratch, weights, who, frame | (step << 8)):
            break
        if searches and step == 0:
            _describe(draft, scratch)
    e0, e1, _, _ = draw((rules.seed, _FRAME), who[0], frame | 1)
    if scratch.now[BOUGHT]:
        ms = _pass(scratch, rules.pause_ms, e1, END_MS)
        for i in range(scratch.now[BOUGHT]):
            push(draft, rules, who, rows.PURCHASE, ms, catalogue.product[scratch.bought[i]], NO_REFERENCE)
    _close(draft, rules, scratch, who, e0)


@inlined
def _search(rules, draft, scratch, who, frame, salt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A search for the session's category, perhaps a second one, and a look at what was found."""
    w0, w1, w2, _ = draw((rules.seed, _SEARCH), who[0], frame)
    _ask(rules, draft, scratch, who, salt, np.int64(0))
    _pass(scratch, rules.pause_ms, w1, LAST_MS)
    if np.int64(w0) < rules.refine_under:
        _ask(rules, draft, scratch, who, salt, np.int64(1))
        _pass(scratch, rules.pause_ms, w2, LAST_MS)


@inlined
def _ask(rules, draft, scratch, who, salt, step):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    query = draft.counters[QUERIES]
    row = draft.query[query]
    row[0], row[1], row[2] = draft.counters[SESSIONS] - 1, scratch.now[CATEGORY], scratch.now[MS]
    row[3], row[4], row[5] = np.int64(salt), 0, step
    draft.counters[QUERIES] += 1
    push(draft, rules, who, rows.SEARCH, scratch.now[MS], NO_PRODUCT, query)


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
    if seen:
        if _pass(scratch, rules.gap_ms, w1, LAST_MS) == LAST_MS:
            return False
        if np.int64(w0 & _LOW16) >= rules.stay_below:
            _pick_category(rules, catalogue, scratch, who, counter)
    if seen and np.int64(w0 >> _HALF) < rules.again_below:
        slot = scratch.seen[np.int64(w2 >> _HALF) % min(seen, 16)]
    else:
        slot = choose(rules, catalogue, scratch, weights, scratch.now[CATEGORY], who[0], counter, w2 >> _HALF)
    scratch.seen[seen % 16] = slot
    scratch.now[SEEN] = seen + 1
    push(draft, rules, who, rows.VIEW, scratch.now[MS], catalogue.product[slot], NO_REFERENCE)
    fit = fit_of(catalogue, scratch.taste, slot)
    x = desire(catalogue, slot, fit)
    if happens(logistic(rules.cart_intercept + x), w3):
        _cart(rules, catalogue, draft, scratch, who, counter, slot, x, fit)
    if np.int64(w2 & _LOW16) < rules.vote_below:
        _vote(rules, catalogue, draft, scratch, who, counter, slot)
    return True


@inlined
def _cart(rules, catalogue, draft, scratch, who, counter, slot, x, fit):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Into the cart; perhaps bought at the session's end, and perhaps reviewed later that day."""
    w0, w1, w2, w3 = draw((rules.seed, _BUY), who[0], counter)
    product = catalogue.product[slot]
    push(draft, rules, who, rows.CART, _pass(scratch, rules.pause_ms, w3, END_MS), product, NO_REFERENCE)
    if happens(logistic(rules.purchase_intercept + PURCHASE_SHARE * x), w0):
        scratch.bought[scratch.now[BOUGHT]] = slot
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
    product = catalogue.product[slot]
    first = catalogue.reviews_before[product]
    size = catalogue.reviews_before[product + 1] - first
    if size == 0:
        return
    review, kind, word = pick_old(rules, catalogue.quality[slot], first, size, who[0], counter)
    if kind >= 0:
        push(draft, rules, who, kind, _pass(scratch, rules.pause_ms, word, END_MS), product, review)


@inlined
def _write_reviews(rules, draft, scratch, who, free_ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One more session, later the same day, in which a buyer reviews what he bought; none where the day is over."""
    written = draft.counters[PENDING]
    if written == 0 or free_ms >= LAST_MS:
        return
    w0, w1, w2, _ = draw((rules.seed, _REVIEW), who[0], who[1])
    scratch.now[MS] = free_ms + np.int64(np.float32(w0 >> _HALF) * _UNIT16 * np.float32(LAST_MS - free_ms))
    _open(draft, rules, who, scratch.now[MS], who[3])
    for i in range(written):
        product, stars, salt = scratch.pending[i]
        ms = _pass(scratch, rules.gap_ms, w1, END_MS)
        review = draft.counters[REVIEWS]
        row = draft.review[review]
        row[0], row[1], row[2], row[3] = draft.counters[SESSIONS] - 1, product, ms, stars
        row[4], row[5] = salt, -1
        draft.counters[REVIEWS] += 1
        push(draft, rules, who, rows.SUBMIT, ms, product, review)
    _close(draft, rules, scratch, who, w2)
