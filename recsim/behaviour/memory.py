"""Where the arrays of the kernels stand in memory.

A user's choices hop through a catalogue of megabytes. On pages of 4 KiB every hop also misses the processor's address
cache, which costs as much as the memory itself: a third of the drawing time at 100,000 products (measured). numpy asks
the system for large pages (2 MiB) for blocks of 4 MiB up, so small arrays are put into one such block.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Arrays = TypeVar("Arrays", bound=tuple[Any, ...])

_LARGE = 1 << 21
_LEAST = 1 << 22
_LINE = 64


def block(size: int) -> NDArray[np.uint8]:
    """So many bytes, zero, from the start of a large page on."""
    whole = np.empty(max(size, _LEAST) + _LARGE, np.uint8)
    start = -whole.ctypes.data % _LARGE
    found = whole[start : start + size]
    found[:] = 0
    return found


def together(arrays: Arrays) -> Arrays:
    """The same named tuple with its arrays copied into one block. Arrays that share their memory go on sharing it."""
    fields: dict[str, Any] = arrays._asdict()  # type: ignore[attr-defined]
    places: dict[tuple[int, int], int] = {}
    size = 0
    for value in fields.values():
        if isinstance(value, np.ndarray) and _key(value) not in places:
            places[_key(value)] = size
            size += -(-value.nbytes // _LINE) * _LINE
    room = block(size)
    moved = {name: _moved(value, room, places) for name, value in fields.items()}
    return arrays._replace(**moved)  # type: ignore[attr-defined]


def _key(array: NDArray[Any]) -> tuple[int, int]:
    return array.ctypes.data, array.nbytes


def _moved(value: Any, room: NDArray[np.uint8], places: dict[tuple[int, int], int]) -> Any:  # noqa: ANN401 - any field
    if not isinstance(value, np.ndarray):
        return value
    start = places[_key(value)]
    found = room[start : start + value.nbytes].view(value.dtype).reshape(value.shape)
    found[...] = value
    return found
