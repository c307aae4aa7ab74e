"""Search queries: the words of a product somebody has in mind, as many of them as people type, as people type them.

A query describes one product: the one viewed next, or another of the category by popularity. Its noun comes first;
then, in one of six orders, attribute, brand, kind, audience and model number until the query is as long as drawn
(`queries.words`). A second search of a session mends the first: it corrects the typo, gives up the synonym or the thing
that is not sold, or adds a word. Every column is a look-up into a bank of words; no row is touched by Python.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from recsim.behaviour import aliases, wanted
from recsim.behaviour import vocabulary as vocab
from recsim.behaviour.catalogue import Catalogue, products_of
from recsim.behaviour.phrases import Phrases
from recsim.behaviour.spelling import KIND_OF, TYPO_KINDS, VARIANTS, bank, misspelt_at
from recsim.behaviour.synonyms import FILLERS, OUTSIDE, SYNONYMS
from recsim.behaviour.text import brands
from recsim.behaviour.wanted import Rules, Shelf
from recsim.rng import words
from recsim.scenario.words import Queries

REFINEMENTS = ("corrected", "reworded", "replaced", "narrowed", "broadened")
"""How a second search differs: the typo mended, the catalogue's word for a synonym, a thing that is sold for one that
is not, a word more, or (where there is no further word) the noun alone."""

_ATTRIBUTE, _BRAND, _KIND, _AUDIENCE, _MODEL = range(5)
_ORDERS = np.array(
    [
        (_ATTRIBUTE, _BRAND, _KIND, _AUDIENCE, _MODEL),
        (_BRAND, _ATTRIBUTE, _KIND, _AUDIENCE, _MODEL),
        (_KIND, _ATTRIBUTE, _AUDIENCE, _BRAND, _MODEL),
        (_KIND, _AUDIENCE, _BRAND, _ATTRIBUTE, _MODEL),
        (_BRAND, _KIND, _AUDIENCE, _ATTRIBUTE, _MODEL),
        (_BRAND, _MODEL, _ATTRIBUTE, _KIND, _AUDIENCE),
    ]
)
_NOUN_TYPO_OF_100 = 60
_FILLERS = len(FILLERS)
_MODELS = [str(number) for number in range(1000)]
_NONE = np.int64(-1)


class Asked(NamedTuple):
    """n queries: their text, what it asks for, and how it came about (Arrow columns, null where there is nothing).

    `synonym_of` is the catalogue's word that a synonym stands for; `correct_text` the text without its typo."""

    text: pa.Array
    rules: Rules
    typo: pa.Array
    correct_text: pa.Array
    synonym_of: pa.Array
    refinement: pa.Array


class _Words(NamedTuple):
    """Which words n queries have: banks by position; -1 for none. `taken` bool (n, 5) by word class."""

    shelf: Shelf
    noun: NDArray[np.int64]
    taken: NDArray[np.bool_]
    filler: NDArray[np.int64]

    def at(self, rows: NDArray[np.int64]) -> _Words:
        """Some of the queries."""
        shelf = Shelf(*(column[rows] for column in self.shelf))
        return _Words(shelf, self.noun[rows], self.taken[rows], self.filler[rows])

    def put(self, rows: NDArray[np.int64], other: _Words) -> None:
        """Give some of the queries other words about the same products."""
        self.noun[rows], self.taken[rows], self.filler[rows] = other.noun, other.taken, other.filler


