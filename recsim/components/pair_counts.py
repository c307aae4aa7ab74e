"""Exact counts of product pairs from baskets that arrive in any order and more than once.

A basket is the set of distinct products under one id (an order, a session, a customer). Counts are integers and each
basket counts once, so the same baskets give the same counts in whatever order and however often they come. Pairs live
in an open-addressing table of 12 bytes a slot, so memory follows the pairs there are, not the pairs there could be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

MOST_PRODUCTS = 256
"""Distinct products of a basket; a larger one (a wholesale order, a test) makes 32,000 pairs and more that say nothing
of a shopper. It is counted as oversized and takes no part."""

MOST_PAIRS = 40_000_000
"""Distinct pairs kept: up to 1.6 GB. Beyond it the rarest are dropped, and `floor` says how rare."""

_EMPTY = np.int64(-1)
_SHIFT = np.int64(32)
_LOW = np.int64(0xFFFFFFFF)
_SMALLEST = 1024


@dataclass(frozen=True)
class Pairs:
    """n distinct pairs in rising order of (first, second), first < second, with how many baskets held both."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Counted:
    """What one call counted: the products of basket b stand from `starts[b]` on; only `fresh` baskets took part."""

    starts: NDArray[np.int64]
    products: NDArray[np.int64]
    fresh: NDArray[np.bool_]

    def codes(self) -> NDArray[np.int64]:
        """The distinct pairs, as codes `first << 32 | second`, rising."""
        sizes = np.diff(self.starts) * self.fresh
        out = np.empty(int((sizes * (sizes - 1) // 2).sum()), np.int64)
        _codes(self.starts, self.products, self.fresh, out)
        return distinct(out)


@njit(inline="always", cache=True)
def _place(keys, key):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba infers
    """Where a key stands in the table, or the empty slot where it would."""
    z = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(32)
    mask = np.int64(keys.shape[0] - 1)
    place = np.int64(z & np.uint64(mask))
    while keys[place] != _EMPTY and keys[place] != key:
        place = (place + 1) & mask
    return place


@njit(cache=True)
def _rehash(keys, values, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The same entries in a table of `size` slots (a power of two)."""
    fresh_keys = np.full(size, _EMPTY, np.int64)
    fresh_values = np.zeros(size, np.int32)
    for slot in range(keys.shape[0]):
        if keys[slot] != _EMPTY:
            place = _place(fresh_keys, keys[slot])
            fresh_keys[place] = keys[slot]
            fresh_values[place] = values[slot]
    return fresh_keys, fresh_values


@njit(cache=True)
def _count(ids, starts, products, seen, totals, most, fresh):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Mark baskets as seen and count their products; `fresh` says which take part in pairs. Returns the numbers of
    baskets counted, of duplicates, of oversized ones, and of pairs (repeats included) that the counted ones hold."""
    counted = duplicates = oversized = pairs = 0
    for basket in range(ids.shape[0]):
        place = _place(seen, ids[basket])
        if seen[place] != _EMPTY:
            duplicates += 1
            continue
        seen[place] = ids[basket]
        size = starts[basket + 1] - starts[basket]
        if size > most:
            oversized += 1
            continue
        fresh[basket] = True
        counted += 1
        pairs += size * (size - 1) // 2
        for line in range(starts[basket], starts[basket + 1]):
            totals[products[line]] += 1
    return counted, duplicates, oversized, pairs


@njit(cache=True)
def _add(starts, products, fresh, first, last, keys, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Count the pairs of baskets first .. last - 1; returns how many distinct pairs are new."""
    new = 0
    for basket in range(first, last):
        if not fresh[basket]:
            continue
        for i in range(starts[basket], starts[basket + 1]):
            for j in range(i + 1, starts[basket + 1]):
                key = (np.int64(products[i]) << _SHIFT) | np.int64(products[j])
                place = _place(keys, key)
                if keys[place] == _EMPTY:
                    keys[place] = key
                    new += 1
                values[place] += 1
    return new


@njit(cache=True)
def _look_up(keys, values, wanted):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    found = np.zeros(wanted.shape[0], np.int64)
    for row in range(wanted.shape[0]):
        place = _place(keys, wanted[row])
        if keys[place] != _EMPTY:
            found[row] = values[place]
    return found


class PairCounts:
    """Counts over `products` product numbers. `baskets` were counted, `duplicates` and `oversized` were not;
    `product_counts[p]` baskets held product p. `floor` > 0 says that pairs were dropped for want of room, so any pair
    may be counted up to that many times too few."""

    def __init__(self, products: int, *, most_products: int = MOST_PRODUCTS, most_pairs: int = MOST_PAIRS) -> None:
        self.baskets = self.duplicates = self.oversized = self.floor = 0
        self.product_counts = np.zeros(products, np.int64)
        self._most_products = most_products
        self._most_pairs = most_pairs
        self._used = 0
        self._keys = np.full(_SMALLEST, _EMPTY, np.int64)
        self._values = np.zeros(_SMALLEST, np.int32)
        self._seen = np.full(_SMALLEST, _EMPTY, np.int64)

    def __len__(self) -> int:
        return self._used

    @property
    def size_bytes(self) -> int:
        """Memory of the tables."""
        return sum(table.nbytes for table in (self._keys, self._values, self._seen, self.product_counts))

    def add(self, baskets: NDArray[np.int64], products: NDArray[np.int64]) -> Counted:
        """Count baskets from their lines: line n is product products[n] in basket baskets[n] (ids of 0 and above), in
        any order; a basket comes whole. A basket whose id was counted before changes nothing, whatever it holds now.
        """
        ids, starts, kept = _grouped(baskets, products)
        self._seen = _room(self._seen, self.baskets + self.oversized + len(ids))
        fresh = np.zeros(len(ids), np.bool_)
        counted, duplicates, oversized, _ = _count(
            ids, starts, kept, self._seen, self.product_counts, self._most_products, fresh
        )
        self.baskets += counted
        self.duplicates += duplicates
        self.oversized += oversized
        self._pairs(starts, kept, fresh)
        return Counted(starts, kept, fresh)

    def _pairs(self, starts: NDArray[np.int64], products: NDArray[np.int64], fresh: NDArray[np.bool_]) -> None:
        """Count in runs of baskets that the table has room for, however many of their pairs are new."""
        sizes = np.diff(starts) * fresh
        pairs = np.concatenate([[0], np.cumsum(sizes * (sizes - 1) // 2)])
        first = 0
        while first < len(fresh):
            free = max(len(self._keys) * 6 // 10 - self._used, 0)
            last = int(np.searchsorted(pairs, pairs[first] + free, side="right")) - 1
            if last <= first:
                self._grow()
                continue
            self._used += _add(starts, products, fresh, first, last, self._keys, self._values)
            first = last

    def _grow(self) -> None:
        """Room for more: a table twice as large, or, when that would be too many pairs, without the rarest half."""
        if self._used <= self._most_pairs // 2 or len(self._keys) * 6 // 10 < self._most_pairs:
            self._keys, self._values = _rehash(self._keys, self._values, 2 * len(self._keys))
            return
        used = self._keys != _EMPTY
        limit = max(1, int(np.median(self._values[used])))
        dropped = used & (self._values <= limit)
        self.floor += limit
        self._keys[dropped] = _EMPTY
        self._values[dropped] = 0
        self._keys, self._values = _rehash(self._keys, self._values, len(self._keys))
        self._used -= int(dropped.sum())

    def of(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many baskets held both products of each pair (n,), in either order."""
        low, high = np.minimum(first, second), np.maximum(first, second)
        return np.asarray(_look_up(self._keys, self._values, (low << _SHIFT) | high))

    def pairs(self) -> Pairs:
        """All pairs, in order."""
        used = np.flatnonzero(self._keys != _EMPTY)
        order = used[np.argsort(self._keys[used])]
        codes = self._keys[order]
        return Pairs(codes >> _SHIFT, codes & _LOW, self._values[order].astype(np.int64))


def _grouped(
    baskets: NDArray[np.int64], products: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct basket ids, where the lines of each start, and the lines' products: distinct and rising in a basket."""
    order = np.lexsort((products, baskets))
    basket, product = baskets[order].astype(np.int64), products[order].astype(np.int64)
    new = np.ones(len(order), np.bool_)
    new[1:] = (basket[1:] != basket[:-1]) | (product[1:] != product[:-1])
    basket, product = basket[new], product[new]
    first = np.ones(len(basket), np.bool_)
    first[1:] = basket[1:] != basket[:-1]
    starts = np.flatnonzero(first)
    return basket[starts], np.append(starts, len(basket)).astype(np.int64), product


@njit(cache=True)
def _codes(starts, products, fresh, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    at = 0
    for basket in range(fresh.shape[0]):
        if fresh[basket]:
            for i in range(starts[basket], starts[basket + 1]):
                for j in range(i + 1, starts[basket + 1]):
                    out[at] = (np.int64(products[i]) << _SHIFT) | np.int64(products[j])
                    at += 1


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct values, rising: by sorting, which beats the hashing of `np.unique` on millions."""
    ordered = np.sort(values)
    return ordered[np.concatenate([np.ones(min(len(ordered), 1), np.bool_), ordered[1:] != ordered[:-1]])]


def _room(keys: NDArray[np.int64], entries: int) -> NDArray[np.int64]:
    """A set of ids with room for so many entries at a load of 0.6."""
    size = len(keys)
    while size * 6 // 10 < entries:
        size *= 2
    return keys if size == len(keys) else np.asarray(_rehash(keys, np.zeros(len(keys), np.int32), size)[0])
