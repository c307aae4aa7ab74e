"""Texts made of words out of banks: a column of strings from rows of places."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour.kernel import copy16, kernel


class Phrases:
    """Banks of words, one after the other; `first` int64: where each begins, and where the last ends.

    Every word is kept with the space behind it. A text is written over the last space of the text before it, so no
    word has to know whether it is the first or the last. Behind the words stands an empty one, where place -1 leads.
    """

    def __init__(self, *banks: list[str]) -> None:
        words = [f"{text} ".encode() for bank in banks for text in bank]
        self.first = np.cumsum([0, *(len(bank) for bank in banks)])
        self._size = np.array([*(len(word) for word in words), 0])
        self._start = np.cumsum(self._size) - self._size
        self._bytes = np.frombuffer(b"".join([*words, bytes(16)]), np.uint8)

    def join(self, rows: NDArray[np.integer]) -> pa.StringArray:
        """n texts of the words at these places, (n, k), with spaces between; no word where -1."""
        offsets = np.zeros(len(rows) + 1, np.int32)
        total = _measure(self._size, rows, offsets)
        text = np.empty(total + 17, np.uint8)
        _write(self._start, self._size, self._bytes, rows, offsets, text)
        return pa.StringArray.from_buffers(len(rows), pa.py_buffer(offsets), pa.py_buffer(text[:total]))

    def column(self, places: NDArray[np.integer]) -> pa.StringArray:
        """One word a row, n places; null where -1."""
        _, offsets, text = self.join(places[:, None]).buffers()
        there = pa.py_buffer(np.packbits(places >= 0, bitorder="little"))
        return pa.StringArray.from_buffers(len(places), offsets, text, there)


@kernel
def _measure(size, rows, offsets):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill in where each text ends; returns the bytes of all."""
    end = 0
    for i in range(rows.shape[0]):
        length = 0
        for k in range(rows.shape[1]):
            length += size[rows[i, k]]
        end += max(length - 1, 0)
        offsets[i + 1] = end
    return end


@kernel
def _write(start, size, source, rows, offsets, text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the texts, sixteen bytes at a time: what is too much is overwritten by the next word."""
    for i in range(rows.shape[0]):
        end = np.int64(offsets[i])
        for k in range(rows.shape[1]):
            word = rows[i, k]
            copy16(source, start[word], text, end)
            for done in range(16, size[word], 16):
                copy16(source, start[word] + done, text, end + done)
            end += size[word]
