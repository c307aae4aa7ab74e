"""Users' state, compiled: a hash table of their rows, and events taken in one after the other in event-time order.

Nothing here allocates per event or knows where data come from.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from recsim.components.arrival_kernels import slot as slot_of

VIEW, CART, PURCHASE, SEARCH = 0, 1, 2, 5
"""Codes of the event types the features count (positions in `EVENT_TYPES`)."""

CATEGORY_SLOTS = 8
"""Categories a user's state holds a score for."""

HALF_LIFE_US = 7 * 86_400_000_000
"""A category score halves in seven days."""

_LOG2 = math.log(2.0)


@njit(cache=True, nogil=True)
def user_rows(table, owners, owned, user, rows):
    """The state row of each user, new ones behind the `owned` there are; returns how many rows are owned after.

    `table` holds rows by hash of the user (`MISSING` where free); `owners` the user of each row.
    """
    shift = 64 - np.int64(np.log2(table.shape[0]) + 0.5)
    mask = table.shape[0] - 1
    for i in range(user.shape[0]):
        at = slot_of(user[i], shift)
        while table[at] >= 0 and owners[table[at]] != user[i]:
            at = (at + 1) & mask
        if table[at] < 0:
            table[at] = owned
            owners[owned] = user[i]
            owned += 1
        rows[i] = table[at]
    return owned


@njit(cache=True, nogil=True)
def find_rows(table, owners, user, rows):
    """The state row of each user, -1 for one that has none."""
    shift = 64 - np.int64(np.log2(table.shape[0]) + 0.5)
    mask = table.shape[0] - 1
    for i in range(user.shape[0]):
        at = slot_of(user[i], shift)
        while table[at] >= 0 and owners[table[at]] != user[i]:
            at = (at + 1) & mask
        rows[i] = table[at]


@njit(cache=True, nogil=True)
def fill_table(table, owners, owned):
    """Build the hash table of the rows there are."""
    table[:] = -1
    shift = 64 - np.int64(np.log2(table.shape[0]) + 0.5)
    mask = table.shape[0] - 1
    for row in range(owned):
        at = slot_of(owners[row], shift)
        while table[at] >= 0:
            at = (at + 1) & mask
        table[at] = row


@njit(cache=True, nogil=True)
def advance(rows, events, rules, first, state, slot, as_of, out):
    """Take events, in event-time order, into the users' state; returns the sessions begun so far (`first` before).

    `events` are times, types, products and whether each is in time; `rules` the category of each product, the weight
    of each type, the gap that ends a session, and stride and offset of session numbers; `state` the rows of the users;
    `out` the columns session, seconds, clicks, begun_events, begun_us.

    Per event: `session`, `seconds` since it began and product views in it (`clicks`), this event included. An event
    that is not `in_time` gets session -1 and changes nothing. Session numbers are `count * stride + offset`, so no two
    partitions share one. `begun_events` and `begun_us` collect size and length of the sessions begun in this call.
    Where `slot[k]` is not -1, the state just before event k goes to row `slot[k]` of the `as_of` columns.
    """
    event_us, event_type, product, in_time = events
    category_of, weights, gap_us, stride, offset = rules
    session, seconds, clicks, begun_events, begun_us = out
    begun = first
    for k in range(rows.shape[0]):
        if not in_time[k]:
            session[k], seconds[k], clicks[k] = -1, 0, 0
            continue
        user = state[rows[k]]
        t = event_us[k]
        opens = user.events == 0 or t - user.last_us > gap_us
        if slot[k] >= 0:
            _before(slot[k], user, t, opens, as_of)
        if opens:
            user.session = begun
            begun += 1
            user.started_us = t
            user.last_us = t
            user.session_events = 0
            user.session_clicks = 0
            user.sessions += 1
        user.last_us = max(user.last_us, t)
        _count(user, event_type[k])
        if event_type[k] == VIEW:
            user.recents = _remember(user.recent, user.recents, product[k])
        if product[k] >= 0 and weights[event_type[k]] > 0 and category_of[product[k]] >= 0:
            _credit(user.category, user.score, category_of[product[k]], weights[event_type[k]], user.scored_us, t)
            user.scored_us = max(user.scored_us, t)
        session[k] = user.session * stride + offset
        seconds[k] = (user.last_us - user.started_us) // 1_000_000
        clicks[k] = user.session_clicks
        here = user.session - first
        if here >= 0:
            begun_events[here] = user.session_events
            begun_us[here] = user.last_us - user.started_us
    return begun


