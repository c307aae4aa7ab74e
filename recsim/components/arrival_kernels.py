"""What happens to deliveries before they have an order, compiled: admission, duplicates, order by event time."""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

KEPT, LATE, TOO_LATE, DUPLICATE, REFUSED = 0, 1, 2, 3, 4
"""What `admit` says of a delivery. A late one is kept and put back in order; a too late one is kept out of features."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FREE = np.int64(-(2**63))
_INSERTION = 48
"""Longest run that insertion sort is given."""
_LAST_WITH_PRODUCT = 2
"""The first three event types (view, cart, purchase) mean nothing without a product."""


@njit(inline="always", cache=True)
def slot(key, shift):
    """Multiplicative (Fibonacci) hashing: Knuth, TAOCP vol. 3, section 6.4."""
    return np.int64((np.uint64(key) * _GOLDEN) >> np.uint64(shift))


@njit(cache=True, nogil=True)
def admit(columns, known, users, products, lateness_ms, seen, verdict):
    """The verdict on each delivery, in order of arrival.

    `columns` are event id, type, time, user, product and delay of the deliveries; `known` are ids of the day before
    that may still be delivered again; `seen` is an open-addressing table, a power of two at least twice as long as both
    together. The first delivery of an id is kept.
    """
    event_id, event_type, event_us, user, product, delay_ms = columns
    seen[:] = _FREE
    shift = 64 - np.int64(np.log2(seen.shape[0]) + 0.5)
    mask = seen.shape[0] - 1
    for i in range(known.shape[0]):
        _insert(seen, known[i], shift, mask)
    frontier = np.int64(_FREE)
    for i in range(event_id.shape[0]):
        kind = event_type[i]
        wrong_user = user[i] < 0 or user[i] >= users
        wrong_product = product[i] >= products or (product[i] < 0 and 0 <= kind <= _LAST_WITH_PRODUCT)
        if kind < 0 or wrong_user or wrong_product:
            verdict[i] = REFUSED
        elif not _insert(seen, event_id[i], shift, mask):
            verdict[i] = DUPLICATE
        elif delay_ms[i] > lateness_ms:
            verdict[i] = TOO_LATE
        elif event_us[i] < frontier:
            verdict[i] = LATE
        else:
            verdict[i] = KEPT
            frontier = event_us[i]


@njit(inline="always", cache=True)
def _insert(seen, key, shift, mask):
    at = slot(key, shift)
    while seen[at] != _FREE:
        if seen[at] == key:
            return False
        at = (at + 1) & mask
    seen[at] = key
    return True


@njit(cache=True, nogil=True)
def event_order(event_us, event_id):
    """Positions in order of (event time, event id): time buckets of about four events, then sorting inside each.

    Linear for times that are spread out; a bucket that is not small is sorted by comparison.
    """
    n = event_us.shape[0]
    order = np.empty(n, np.int64)
    if n == 0:
        return order
    first = event_us.min()
    span = event_us.max() - first
    shift = 0
    while (span >> shift) > max(n // 4, 1):
        shift += 1
    starts = np.zeros((span >> shift) + 2, np.int64)
    for i in range(n):
        starts[((event_us[i] - first) >> shift) + 1] += 1
    for bucket in range(1, starts.shape[0]):
        starts[bucket] += starts[bucket - 1]
    cursor = starts.copy()
    for i in range(n):
        bucket = (event_us[i] - first) >> shift
        order[cursor[bucket]] = i
        cursor[bucket] += 1
    for bucket in range(starts.shape[0] - 1):
        low, high = starts[bucket], starts[bucket + 1]
        if high - low > _INSERTION:
            _sort_by_comparison(order, low, high, event_us, event_id)
        else:
            _sort_by_insertion(order, low, high, event_us, event_id)
    return order


@njit(cache=True, nogil=True)
def _sort_by_insertion(order, low, high, event_us, event_id):
    for i in range(low + 1, high):
        row = order[i]
        j = i - 1
        while j >= low:
            other = order[j]
            if event_us[other] < event_us[row]:
                break
            if event_us[other] == event_us[row] and event_id[other] <= event_id[row]:
                break
            order[j + 1] = other
            j -= 1
        order[j + 1] = row


@njit(cache=True, nogil=True)
def _sort_by_comparison(order, low, high, event_us, event_id):
    rows = order[low:high].copy()
    rows = rows[np.argsort(event_id[rows], kind="mergesort")]
    order[low:high] = rows[np.argsort(event_us[rows], kind="mergesort")]
