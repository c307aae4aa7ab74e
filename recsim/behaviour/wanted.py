"""What a query asks for: a rule over the columns of the products, and the products that meet it.

A rule names a leaf category and how many parts of its path the words say (2: the noun; 3: its kind too; 4: for whom
too), and perhaps a brand, an attribute and a model number. So the target set of any query is known without a list of
it, and recall needs no judges. A rule without a category is met by nothing where it names nothing at all: such a query
asked for something out of the catalogue.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import vocabulary as vocab
from recsim.behaviour.text import brand_of

NOUNS = [noun for nouns in vocab.DEPARTMENTS.values() for noun in nouns]
"""Every noun: number department · 12 + position."""

_PER_DEPARTMENT = len(next(iter(vocab.DEPARTMENTS.values())))
_DEPARTMENTS = len(vocab.DEPARTMENTS)
NOUN_DEPTH, KIND_DEPTH, AUDIENCE_DEPTH = 2, 3, 4


class Parts(NamedTuple):
    """The words of n leaf categories: `noun` is a position in `NOUNS`; `kind` and `audience` are -1 where there is
    none."""

    noun: NDArray[np.int64]
    kind: NDArray[np.int64]
    audience: NDArray[np.int64]


class Shelf(NamedTuple):
    """What n products can be asked for by, as codes."""

    category: NDArray[np.int64]
    brand: NDArray[np.int64]
    attribute: NDArray[np.int64]
    model: NDArray[np.int64]


class Rules(NamedTuple):
    """What n queries ask for; -1 where they do not say. `depth` is 0 where the words name no category."""

    category: NDArray[np.integer]
    depth: NDArray[np.integer]
    brand: NDArray[np.integer]
    attribute: NDArray[np.integer]
    model: NDArray[np.integer]


def parts_of(category: NDArray[np.integer]) -> Parts:
    """The words of leaf categories; the same numbering as `text.path_of`."""
    rest, department = np.divmod(category, _DEPARTMENTS)
    rest, noun = np.divmod(rest, _PER_DEPARTMENT)
    kind = np.where(rest > 0, (rest - 1) % len(vocab.KINDS), -1)
    rest = np.where(rest > 0, (rest - 1) // len(vocab.KINDS), 0)
    audience = np.where(rest > 0, (rest - 1) % len(vocab.AUDIENCES), -1)
    return Parts(department * _PER_DEPARTMENT + noun, kind, audience)


def shelf_of(category: NDArray[np.int64], word: NDArray[np.uint32]) -> Shelf:
    """What products of these categories and words (n, 4) are called: see `products` for the words' use."""
    return Shelf(
        category=category,
        brand=brand_of(category, word[:, 0]),
        attribute=(word[:, 1] % len(vocab.ATTRIBUTES)).astype(np.int64),
        model=(100 + word[:, 2] % 900).astype(np.int64),
    )


def targets(shelf: Shelf, rules: Rules, row: int, categories: tuple[int, int]) -> NDArray[np.int64]:
    """The products that one query asks for, ascending; `categories` are the first of its tenant's, and its end."""
    depth, brand, attribute, model = (int(column[row]) for column in rules[1:])
    if depth == 0 and brand < 0:
        return np.empty(0, np.int64)
    met = (shelf.category >= categories[0]) & (shelf.category < categories[1])
    if depth:
        mine, own = parts_of(shelf.category), parts_of(rules.category[row : row + 1])
        met &= mine.noun == own.noun[0]
        met &= (mine.kind == own.kind[0]) | (depth < KIND_DEPTH)
        met &= (mine.audience == own.audience[0]) | (depth < AUDIENCE_DEPTH)
    for wanted, had in ((brand, shelf.brand), (attribute, shelf.attribute), (model, shelf.model)):
        if wanted >= 0:
            met &= had == wanted
    return np.flatnonzero(met)