@njit(inline="always", cache=True)
def _before(to, user, t, opens, as_of):
    """Write the state before an event to row `to` of the as-of columns."""
    as_recent, as_recents, as_category, as_categories, as_recency, as_rate, as_clicks, as_seconds = as_of
    as_recents[to] = user.recents
    for j in range(user.recents):
        as_recent[to, j] = user.recent[j]
    as_categories[to] = strongest(user.category, user.score, as_category[to])
    as_recency[to] = recency(user.events, user.last_us, t)
    as_rate[to] = click_rate(user.views, user.searches, user.sessions)
    as_clicks[to] = 0 if opens else user.session_clicks
    as_seconds[to] = 0 if opens else max(t - user.started_us, 0) // 1_000_000


@njit(inline="always", cache=True)
def _count(user, kind):
    user.events += 1
    user.session_events += 1
    if kind == VIEW:
        user.views += 1
        user.session_clicks += 1
    elif kind == CART:
        user.carts += 1
    elif kind == PURCHASE:
        user.purchases += 1
    elif kind == SEARCH:
        user.searches += 1


@njit(inline="always", cache=True)
def recency(events, last_us, now_us):
    """exp(-hours since the last event / 24); 0 for a user without events."""
    return math.exp(-max(now_us - last_us, 0) / 86_400e6) if events > 0 else 0.0


@njit(inline="always", cache=True)
def click_rate(views, searches, sessions):
    """(views + 1) / (pages + 2): product views over the pages that offer products, by Laplace's rule of succession.

    Pages are one home page a session, one result page a search and one product page a view: the log has no impressions.
    """
    return (views + 1.0) / (views + searches + sessions + 2.0)


@njit(inline="always", cache=True)
def _remember(recent, count, product):
    """Move a product to the front of the distinct products seen, newest first; returns how many there are."""
    at = count
    for j in range(count):
        if recent[j] == product:
            at = j
            break
    if at == count:
        if count < recent.shape[0]:
            count += 1
        else:
            at = count - 1
    for j in range(at, 0, -1):
        recent[j] = recent[j - 1]
    recent[0] = product
    return count


@njit(inline="always", cache=True)
def _credit(category, score, code, weight, scored_us, t):
    """Decay all scores to `t`, then add `weight` to one category; a new one takes the weakest slot."""
    decay = np.float32(math.exp(-_LOG2 * max(t - scored_us, 0) / HALF_LIFE_US))
    weakest = 0
    found = -1
    for j in range(score.shape[0]):
        score[j] *= decay
        if score[j] > 0 and category[j] == code:
            found = j
        if score[j] < score[weakest]:
            weakest = j
    if found < 0:
        found = weakest
        category[found] = code
        score[found] = 0
    score[found] += np.float32(weight)


@njit(cache=True, nogil=True)
def strongest(category, score, out):
    """The categories with the highest scores into `out`, strongest first, the smaller code first on a tie; how many."""
    taken = 0
    for count in range(out.shape[0]):
        best = -1
        for j in range(score.shape[0]):
            if score[j] <= 0 or (taken >> j) & 1:
                continue
            if best < 0 or score[j] > score[best] or (score[j] == score[best] and category[j] < category[best]):
                best = j
        if best < 0:
            return count
        taken |= 1 << best
        out[count] = category[best]
    return out.shape[0]


@njit(cache=True, nogil=True)
def snapshot(rows, now_us, rules, state, out):
    """The features of state rows at an instant after their last event; rows of -1 are users never seen.

    `out` are the columns of `FeatureRows` behind `known`.
    """
    gap_us, stride, offset = rules
    out_recent, out_category, out_recency, out_rate, out_session, out_clicks, out_seconds = out
    for k in range(rows.shape[0]):
        row = rows[k]
        if row < 0:
            continue
        user = state[row]
        for j in range(user.recents):
            out_recent[k, j] = user.recent[j]
        strongest(user.category, user.score, out_category[k])
        out_recency[k] = recency(user.events, user.last_us, now_us)
        out_rate[k] = click_rate(user.views, user.searches, user.sessions)
        if now_us - user.last_us <= gap_us:
            out_session[k] = user.session * stride + offset
            out_clicks[k] = user.session_clicks
            out_seconds[k] = max(now_us - user.started_us, 0) // 1_000_000