class QueryText:
    """The queries of a world. `shelf` says what its products are called."""

    def __init__(self, catalogue: Catalogue, shelf: Shelf, queries: Queries, seed: int) -> None:
        self._catalogue = catalogue
        self._shelf = shelf
        self._settings = queries
        self._seed = seed
        self._lengths = np.cumsum(queries.words) / np.sum(queries.words) * 2.0**32
        self._noun_words = np.array([noun.count(" ") + 1 for noun in wanted.NOUNS])
        tokens = {"noun": wanted.NOUNS, "brand": [b.lower() for b in brands()], "attribute": list(vocab.ATTRIBUTES)}
        known = frozenset(word for some in tokens.values() for word in some) | frozenset(SYNONYMS.values())
        self._banks = {name: _Bank(some, known) for name, some in tokens.items()}
        banks = [self._banks[name].texts for name in ("brand", "attribute", "noun")]
        self._phrases = Phrases(list(FILLERS), list(vocab.AUDIENCES), *banks[:2], list(vocab.KINDS), banks[2], _MODELS)
        self._outside = pa.array(OUTSIDE)

    def ask(
        self, category: NDArray[np.int64], viewed: NDArray[np.int64], salt: NDArray[np.int64], step: NDArray[np.int64]
    ) -> Asked:
        """The queries of n searches: the category on the searcher's mind, the slot viewed next, a number that is the
        same for the first search (step 0) and the second (step 1) of a session."""
        entity = salt.astype(np.uint64)
        a, b = words(self._seed, "query/text", entity), words(self._seed, "query/more", entity)
        first = step == 0
        outside = a[:, 0] < self._settings.zero_result_share * 2.0**32
        typo = (b[:, 0] < self._settings.typo_share * 2.0**32) & ~outside
        product = self._described(category, viewed, a)
        length = 1 + np.searchsorted(self._lengths[:-1], a[:, 3], side="right")
        order = (a[:, 1] & 0xFFFF).astype(np.int64) % len(_ORDERS)
        found = self._choose(product, length, order, b)
        synonym = self._synonym(found, b) & ~typo & ~outside
        kind = np.zeros(len(first), np.int8)
        again = np.flatnonzero(step)
        slips = outside[again], typo[again], synonym[again]
        longer, kind[again] = self._second(found.at(again), product[again], order[again], b[again], *slips)
        found.put(again, longer)
        typo, outside, synonym = typo & first, outside & first, synonym & first
        wrong, nowhere = np.flatnonzero(typo), np.flatnonzero(outside)
        right = self._join(found.at(wrong), None, synonym[wrong])
        text = self._join(found, (typo, b[:, 1]), synonym)
        thing = self._outside.take(pa.array((b[nowhere, 3] >> 8) % len(OUTSIDE)))
        return Asked(
            text=pc.replace_with_mask(text, pa.array(outside), thing),
            rules=_rules(found, outside),
            typo=pa.DictionaryArray.from_arrays(
                pa.array(KIND_OF[b[:, 1] % VARIANTS], mask=~typo), pa.array(TYPO_KINDS)
            ),
            correct_text=right.take(pa.array(np.cumsum(typo) - 1, mask=~typo)),
            synonym_of=self._replaced(found, synonym),
            refinement=pa.DictionaryArray.from_arrays(pa.array(kind, mask=first), pa.array(REFINEMENTS)),
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

    def _described(
        self, category: NDArray[np.int64], viewed: NDArray[np.int64], a: NDArray[np.uint32]
    ) -> NDArray[np.int64]:
        """The product each query describes: the one viewed next, or one of the category by popularity."""
        shop = self._catalogue
        niche = aliases.pick_all(shop.usual_niche_alias, shop.start[category], shop.start[category + 1], a[:, 2])
        spare = a[:, 2] * np.uint32(0x9E3779B1) ^ a[:, 1]
        popular = aliases.pick_all(shop.usual_alias, shop.niche[niche], shop.niche[niche + 1], spare)
        found = (a[:, 1] >> 16) < self._settings.found_share * 65536.0
        return products_of(shop, np.where(found, viewed, popular))

    def _choose(
        self, product: NDArray[np.int64], length: NDArray[np.int64], order: NDArray[np.int64], b: NDArray[np.uint32]
    ) -> _Words:
        """The words of queries of so many words about these products."""
        shelf = Shelf(*(column[product] for column in self._shelf))
        parts = wanted.parts_of(shelf.category)
        found = _Words(
            shelf,
            noun=parts.noun.copy(),
            taken=np.zeros((len(product), 5), bool),
            filler=np.full(len(product), _NONE),
        )
        noun_words = self._noun_words[parts.noun]
        salt = np.ascontiguousarray(b[:, 3])
        _take(
            _ORDERS, order, length, noun_words, parts.kind, parts.audience, salt, found.noun, found.taken, found.filler
        )
        return found

    def _second(
        self, found: _Words, product: NDArray[np.int64], order: NDArray[np.int64], b: NDArray[np.uint32],
        outside: NDArray[np.bool_], typo: NDArray[np.bool_], synonym: NDArray[np.bool_],
    ) -> tuple[_Words, NDArray[np.int8]]:  # fmt: skip
        """The words of the second search after a first one of `found`, and which of `REFINEMENTS` it is."""
        mended = outside | typo | synonym
        parts = wanted.parts_of(found.shelf.category)
        had = np.where(found.noun >= 0, self._noun_words[parts.noun], 0) + found.taken.sum(axis=1)
        all_words = 3 + self._noun_words[parts.noun] + (parts.kind >= 0) + (parts.audience >= 0)
        broad = ~mended & (found.noun >= 0) & (had >= all_words)
        length = np.where(broad, self._noun_words[parts.noun], had + 1)
        other = self._choose(
            product, np.where(found.noun < 0, self._noun_words[parts.noun] + 1, length), order, b | np.uint32(1)
        )
        taken = np.where((found.noun < 0)[:, None], found.taken, other.taken)
        noun = np.where(found.noun < 0, parts.noun, other.noun)
        kind = np.where(typo, 0, np.where(synonym, 1, np.where(outside, 2, np.where(broad, 4, 3)))).astype(np.int8)
        return _either(mended, found, _Words(found.shelf, noun, taken, np.full(len(product), _NONE))), kind

    def _synonym(self, found: _Words, b: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which queries replace a word by a synonym."""
        drawn = b[:, 2] < self._settings.synonym_share * 2.0**32
        return drawn & ((self._synonym_noun(found) >= 0) | (self._synonym_attribute(found) >= 0))

    def _synonym_noun(self, found: _Words) -> NDArray[np.int64]:
        """Where the bank holds the noun's synonym; -1 for none."""
        return np.where(found.noun >= 0, self._banks["noun"].synonym[found.noun], _NONE)

    def _synonym_attribute(self, found: _Words) -> NDArray[np.int64]:
        return np.where(found.taken[:, _ATTRIBUTE], self._banks["attribute"].synonym[found.shelf.attribute], _NONE)

    def _join(
        self, found: _Words, slip: tuple[NDArray[np.bool_], NDArray[np.uint32]] | None, synonym: NDArray[np.bool_]
    ) -> pa.Array:
        """The texts; `slip` says which have a typo, and the word that says where and what."""
        parts = wanted.parts_of(found.shelf.category)
        brand = np.where(found.taken[:, _BRAND], found.shelf.brand, _NONE)
        attribute = np.where(found.taken[:, _ATTRIBUTE], found.shelf.attribute, _NONE)
        noun = found.noun
        by_noun = synonym & (self._synonym_noun(found) >= 0)
        by_attribute = synonym & ~by_noun
        places = {"noun": noun, "brand": brand, "attribute": attribute}
        if slip is not None:
            for name, mask in _slips(places, *slip).items():
                known = self._banks[name]
                turned = misspelt_at(known.tokens, places[name], (slip[1] % VARIANTS).astype(np.int64))
                places[name] = np.where(mask, turned, places[name])
        noun = np.where(by_noun, self._synonym_noun(found), places["noun"])
        attribute = np.where(by_attribute, self._synonym_attribute(found), places["attribute"])
        return self._phrases.join(
            found.filler,
            np.where(found.taken[:, _AUDIENCE], parts.audience, _NONE),
            places["brand"],
            attribute,
            np.where(found.taken[:, _KIND], parts.kind, _NONE),
            noun,
            np.where(found.taken[:, _MODEL], found.shelf.model, _NONE),
        )

    def _replaced(self, found: _Words, synonym: NDArray[np.bool_]) -> pa.Array:
        """The catalogue's word behind each synonym."""
        noun = np.where(synonym & (self._synonym_noun(found) >= 0), found.noun, _NONE)
        attribute = np.where(synonym & (noun < 0), found.shelf.attribute, _NONE)
        both = np.where(noun >= 0, noun, np.where(attribute >= 0, attribute + len(wanted.NOUNS), _NONE))
        return pa.array([*wanted.NOUNS, *vocab.ATTRIBUTES]).take(pa.array(both, mask=both < 0))


class _Bank:
    """Words as typed: the tokens, their misspelt forms, their synonyms."""

    def __init__(self, tokens: list[str], known: frozenset[str]) -> None:
        self.texts = bank(tokens, known)
        self.tokens = len(tokens)
        self.synonym = np.full(len(tokens), _NONE)
        for position, token in enumerate(tokens):
            if token in SYNONYMS:
                self.synonym[position] = len(self.texts)
                self.texts.append(SYNONYMS[token])


@njit(cache=True)
def _take(orders, order, length, noun_words, kind, audience, salt, noun, taken, filler):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill in the words of queries: the noun or the brand alone, else words in order until it is long enough."""
    for i in range(order.shape[0]):
        if length[i] == 1 and (noun_words[i] > 1 or salt[i] % 4 == 0):
            noun[i] = -1
            taken[i, _BRAND] = True
            continue
        count = noun_words[i]
        for place in range(5):
            token = orders[order[i], place]
            there = kind[i] >= 0 if token == _KIND else audience[i] >= 0 if token == _AUDIENCE else True
            if there and count < length[i]:
                taken[i, token] = True
                count += 1
        if count < length[i]:
            filler[i] = salt[i] % _FILLERS


def _slips(
    places: dict[str, NDArray[np.int64]], typo: NDArray[np.bool_], word: NDArray[np.uint32]
) -> dict[str, NDArray[np.bool_]]:
    """Which of a query's words the typo falls on: mostly the noun."""
    has = {name: place >= 0 for name, place in places.items()}
    drawn = (word >> 8) % 100
    noun = typo & has["noun"] & ((drawn < _NOUN_TYPO_OF_100) | ~(has["brand"] | has["attribute"]))
    brand = typo & ~noun & has["brand"] & ((drawn % 2 == 0) | ~has["attribute"])
    return {"noun": noun, "brand": brand, "attribute": typo & ~noun & ~brand}


def _either(mask: NDArray[np.bool_], yes: _Words, no: _Words) -> _Words:
    return _Words(
        yes.shelf,
        np.where(mask, yes.noun, no.noun),
        np.where(mask[:, None], yes.taken, no.taken),
        np.where(mask, yes.filler, no.filler),
    )


def _rules(found: _Words, outside: NDArray[np.bool_]) -> Rules:
    """What the words ask for."""
    said = found.taken & ~outside[:, None]
    depth = wanted.NOUN_DEPTH + said[:, _KIND] + said[:, _AUDIENCE]
    return Rules(
        category=np.where(outside, _NONE, found.shelf.category),
        depth=np.where(outside | (found.noun < 0), 0, depth).astype(np.int64),
        brand=np.where(said[:, _BRAND], found.shelf.brand, _NONE),
        attribute=np.where(said[:, _ATTRIBUTE], found.shelf.attribute, _NONE),
        model=np.where(said[:, _MODEL], found.shelf.model, _NONE),
    )
