"""What adversaries do on a day, as kernels: the events of their accounts enter the same draft as everybody's.

Each account's day is a pure function of (seed, account, day); nothing of it depends on other users of the chunk.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from recsim.behaviour import draft as rows
from recsim.behaviour.choice import product_of
from recsim.behaviour.draft import EVENTS, NO_PRODUCT, NO_REFERENCE, REVIEWS, SESSIONS, push
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.people import below, home_of, hostile_user
from recsim.rng import draw, stream_id

_DAY = stream_id("hostile/day")
_STEP = stream_id("hostile/step")
_DAY_MS = np.int64(86_400_000)
_LAST_MS = np.int64(86_400_000 - 60_000)
_HOUR_MS = np.int64(3_600_000)
_ONE = np.int64(1)

_CRAWLS = np.uint32(round(0.9 * 2**32))
_CARDS = np.uint32(round(0.4 * 2**32))
"""Shares of days on which a crawler and a carder are active."""

USER, KIND, RING, SLOT, REVIEW, DIRECTION, DAY, FROM_MS, SALT = range(9)


@kernel
def hostile_users(rules, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Fill the users of all accounts, ascending."""
    for account in range(out.shape[0]):
        out[account] = hostile_user(rules, account)


@kernel
def tenants_of(rules, users, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Fill the tenant of each user."""
    for i in range(users.shape[0]):
        tenant, _, _, _ = home_of(rules, users[i])
        out[i] = tenant


@njit(inline="always")
def most_events(views):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Deliveries of an account's day at most: a crawler's views and a few, each twice."""
    return 2 * (2 * views + 64)


@kernel
def act(rules, catalogue, draft, accounts, knobs, day, first):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Draw the day of the accounts from position `first` on; returns the position where room ran out.

    `knobs` are the views of a crawler and the ms of a ring's burst.
    """
    views, burst_ms = knobs
    most = most_events(views)
    for i in range(first, accounts.shape[0]):
        row = accounts[i]
        room = draft.events.shape[0] - draft.counters[EVENTS]
        reviews = draft.review.shape[0] - draft.counters[REVIEWS]
        if room < most or draft.session.shape[0] - draft.counters[SESSIONS] < 1 or reviews < 1:
            return i
        tenant, _, offset, device = home_of(rules, row[USER])
        who = (row[USER], day, np.int64(tenant) * 2 + np.int64(device))
        if row[KIND] == 0:
            _crawl(rules, catalogue, draft, who, np.int64(tenant), views)
        elif row[KIND] == 1:
            _card(rules, catalogue, draft, who, np.int64(tenant), np.int64(offset))
        elif row[DAY] == day and row[SLOT] >= 0:
            _join_ring(rules, catalogue, draft, who, row, burst_ms)
    return accounts.shape[0]


@inlined
def _begin(draft, who, ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = draft.session[draft.counters[SESSIONS]]
    row[0], row[1], row[2], row[3], row[4], row[5] = who[0], who[2], -1, ms, ms, 0
    draft.counters[SESSIONS] += 1
    push(draft, rows.START, ms, NO_PRODUCT, NO_REFERENCE)


@inlined
def _finish(draft, ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    push(draft, rows.END, ms, NO_PRODUCT, NO_REFERENCE)
    draft.session[draft.counters[SESSIONS] - 1, 4] = ms


@inlined
def _any_slot(catalogue, tenant, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A slot of a tenant, all equally likely."""
    low = catalogue.niche[catalogue.start[catalogue.tenant_start[tenant]]]
    return low + below(word, catalogue.niche[catalogue.start[catalogue.tenant_start[tenant + 1]]] - low)


@inlined
def _crawl(rules, catalogue, draft, who, tenant, views):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """One long session: a view every one to three seconds, any product."""
    w0, w1, w2, _ = draw((rules.seed, _DAY), who[0], who[1])
    if w0 >= _CRAWLS:
        return
    wanted = views // 2 + 1 + below(w1, views)
    ms = below(w2, max(_LAST_MS - wanted * 2000, np.int64(1)))
    _begin(draft, who, ms)
    for step in range((wanted + 1) // 2):
        s0, s1, g0, g1 = draw((rules.seed, _STEP), who[0], (who[1] << 32) | step)
        for half in range(2):
            ms += 1000 + below(g1 if half else g0, 2000)
            if ms < _LAST_MS and step * 2 + half < wanted:
                product = product_of(catalogue, _any_slot(catalogue, tenant, s1 if half else s0))
                push(draft, rows.VIEW, ms, product, NO_REFERENCE)
    _finish(draft, min(ms, _LAST_MS) + 1000)


@inlined
def _card(rules, catalogue, draft, who, tenant, offset):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Six to twelve products into the cart between one and five at night, and a burst of purchases."""
    w0, w1, w2, _ = draw((rules.seed, _DAY), who[0], who[1])
    if w0 >= _CARDS:
        return
    ms = (_HOUR_MS + below(w1, 4 * _HOUR_MS) - offset * 60_000 + _DAY_MS) % _DAY_MS
    ms = min(ms, _LAST_MS - 300_000)
    _begin(draft, who, ms)
    items = 6 + below(w2, 7)
    for step in range(items):
        s0, _, g0, g1 = draw((rules.seed, _STEP), who[0], (who[1] << 32) | step)
        product = product_of(catalogue, _any_slot(catalogue, tenant, s0))
        ms += 2000 + below(g0, 6000)
        push(draft, rows.VIEW, ms, product, NO_REFERENCE)
        ms += 500 + below(g1, 1500)
        push(draft, rows.CART, ms, product, NO_REFERENCE)
    for step in range(items):
        s0, _, g0, _ = draw((rules.seed, _STEP), who[0], (who[1] << 32) | step)
        ms += 300 + below(g0, 700)
        product = product_of(catalogue, _any_slot(catalogue, tenant, s0))
        push(draft, rows.PURCHASE, ms, product, _ONE)
    _finish(draft, ms + 1000)


@inlined
def _join_ring(rules, catalogue, draft, who, account, burst_ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Look at the ring's product and vote on its review, or write one of its reviews, within the burst."""
    w0, w1, w2, w3 = draw((rules.seed, _DAY), who[0], who[1])
    ms = account[FROM_MS] + below(w0, burst_ms)
    product = product_of(catalogue, account[SLOT])
    _begin(draft, who, ms)
    ms += 1000 + below(w1, 4000)
    push(draft, rows.VIEW, ms, product, NO_REFERENCE)
    if account[REVIEW] >= 0:
        ms += 1000 + below(w2, 9000)
        kind = rows.UPVOTE if account[DIRECTION] > 0 else rows.DOWNVOTE
        push(draft, kind, ms, product, account[REVIEW])
    else:
        ms += 20_000 + below(w2, 70_000)
        review = draft.counters[REVIEWS]
        row = draft.review[review]
        row[0], row[1], row[2], row[3] = draft.counters[SESSIONS] - 1, product, ms, 5
        row[4], row[5] = np.int64(w3), account[SALT]
        draft.counters[REVIEWS] += 1
        push(draft, rows.SUBMIT, ms, product, review)
    _finish(draft, ms + 1000)
