"""From a draft to the log: events in the order they arrive, and ids that follow that order.

Ids are bit-packed: day (12 bits), partition (12), number inside the chunk (28), so they stay below 2**52, which a
JSON number and a float64 hold exactly. Event numbers count first deliveries in order of arrival; sessions, queries and
reviews are numbered when their first event arrives. So ids are unique over the world, a function of the chunk alone,
and almost sorted in a file, which makes them nearly free to store. Events that never arrive are numbered behind the
others, as are the sessions, queries and reviews of which nothing arrived.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.draft import (
    DELAY_BITS,
    DELAY_MASK,
    DOWNVOTE,
    EVENTS,
    LOST_MARK,
    ODD,
    ODD_SHIFT,
    PURCHASE,
    PURCHASES,
    QUERIES,
    REVIEWS,
    SEARCH,
    SESSIONS,
    SUBMIT,
    UPVOTE,
    VOTES,
    Draft,
)
from recsim.behaviour.kernel import inlined, kernel, prefetch
from recsim.behaviour.votes import NEW

PARTITION_BITS = 12
NUMBER_BITS = 28
_DIGIT = 11
_BUCKETS = 1 << _DIGIT
_REFERRING = sum(1 << kind for kind in (PURCHASE, UPVOTE, DOWNVOTE, SEARCH, SUBMIT))
_AHEAD = 12
"""Rows of the log between asking for a record's memory and using it."""

_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


class Log(NamedTuple):
    """How the rows of a draft stand in the log.

    `order` uint64 (n,): low 32 bits are the event record's position, in order of arrival, lost ones last. `query` and
    `review` int64: number of each drafted row, -1 until its first event was written; `sessions` (one longer),
    `queries` and `reviews` int32: the drafted row of each number. `first` int64: number of each odd event, -1 until
    it is known. `future` uint64: those of the order whose client's clock is ahead. `bought` int64: the purchases'
    records. `votes` int64 (·, 4): review, user, ms, direction. `written` int64 (6,): events numbered, sessions,
    queries, reviews, votes, future ones. `kinds` int64 (9,): unique events by type.
    """

    order: NDArray[np.uint64]
    query: NDArray[np.int64]
    review: NDArray[np.int64]
    sessions: NDArray[np.int32]
    queries: NDArray[np.int32]
    reviews: NDArray[np.int32]
    first: NDArray[np.int64]
    future: NDArray[np.uint64]
    bought: NDArray[np.int64]
    votes: NDArray[np.int64]
    written: NDArray[np.int64]
    kinds: NDArray[np.int64]


class Rows(NamedTuple):
    """Columns of the event table for a run of rows; `has_product` and `has_reference` are Arrow validity bitmaps."""

    event_id: NDArray[np.int64]
    kind: NDArray[np.int8]
    time_us: NDArray[np.int64]
    user: NDArray[np.int64]
    product: NDArray[np.int64]
    has_product: NDArray[np.uint8]
    session: NDArray[np.int64]
    device: NDArray[np.int8]
    tenant: NDArray[np.int8]
    reference: NDArray[np.int64]
    has_reference: NDArray[np.uint8]
    delay_ms: NDArray[np.int32]


def first_id(day: int, partition: int) -> int:
    """The lowest event, session or query id of a chunk. Reviews written before the first day count as day 0, so a
    chunk's reviews start at `first_id(day + 1, partition)`."""
    return ((day << PARTITION_BITS) | partition) << NUMBER_BITS


def rows(count: int) -> Rows:
    """Room for `count` rows."""
    wide = [np.empty(count, np.int64) for _ in range(6)]
    bits = (count + 7) // 8
    return Rows(
        event_id=wide[0],
        kind=np.empty(count, np.int8),
        time_us=wide[1],
        user=wide[2],
        product=wide[3],
        has_product=np.empty(bits, np.uint8),
        session=wide[4],
        device=np.empty(count, np.int8),
        tenant=np.empty(count, np.int8),
        reference=wide[5],
        has_reference=np.empty(bits, np.uint8),
        delay_ms=np.empty(count, np.int32),
    )


