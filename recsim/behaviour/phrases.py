"""Texts made of words out of banks: a column of strings from columns of positions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray


class Phrases:
    """Banks of words; the k-th word of a text comes out of the k-th bank."""

    def __init__(self, *banks: list[str]) -> None:
        encoded = [text.encode() for bank in banks for text in bank]
        self._first = np.cumsum([0, *(len(bank) for bank in banks)])
        self._start = np.cumsum([0, *(len(text) for text in encoded)]).astype(np.int64)
        self._bytes = np.frombuffer(b"".join(encoded), np.uint8)

    def join(self, *places: NDArray[np.int64]) -> pa.StringArray:
        """n texts of the words at these places of the banks, int64 (n,) each, with spaces between; none where -1."""
        rows = np.empty((len(places[0]), len(places)), np.int32)
        for k, column in enumerate(places):
            _place(column, self._first[k], rows[:, k])
        offsets = np.zeros(len(rows) + 1, np.int32)
        total = _measure(self._start, rows, offsets)
        text = np.empty(total, np.uint8)
        _write(self._start, self._bytes, rows, text)
        return pa.StringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(text))


@njit(cache=True)
def _place(column, first, words):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(column.shape[0]):
        words[i] = column[i] + first if column[i] >= 0 else -1


@njit(cache=True)
def _measure(start, rows, offsets):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill in where each text ends; returns the bytes of all."""
    end = 0
    for i in range(rows.shape[0]):
        length = -1
        for word in rows[i]:
            if word >= 0:
                length += start[word + 1] - start[word] + 1
        end += max(length, 0)
        offsets[i + 1] = end
    return end


@njit(cache=True)
def _write(start, source, rows, text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    end = 0
    for i in range(rows.shape[0]):
        first = True
        for word in rows[i]:
            if word < 0:
                continue
            if not first:
                text[end] = 32
                end += 1
            first = False
            for k in range(start[word], start[word + 1]):
                text[end] = source[k]
                end += 1
