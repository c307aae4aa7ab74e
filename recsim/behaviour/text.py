"""Words of a world as Arrow columns: names, queries and reviews are look-ups into banks, never a loop over rows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.behaviour import vocabulary as vocab
from recsim.rng import words

TYPO_KINDS = ("neighbour", "transposed", "dropped", "doubled")
_TYPO_CUTS = np.cumsum([0.40, 0.20, 0.25])
_VARIANTS = 8
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_KEY = {key: row[i + 1] if i + 1 < len(row) else row[i - 1] for row in _KEYS for i, key in enumerate(row)}


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


def misspelt(token: str, variant: int) -> tuple[str, int]:
    """A token with one typo, and which of `TYPO_KINDS` it is; by kind 40, 20, 25 and 15 %."""
    kind = int(np.searchsorted(_TYPO_CUTS, (variant + 0.5) / _VARIANTS))
    at = 1 + (variant * 5 + len(token)) % max(len(token) - 2, 1)
    while at > 1 and token[at] in (token[at - 1], token[at + 1 : at + 2]):
        at -= 1
    head, here, tail = token[:at], token[at : at + 1], token[at + 1 :]
    if kind == 0:
        return head + _NEXT_KEY.get(here, "e") + tail, kind
    if kind == 1:
        return head[:-1] + here + head[-1:] + tail, kind
    return (head + tail, kind) if kind == 2 else (head + here + here + tail, kind)


class QueryText:
    """Queries from brand, attribute and category tokens of the intended category.

    Every token is in the bank nine times: as it is and with eight typos. A query is [brand] [attribute] category; the
    typo falls on the category token.
    """

    def __init__(self, categories: int, typo_share: float, seed: int) -> None:
        tokens = [path_of(category)[-1] for category in range(categories)]
        variants = [misspelt(token, k) for token in tokens for k in range(_VARIANTS)]
        self._nouns = pa.array(tokens + [text for text, _ in variants], pa.string())
        self._kinds = np.array([kind for _, kind in variants[:_VARIANTS]], np.int8)
        self._categories = categories
        self._typo_share = typo_share
        self._seed = seed
        self._brands = pa.array([brand.lower() + " " for brand in brands()] + [""])
        self._attributes = pa.array([f"{attribute} " for attribute in vocab.ATTRIBUTES] + [""])

    def texts(self, category: NDArray[np.int64], salt: NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
        """The text of each query and the kind of its typo (a dictionary column, null where there is none)."""
        word = words(self._seed, "query/text", salt.astype(np.uint64))
        typo = word[:, 0] < self._typo_share * 2.0**32
        variant = word[:, 1] % _VARIANTS
        noun = np.where(typo, self._categories + category * _VARIANTS + variant, category)
        brand = np.where(word[:, 2] % 100 < 30, brand_of(category, word[:, 2] >> np.uint32(8)), len(brands()))
        attribute = np.where(word[:, 3] % 100 < 45, (word[:, 3] >> 8) % len(vocab.ATTRIBUTES), len(vocab.ATTRIBUTES))
        text = pc.binary_join_element_wise(
            self._brands.take(pa.array(brand)),
            self._attributes.take(pa.array(attribute)),
            self._nouns.take(pa.array(noun)),
            "",
        )
        kinds = pa.array(self._kinds[variant], mask=~typo)
        return text, pa.DictionaryArray.from_arrays(kinds, pa.array(TYPO_KINDS))


class ReviewText:
    """Reviews as sentences over aspects, with the polarity of the stars; the first names the category's noun."""

    def __init__(self, categories: int, seed: int) -> None:
        nouns = [path_of(category)[1] for category in range(categories)]
        self._unique = sorted(set(nouns))
        self._noun_of = np.array([self._unique.index(noun) for noun in nouns], np.int64)
        moods = ("I returned this", "I regret this", "I use this", "I like this", "I love this")
        openings = [f"{mood} {noun}." for mood in moods for noun in self._unique]
        self._sentences = [
            sentence.format(aspect=aspect)
            for bank in (vocab.BAD, vocab.MIXED, vocab.GOOD)
            for aspect in vocab.ASPECTS
            for sentence in bank
        ]
        self._bank = pa.array(self._sentences + openings, pa.string())
        self._titles = pa.array([title for titles in vocab.TITLES for title in titles], pa.string())
        self._seed = seed

    def texts(
        self, category: NDArray[np.int64], stars: NDArray[np.int64], salt: NDArray[np.int64]
    ) -> tuple[pa.Array, pa.Array]:
        """Title and body of each review. A body has 1 to 12 sentences, 5 at the median, of eleven words each."""
        entities = salt.astype(np.uint64)
        head = words(self._seed, "review/text", entities)
        title = (stars - 1) * 4 + head[:, 0] % 4
        spread = (head[:, 1] >> 20).astype(np.int64)
        length = 1 + np.searchsorted(_SENTENCE_CUTS, spread, side="right")
        offsets = np.concatenate([[0], np.cumsum(length)])
        row = np.repeat(np.arange(len(stars)), length)
        rank = np.arange(offsets[-1]) - offsets[row]
        word = words(self._seed, "review/sentence", entities[row] * np.uint64(16) + rank.astype(np.uint64))
        per_mood = len(vocab.ASPECTS) * 4
        mood = np.where(word[:, 0] % 100 < 12, 1, np.digitize(stars[row], (2.5, 3.5)))
        index = mood * per_mood + word[:, 1] % per_mood
        opening = len(self._sentences) + (stars[row] - 1) * len(self._unique) + self._noun_of[category[row]]
        index = np.where(rank == 0, opening, index)
        sentences = self._bank.take(pa.array(index))
        lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), sentences)
        return self._titles.take(pa.array(title)), pc.binary_join(lists, " ")


def _sentence_cuts() -> NDArray[np.int64]:
    """Of 4096 equal steps, those at which a lognormal(ln 5, 0.6) rounds to one sentence more, 1 to 12."""
    from scipy.special import ndtr

    edges = np.log(np.arange(1, 12) + 0.5)
    return np.round(ndtr((edges - np.log(5.0)) / 0.6) * 4096).astype(np.int64)


_SENTENCE_CUTS = _sentence_cuts()