def in_order(drafted: NDArray[np.int64], places: NDArray[np.int32]) -> NDArray[np.int64]:
    """Columns of drafted rows in the order of the log's numbers, whose places in the draft are given: shape (6, n)."""
    ordered = np.empty((drafted.shape[1], len(places)), np.int64)
    _gather(drafted, places, ordered)
    return ordered


@kernel
def _gather(drafted, places, ordered):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    last = places.shape[0] - 1
    for i in range(places.shape[0]):
        prefetch(drafted, np.int64(places[min(i + _AHEAD, last)]))
        for column in range(ordered.shape[0]):
            ordered[column, i] = drafted[places[i], column]


def by_arrival(draft: Draft) -> Log:
    """The log of a draft, sorted and not yet numbered; equal arrivals keep the order of the draft."""
    count = draft.counters
    events = int(count[EVENTS])
    assert events < 1 << NUMBER_BITS, f"a chunk of {events} events needs more ids than it has; raise layout.partitions"
    keys, room = np.empty(events, np.uint64), np.empty(events, np.uint64)
    heads = np.empty((3, _BUCKETS), np.int64)
    bought = np.empty(int(count[PURCHASES]), np.int64)
    _sort(draft.events, keys, room, heads, bought)
    return Log(
        order=room,
        query=np.full(int(count[QUERIES]), -1, np.int64),
        review=np.full(int(count[REVIEWS]), -1, np.int64),
        sessions=np.empty(int(count[SESSIONS]) + 1, np.int32),
        queries=np.empty(int(count[QUERIES]), np.int32),
        reviews=np.empty(int(count[REVIEWS]), np.int32),
        first=np.full(int(count[ODD]) + 1, -1, np.int64),
        future=np.empty(int(count[ODD]), np.uint64),
        bought=bought,
        votes=np.empty((int(count[VOTES]), 4), np.int64),
        written=np.zeros(6, np.int64),
        kinds=np.zeros(9, np.int64),
    )


@kernel
def _sort(events, keys, room, heads, bought):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Radix sort by arrival: three passes of 11 bits over (arrival ms, position); the result ends up in `room`.

    Collects the records of the purchases on the way; second deliveries stand behind all first ones.
    """
    count = keys.shape[0]
    purchases = 0
    heads[:] = 0
    for i in range(count):
        arrival = _LOW if events[i, 2] & LOST_MARK else events[i, 0] >> _HIGH
        keys[i] = (arrival << _HIGH) | np.uint64(i)
        if np.int64(events[i, 0] >> np.uint64(DELAY_BITS)) & 15 == PURCHASE and purchases < bought.shape[0]:
            bought[purchases] = i
            purchases += 1
        for digit in range(3):
            heads[digit, np.int64(arrival >> np.uint64(digit * _DIGIT)) & (_BUCKETS - 1)] += 1
    for digit in range(3):
        before = 0
        for bucket in range(_BUCKETS):
            size = heads[digit, bucket]
            heads[digit, bucket] = before
            before += size
    _scatter(keys, room, heads[0], 32)
    _scatter(room, keys, heads[1], 32 + _DIGIT)
    _scatter(keys, room, heads[2], 32 + 2 * _DIGIT)


@inlined
def _scatter(source, target, heads, shift):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(source.shape[0]):
        bucket = np.int64(source[i] >> np.uint64(shift)) & (_BUCKETS - 1)
        target[heads[bucket]] = source[i]
        heads[bucket] += 1


@inlined
def _number(numbers, places, position, written, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The number of a drafted row, given out at its first event."""
    if numbers[position] < 0:
        places[written[counter]] = position
        numbers[position] = written[counter]
        written[counter] += 1
    return numbers[position]


