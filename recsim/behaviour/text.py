"""Words of a world as Arrow columns: names, queries and reviews are look-ups into banks, never a loop over rows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import vocabulary as vocab


def pick(bank: list[str], index: NDArray[np.integer]) -> pa.Array:
    """Element `index` of a bank of strings, as a string column; an index of -1 gives null."""
    indices = pa.array(index.astype(np.int32), mask=index < 0)
    return pa.array(bank, pa.string()).take(indices)


def path_of(category: int) -> tuple[str, ...]:
    """The path of a leaf category: department and noun; in larger catalogues kind and audience besides.

    Numbers run through the departments first, so that any catalogue has something of each.
    """
    departments = list(vocab.DEPARTMENTS)
    rest, department = divmod(category, len(departments))
    nouns = vocab.DEPARTMENTS[departments[department]]
    rest, noun = divmod(rest, len(nouns))
    if rest == 0:
        return departments[department], nouns[noun]
    rest, kind = divmod(rest - 1, len(vocab.KINDS))
    narrow = f"{vocab.KINDS[kind]} {nouns[noun]}"
    if rest == 0:
        return departments[department], nouns[noun], narrow
    group, audience = divmod(rest - 1, len(vocab.AUDIENCES))
    leaf = f"{vocab.AUDIENCES[audience]} {narrow}" + (f" {group + 1}" if group else "")
    return departments[department], nouns[noun], narrow, leaf


@cache
def brands() -> list[str]:
    return [head + tail for head in vocab.BRAND_HEADS for tail in vocab.BRAND_TAILS]


def brand_of(category: NDArray[np.int64], word: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
    """A brand of the category's own dozen: which of `brands()`."""
    return (category * 7 + word.astype(np.int64) % 12 * 31) % len(brands())
