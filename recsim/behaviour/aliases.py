"""Alias tables: one random word, one look-up, one of many by weight (Walker 1977, built as Vose 1991)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.kernel import inlined, kernel

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_FULL = 4294967295.0
_CELL_OTHER = np.uint64((1 << 11) - 1)
_CELL_SHIFT = np.uint64(11)


def tables(weight: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One table for each segment start[k] .. start[k + 1] of the weights, end to end.

    A cell holds the threshold of its own side in the high word and the other position in the low one. A segment
    without weight is drawn from uniformly.
    """
    out = np.empty(len(weight), np.uint64)
    share, stack = np.empty(len(weight)), np.empty(len(weight), np.int64)
    _build(np.ascontiguousarray(weight, np.float64), np.ascontiguousarray(start, np.int64), out, share, stack)
    return out


def cells(table: NDArray[np.uint64], start: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The tables in half the room, for segments of at most 2,047: a threshold of 21 bits, and how far behind the
    segment's start the other position is. A share is rounded to half a millionth of a cell."""
    low = np.repeat(start[:-1], np.diff(start)).astype(np.uint64)
    behind = (table & _LOW) - low
    assert behind.max(initial=0) <= _CELL_OTHER, "a segment is longer than a cell can say"
    threshold = np.minimum(((table >> _SHIFT) + np.uint64(1 << 10)) >> np.uint64(11), np.uint64((1 << 21) - 1))
    return ((threshold << np.uint64(11)) | behind).astype(np.uint32)


@kernel
def _build(weight, start, out, share, stack):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for k in range(start.shape[0] - 1):
        low, high = start[k], start[k + 1]
        total = 0.0
        for i in range(low, high):
            total += weight[i]
        scale = (high - low) / total if total > 0.0 else 0.0
        small, large = low, high
        for i in range(low, high):
            share[i] = weight[i] * scale if scale > 0.0 else 1.0
            out[i] = (_LOW << _SHIFT) | np.uint64(i)
            if share[i] < 1.0:
                stack[small] = i
                small += 1
            else:
                large -= 1
                stack[large] = i
        while small > low and large < high:
            small -= 1
            i, j = stack[small], stack[large]
            out[i] = (np.uint64(share[i] * _FULL) << _SHIFT) | np.uint64(j)
            share[j] -= 1.0 - share[i]
            if share[j] < 1.0:
                large += 1
                stack[small] = j
                small += 1


@inlined
def pick(alias, start, size, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """One draw from the table start .. start + size: the word's high part chooses the cell, its rest the side.

    Written without a branch: which side it is cannot be predicted.
    """
    scaled = np.uint64(word) * np.uint64(size)
    cell = start + np.int64(scaled >> _SHIFT)
    entry = alias[cell]
    other = np.int64(entry & _LOW)
    return other + (cell - other) * np.int64((scaled & _LOW) < (entry >> _SHIFT))


@inlined
def pick_cell(long, start, size, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """One draw as in `pick` from the segment start .. start + size, whose `cells` are in the last column but one."""
    scaled = np.uint64(word) * np.uint64(size)
    cell = start + np.int64(scaled >> _SHIFT)
    entry = np.uint64(np.uint32(long[cell, long.shape[1] - 2]))
    other = start + np.int64(entry & _CELL_OTHER)
    return other + (cell - other) * np.int64(((scaled & _LOW) >> _CELL_SHIFT) < (entry >> _CELL_SHIFT))


@inlined
def pick_pair(pairs, start, size, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """One draw as in `pick` from a table that is the first column of pairs."""
    scaled = np.uint64(word) * np.uint64(size)
    cell = start + np.int64(scaled >> _SHIFT)
    entry = pairs[cell, 0]
    other = np.int64(entry & _LOW)
    return other + (cell - other) * np.int64((scaled & _LOW) < (entry >> _SHIFT))


def pick_all(
    alias: NDArray[np.uint64], low: NDArray[np.int64], high: NDArray[np.int64], words: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """One draw from each table low .. high: `pick` for arrays."""
    scaled = words.astype(np.uint64) * (high - low).astype(np.uint64)
    cell = low + (scaled >> _SHIFT).astype(np.int64)
    entry = alias[cell]
    return np.where((scaled & _LOW) < entry >> _SHIFT, cell, (entry & _LOW).astype(np.int64))
