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
_LOW16 = np.uint32(0xFFFF)
_HALF = np.uint32(16)

EVENTS, SESSIONS, QUERIES, REVIEWS, TWICE, USER_EVENTS, PENDING = range(7)
"""Positions of the counters in `Draft.counters`."""

DELAY_BITS = 28
DELAY_MASK = (1 << DELAY_BITS) - 1
VIEW, CART, PURCHASE, UPVOTE, DOWNVOTE, SEARCH, START, END, SUBMIT = range(9)
"""Event codes: positions in `schema.EVENT_TYPES`."""


NO_PRODUCT = np.int64(-1)
NO_REFERENCE = np.int64(0)
_SINGLE = np.int64(0)
"""Typed, because numba compiles a function again for every literal number it is called with."""


class Draft(NamedTuple):
    """Rows in the order they were drawn: by user, then time. Times are ms of the day.

    `counters` int64 (7,); `events` uint64 (·, 3); `session` int64 (·, 6): user, tenant·2 + device, number
    in the log (-1 until it is written), start, end, events;
    `query` int64 (·, 4): session, category, time, salt; `review` int64 (·, 5): session, product, time, stars, salt.
    """

    counters: NDArray[np.int64]
    events: NDArray[np.uint64]
    session: NDArray[np.int64]
    query: NDArray[np.int64]
    review: NDArray[np.int64]


def empty(events: int, sessions: int) -> Draft:
    """A draft with room for some rows; queries and reviews are never more than sessions and events allow."""
    return Draft(
        counters=np.zeros(7, np.int64),
        events=np.empty((events, 3), np.uint64),
        session=np.empty((sessions, 6), np.int64),
        query=np.empty((sessions, 4), np.int64),
        review=np.empty((max(sessions, events // 8), 5), np.int64),
    )


def grown(draft: Draft, events: int, sessions: int) -> Draft:
    """The same rows with more room."""
    larger = empty(events, sessions)
    larger.counters[:] = draft.counters
    for name, counter in (("events", EVENTS), ("session", SESSIONS), ("query", QUERIES), ("review", REVIEWS)):
        rows = int(draft.counters[counter])
        getattr(larger, name)[:rows] = getattr(draft, name)[:rows]
    return larger


@inlined
def _append(draft, ms, kind, delay, product, reference, mark):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    row = draft.events[draft.counters[EVENTS]]
    session = draft.counters[SESSIONS] - 1
    row[0] = np.uint64(((ms + delay) << 32) | (kind << DELAY_BITS) | delay)
    row[1] = np.uint64((session << 32) | (product + 1))
    row[2] = np.uint64((reference << 32) | mark)
    draft.counters[EVENTS] += 1


@inlined
def push(draft, rules, who, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Append an event of the newest session, with its way to the log; `who` is (user, day, …).

    Delay: lognormal; a late event waits a second lognormal besides. A duplicate is delivered again later with the
    same content; its pair shares a number in the delivery mark (even the first, odd the second; 0 for single ones).
    """
    count = draft.counters
    w0, w1, w2, w3 = draw((rules.seed, _TRANSPORT), who[0], (who[1] << 32) | count[USER_EVENTS])
    count[USER_EVENTS] += 1
    draft.session[count[SESSIONS] - 1, 5] += 1
    delay = np.int64(at(rules.delay_ms, w0))
    if np.int64(w1 & _LOW16) < rules.late_below:
        delay += np.int64(at(rules.late_ms, w2))
    if np.int64(w1 >> _HALF) < rules.twice_below:
        count[TWICE] += 1
        mark = count[TWICE] * 2
        _append(draft, ms, kind, delay, product, reference, mark)
        _append(draft, ms, kind, delay + 1 + np.int64(at(rules.late_ms, w3)), product, reference, mark + 1)
    else:
        _append(draft, ms, kind, delay, product, reference, _SINGLE)
