"""Arrays together in one block."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour.aliases import cells, tables
from recsim.behaviour.memory import block, together


class _Some(NamedTuple):
    wide: NDArray[np.int64]
    narrow: NDArray[np.int8]
    view: NDArray[np.int16]
    number: float


def test_arrays_keep_their_numbers_and_views_stay_views() -> None:
    narrow = np.arange(64, dtype=np.int8).reshape(2, 32)
    moved = together(_Some(np.arange(5), narrow, narrow.view(np.int16), 2.5))
    assert np.array_equal(moved.wide, np.arange(5))
    assert np.array_equal(moved.narrow, narrow)
    moved.narrow[0, :2] = -1
    assert moved.view[0, 0] == -1
    assert narrow[0, 0] == 0
    assert moved.number == 2.5


def test_a_block_is_zero_and_starts_a_large_page() -> None:
    found = block(100)
    assert found.shape == (100,)
    assert not found.any()
    assert found.ctypes.data % (1 << 21) == 0


def test_cells_say_what_the_alias_tables_say() -> None:
    """Every share that a cell stands for is within half a millionth of the table's."""
    weight = np.random.default_rng(1).lognormal(0, 2, 400)
    start = np.array([0, 1, 22, 25, 400])
    table, packed = tables(weight, start), cells(tables(weight, start), start)
    low = np.repeat(start[:-1], np.diff(start))
    assert np.array_equal(low + (packed & 2047), table & np.uint64(0xFFFFFFFF))
    shares = (packed >> 11) / 2.0**21
    assert np.abs(shares - (table >> np.uint64(32)) / 2.0**32).max() < 5e-7