@kernel
def emit(draft, log, chosen, out, bases, skewed):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Write the `chosen` ones of the log's order into `out` and number what they open. Call in the order of the log.

    `bases` are the first id of the chunk, its first review id and the µs of its midnight. Times are those of the
    clients' clocks where `skewed`, else the true ones.
    """
    base, review_base, day_us = bases
    out.has_product[:] = 0
    out.has_reference[:] = 0
    last = chosen.shape[0] - 1
    for j in range(chosen.shape[0]):
        soon = np.int64(chosen[min(j + 2 * _AHEAD, last)] & _LOW)
        prefetch(draft.events, soon)
        prefetch(draft.events, soon + 1)  # a quarter of the records reach into the next cache line
        prefetch(draft.session, np.int64(draft.events[np.int64(chosen[min(j + _AHEAD, last)] & _LOW), 1] >> _HIGH))
        record = np.int64(chosen[j] & _LOW)
        head = draft.events[record, 0]
        delay = np.int64(head) & DELAY_MASK
        kind = (np.int64(head) >> DELAY_BITS) & 15
        ms = np.int64(head >> _HIGH) - delay
        session = np.int64(draft.events[record, 1] >> _HIGH)
        row = draft.session[session]
        product = np.int64(draft.events[record, 1] & _LOW) - 1
        reference = np.int64(draft.events[record, 2] >> _HIGH)
        unknown = np.int64(row[2] < 0)  # counted without a branch, which could not be predicted
        log.sessions[log.written[1]] = session
        row[2] += (log.written[1] - row[2]) * unknown
        log.written[1] += unknown
        if _refers(kind):
            out.has_reference[j >> 3] |= np.uint8(1 << (j & 7))
            reference = _reference(log, kind, reference, row[2], base, review_base)
        out.event_id[j] = base + _event_number(log, draft.events[record, 2], kind, reference, row[0], ms)
        odd = np.int64(draft.events[record, 2] & _LOW) >> ODD_SHIFT
        if odd and skewed and draft.skew[odd]:
            log.future[log.written[5]] = chosen[j]
            log.written[5] += 1
            ms += draft.skew[odd]
            delay -= draft.skew[odd]
        out.has_product[j >> 3] |= np.uint8(np.int64(product >= 0) << (j & 7))
        out.kind[j] = kind
        out.time_us[j] = day_us + ms * 1000
        out.user[j] = row[0]
        out.product[j] = max(product, 0)
        out.session[j] = base + row[2]
        out.device[j] = row[1] & 1
        out.tenant[j] = row[1] >> 1
        out.reference[j] = reference
        out.delay_ms[j] = delay


@inlined
def _event_number(log, tail, kind, review, user, ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The number of an event: a new one at its first delivery, when its vote is kept, and counted if it arrives."""
    odd = np.int64(tail & _LOW) >> ODD_SHIFT
    if odd and log.first[odd] >= 0:
        return log.first[odd]
    number = log.written[0]
    log.written[0] += 1
    log.first[odd] = number
    if tail & LOST_MARK == 0:
        log.kinds[kind] += 1
    if kind in (UPVOTE, DOWNVOTE):
        vote = log.votes[log.written[4]]
        vote[0], vote[1], vote[2], vote[3] = review, user, ms, 1 if kind == UPVOTE else -1
        log.written[4] += 1
    return number


@inlined
def _refers(kind):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether events of a type refer to something: purchases, votes, searches and reviews do."""
    return (_REFERRING >> kind) & 1


@inlined
def _reference(log, kind, reference, session, base, review_base):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """What an event refers to: a purchase its order (one a session), a search its query, the others a review."""
    if kind == PURCHASE:
        return base + session
    if kind == SEARCH:
        return base + _number(log.query, log.queries, reference, log.written, 2)
    if kind == SUBMIT:
        return review_base + _number(log.review, log.reviews, reference, log.written, 3)
    if reference & NEW:
        return review_base + _number(log.review, log.reviews, reference - NEW, log.written, 3)
    return reference
