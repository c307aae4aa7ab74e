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

EVENTS, SESSIONS, QUERIES, REVIEWS, ODD, PENDING, LOST, UNIQUE, PURCHASES, VOTES = range(10)
"""Positions of the counters in `Draft.counters`; `ODD` counts the events that are not delivered once and rightly
dated; `UNIQUE` the events without second deliveries, once they are delivered; `PURCHASES` and `VOTES` those among
them."""

DELAY_BITS = 28
DELAY_MASK = (1 << DELAY_BITS) - 1
VIEW, CART, PURCHASE, UPVOTE, DOWNVOTE, SEARCH, START, END, SUBMIT = range(9)
"""Event codes: positions in `schema.EVENT_TYPES`."""


NO_PRODUCT = np.int64(-1)
NO_REFERENCE = np.int64(0)
"""Typed, because numba compiles a function again for every literal number it is called with."""


ODD_SHIFT = 1
LOST_MARK = np.uint64(1)
"""A delivery mark is the number of the odd event times two, plus one where it never arrives; 0 for ordinary ones."""


class Draft(NamedTuple):
    """Rows in the order they were drawn: by user, then time. Times are ms of the day.

    `counters` int64 (10,); `events` uint64 (·, 3); `skew` int32 (·,): by the number of an odd event, the ms its
    client's clock is ahead; `session` int64 (·, 6): user, tenant·2 + device, number in the log (-1 until it is
    written), start, end, events; `query` int64 (·, 6): session, category, time, salt, slot viewed next, step (0 for
    the first search, 1 for a second one); `review` int64 (·, 6): session, product, time, stars, salt, salt of the
    series a fake belongs to (-1 for an honest one).
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
        counters=np.zeros(10, np.int64),
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
def push(draft, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Append an event of the newest session; see `push_to`."""
    push_to(draft, draft.counters[SESSIONS] - 1, kind, ms, product, reference)


@inlined
def push_to(draft, session, kind, ms, product, reference):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Append an event of a session. How it reaches the log is drawn later (`transport`), by its number in the session,
    which stands where the delivery mark will."""
    row = draft.events[draft.counters[EVENTS]]
    row[0] = np.uint64((ms << 32) | (kind << DELAY_BITS))
    row[1] = np.uint64((session << 32) | (product + 1))
    row[2] = np.uint64((reference << 32) | draft.session[session, 5])
    draft.session[session, 5] += 1
    draft.counters[EVENTS] += 1
    if kind == PURCHASE:
        draft.counters[PURCHASES] += 1
    elif kind in (UPVOTE, DOWNVOTE):
        draft.counters[VOTES] += 1
