"""Search queries: the words of a product somebody has in mind, as many of them as people type, as people type them.

A query describes one product: the one viewed next, or another of the category by popularity. Its noun comes first;
then, in one of six orders, attribute, brand, kind, audience and model number until the query is as long as drawn
(`queries.words`). A second search of a session mends the first: it corrects the typo, gives up the synonym or the thing
that is not sold, or adds a word. `wording` chooses the words as numbers; here they become columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsim.behaviour import lexicon, wording
from recsim.behaviour import vocabulary as vocab
from recsim.behaviour.catalogue import Catalogue
from recsim.behaviour.phrases import Phrases
from recsim.behaviour.spelling import KIND_OF, TYPO_KINDS
from recsim.behaviour.text import brands
from recsim.behaviour.wanted import NOUNS, Rules, Shelf
from recsim.rng import words
from recsim.scenario.words import Queries

REFINEMENTS = ("corrected", "reworded", "replaced", "narrowed", "broadened")
"""How a second search differs: the typo mended, the catalogue's word for a synonym, a thing that is sold for one that
is not, a word more, or (where there is no further word) the noun alone."""


class Asked(NamedTuple):
    """n queries: their text, what it asks for, and how it came about (Arrow columns, null where there is nothing).

    `synonym_of` is the catalogue's word that a synonym stands for; `correct_text` the text without its typo."""

    text: pa.Array
    rules: Rules
    typo: pa.Array
    correct_text: pa.Array
    synonym_of: pa.Array
    refinement: pa.Array


class QueryText:
    """The queries of a world. `shelf` says what its products are called."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf, queries: Queries, seed: int) -> None:
        self._catalogue = catalogue
        self._seed = seed
        self._lexicon, self._phrases = lexicon.build(shelf, queries)
        self._replaceable = Phrases([*NOUNS, *vocab.ATTRIBUTES])

    def ask(
        self, category: NDArray[np.int64], viewed: NDArray[np.int64], salt: NDArray[np.int64], step: NDArray[np.int64]
    ) -> Asked:
        """The queries of n searches: the category on the searcher's mind, the slot viewed next, a number that is the
        same for the first search (step 0) and the second (step 1) of a session."""
        entity = salt.astype(np.uint64)
        a, b = words(self._seed, "query/text", entity), words(self._seed, "query/more", entity)
        product = np.empty(len(step), np.int64)
        wording.describe(self._catalogue, self._lexicon, category, viewed, a, product)
        worded = lexicon.room(len(step))
        typos = wording.choose(self._lexicon, product, step, a, b, worded)
        typo = worded.typo >= 0
        right = self._phrases.join(worded.right[:typos])
        return Asked(
            text=self._phrases.join(worded.text),
            rules=Rules(worded.category, worded.depth, worded.brand, worded.attribute, worded.model),
            typo=pa.DictionaryArray.from_arrays(pa.array(KIND_OF[worded.typo], mask=~typo), pa.array(TYPO_KINDS)),
            correct_text=right.take(pa.array(np.cumsum(typo, dtype=np.int32) - 1, mask=~typo)),
            synonym_of=self._replaceable.column(worded.synonym),
            refinement=pa.DictionaryArray.from_arrays(
                pa.array(worded.refinement, mask=worded.refinement < 0), pa.array(REFINEMENTS)
            ),
        )

    def rules_of(self, row: dict[str, Any]) -> Rules:
        """The rule that a row of `truth/queries` states, as codes: one row."""
        found = (
            -1 if row["category_id"] is None else row["category_id"],
            row["depth"],
            -1 if row["brand"] is None else brands().index(row["brand"]),
            -1 if row["attribute"] is None else vocab.ATTRIBUTES.index(row["attribute"]),
            -1 if row["model_number"] is None else row["model_number"],
        )
        return Rules(*(np.array([value], np.int64) for value in found))
