"""What a chunk's kernels write into: growing arrays of event records, sessions, queries and reviews.

An event record is three u64 words: arrival (ms of the day, 32 bits), type (4), delay (ms, 28) · session (its position
in the draft, 32), product + 1 (32) · reference (32), delivery mark (32). User, device and tenant follow from the
session. Small records make the sort by arrival cheap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.kernel import inlined
from recsim.behaviour.quantiles import at
from recsim.rng import draw, stream_id

_TRANSPORT = stream_id("event/transport")

EVENTS, SESSIONS, QUERIES, REVIEWS, ODD, USER_EVENTS, PENDING, LOST = range(8)
"""Positions of the counters in `Draft.counters`; `ODD` counts the events that are not delivered once and rightly
dated."""

DELAY_BITS = 28
DELAY_MASK = (1 << DELAY_BITS) - 1
VIEW, CART, PURCHASE, UPVOTE, DOWNVOTE, SEARCH, START, END, SUBMIT = range(9)
"""Event codes: positions in `schema.EVENT_TYPES`."""


NO_PRODUCT = np.int64(-1)
NO_REFERENCE = np.int64(0)
_ORDINARY = np.int64(0)
"""Typed, because numba compiles a function again for every literal number it is called with."""


ODD_SHIFT = 1
LOST_MARK = np.uint64(1)
"""A delivery mark is the number of the odd event times two, plus one where it never arrives; 0 for ordinary ones."""


class Draft(NamedTuple):
    """Rows in the order they were drawn: by user, then time. Times are ms of the day.

    `counters` int64 (8,); `events` uint64 (·, 3); `skew` int32 (·,): by the number of an odd event, the ms its client's
    clock is ahead; `session` int64 (·, 6): user, tenant·2 + device, number in the log (-1 until it is written),
    start, end, events; `query` int64 (·, 6): session, category, time, salt, slot viewed next, step (0 for the first
    search, 1 for a second one); `review` int64 (·, 6): session, product, time, stars, salt, salt of the series a fake
    belongs to (-1 for an honest one).
    """

    counters: NDArray[np.int64]
    events: NDArray[np.uint64]
    skew: NDArray[np.int32]
    session: NDArray[np.int64]
    query: NDArray[np.int64]
    review: NDArray[np.int64]


def empty(events: int, sessions: int) -> Draft:
    """A draft with room for some rows; queries and reviews are never more than sessions and events allow."""
    return Draft(
        counters=np.zeros(8, np.int64),
        events=np.empty((events, 3), np.uint64),
        skew=np.empty(events + 1, np.int32),
        session=np.empty((sessions, 6), np.int64),
        query=np.empty((2 * sessions, 6), np.int64),
        review=np.empty((max(sessions, events // 8), 6), np.int64),
    )


def grown(draft: Draft, events: int, sessions: int) -> Draft:
    """The same rows with more room."""
    larger = empty(events, sessions)
    larger.counters[:] = draft.counters
    odd = int(draft.counters[ODD]) + 1
    larger.skew[:odd] = draft.skew[:odd]
    for name, counter in (("events", EVENTS), ("session", SESSIONS), ("query", QUERIES), ("review", REVIEWS)):
        rows = int(draft.counters[counter])
        getattr(larger, name)[:rows] = getattr(draft, name)[:rows]
    return larger


@inlined
def _append(draft, session, ms, kind, delay, product, reference, mark):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = draft.events[draft.counters[EVENTS]]
    row[0] = np.uint64(((ms + delay) << 32) | (kind << DELAY_BITS) | delay)
    row[1] = np.uint64((session << 32) | (product + 1))
    row[2] = np.uint64((reference << 32) | mark)
    draft.counters[EVENTS] += 1


@inlined
def push(draft, rules, who, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Append an event of the newest session, with its way to the log; `who` is (user, day, …)."""
    count = draft.counters
    counter = (who[1] << 32) | count[USER_EVENTS]
    count[USER_EVENTS] += 1
    send(draft, rules, count[SESSIONS] - 1, counter, kind, ms, product, reference)


@inlined
def send(draft, rules, session, counter, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Append an event of a session, with its way to the log: a pure function of (user, `counter`).

    Most arrive after a lognormal delay. Of the others each has one fate: lost; dated by a clock that is ahead; held
    back for a moment, so that later ones overtake it; late by a second lognormal; or delivered twice.
    """
    w0, w1, w2, _ = draw((rules.seed, _TRANSPORT), draft.session[session, 0], counter)
    draft.session[session, 5] += 1
    delay = np.int64(at(rules.delay_ms, w0))
    fate = np.int64(w1)
    if fate >= rules.fate_under[4]:
        _append(draft, session, ms, kind, delay, product, reference, _ORDINARY)
    else:
        _send_oddly(draft, rules, session, (fate, w2, delay), kind, ms, product, reference)


@inlined
def _send_oddly(draft, rules, session, way, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    fate, word, delay = way
    if fate >= rules.fate_under[1] and fate < rules.fate_under[3]:
        table = rules.reorder_ms if fate < rules.fate_under[2] else rules.late_ms
        delay += np.int64(at(table, word))
        _append(draft, session, ms, kind, delay, product, reference, _ORDINARY)
        return
    draft.counters[ODD] += 1
    odd = draft.counters[ODD]
    draft.skew[odd] = 0
    if fate < rules.fate_under[0]:
        draft.counters[LOST] += 1
        _append(draft, session, ms, kind, delay, product, reference, (odd << ODD_SHIFT) | 1)
        return
    _append(draft, session, ms, kind, delay, product, reference, odd << ODD_SHIFT)
    if fate < rules.fate_under[1]:
        draft.skew[odd] = np.int32(at(rules.future_ms, word))
    else:
        again = delay + 1 + np.int64(at(rules.late_ms, word))
        _append(draft, session, ms, kind, again, product, reference, odd << ODD_SHIFT)
