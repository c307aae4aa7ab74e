"""What a review says: a grammar over the aspects of a department and the polarity that goes with the stars.

A review opens with its mood and the noun, then walks through the aspects in an order of its own, a sentence each, until
it is about as long as drawn. Whether an aspect is praised or criticised is drawn once a review, by its stars, so a
review never contradicts itself. No sentence occurs twice in a review. Text is a list of sentence numbers until Arrow
joins it; no row is touched by Python.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsim.behaviour import vocabulary as vocab
from recsim.behaviour.aspects import ASPECTS, BAD, GOOD, MIXED, MOODS, PLAIN
from recsim.behaviour.quantiles import draw_all, lognormal
from recsim.behaviour.wanted import NOUNS, parts_of
from recsim.rng import words
from recsim.scenario.words import Reviews

_A_DEPARTMENT = 10
_TEMPLATES = len(GOOD)
_SENTENCES = _A_DEPARTMENT * _TEMPLATES
_STRIDES = np.array([7, 11, 13, 17, 19, 23, 29, 31])
"""Steps through the 60 sentences of a polarity; none has a factor in common with 10, so ten in a row differ in aspect
after division, and none with 60, so all sixty differ."""

_PLAIN_EVERY = 7
"""One sentence in so many judges nothing."""

_GOOD_BELOW = np.array([0.05, 0.12, 0.35, 0.75, 0.92])
_BAD_ABOVE = np.array([0.15, 0.35, 0.65, 0.92, 0.98])
"""By stars: an aspect is praised when its uniform is below the first, criticised when it is above the second."""


class Written(NamedTuple):
    """n reviews: Arrow columns, `praised` and `criticised` lists of aspects."""

    title: pa.Array
    text: pa.Array
    praised: pa.Array
    criticised: pa.Array


class ReviewText:
    """The reviews of a world."""

    def __init__(self, settings: Reviews, seed: int) -> None:
        self._seed = seed
        aspects = [aspect for department in vocab.DEPARTMENTS for aspect in ASPECTS[department]]
        self._aspects = pa.array(aspects)
        sentences = [form.format(aspect=aspect) for forms in (BAD, MIXED, GOOD) for aspect in aspects for form in forms]
        openings = [f"{mood} {_this(noun)} {noun}." for mood in MOODS for noun in NOUNS]
        self._plain_at, self._opening_at = len(sentences), len(sentences) + len(PLAIN)
        self._bank = pa.array([*sentences, *PLAIN, *openings], pa.string())
        self._titles = pa.array([title for titles in vocab.TITLES for title in titles], pa.string())
        mean_words = np.mean([form.count(" ") + 1 for form in (*GOOD, *MIXED, *BAD)])
        mean_words += (np.mean([form.count(" ") + 1 for form in PLAIN]) - mean_words) / _PLAIN_EVERY
        self._sentence_words = float(mean_words)
        self._length = lognormal(settings.words_median, settings.words_sigma, 1.0, 2000.0)

    def write(
        self,
        category: NDArray[np.int64],
        stars: NDArray[np.int64],
        salt: NDArray[np.int64],
        copied: NDArray[np.int64] | None = None,
    ) -> Written:
        """The reviews of products of these categories with these stars; `salt` makes each its own.

        Where `copied` is not negative, the review repeats the one of that salt but for a sentence: a fake of a series.
        """
        own = salt.astype(np.uint64)
        of = own if copied is None else np.where(copied >= 0, copied, salt).astype(np.uint64)
        head = words(self._seed, "review/text", of)
        parts = parts_of(category)
        length = self._sentences(head[:, 1])
        mood = self._polarities(of, stars)
        offsets = np.concatenate([[0], np.cumsum(length)])
        row = np.repeat(np.arange(len(stars)), length)
        rank = np.arange(offsets[-1]) - offsets[row]
        place = (head[row, 2] + rank * _STRIDES[head[row, 3] % len(_STRIDES)]) % _SENTENCES
        if copied is not None:
            fresh = words(self._seed, "review/fresh", own)
            changed = (copied[row] >= 0) & (rank == 1 + fresh[row, 0] % np.maximum(length[row] - 1, 1))
            place = np.where(changed, (place + 1 + fresh[row, 1] % (_SENTENCES - 1)) % _SENTENCES, place)
        aspect, form = place % _A_DEPARTMENT, place // _A_DEPARTMENT
        department = (parts.noun // (len(NOUNS) // len(vocab.DEPARTMENTS)))[row]
        sentence = (mood[row, aspect] * len(ASPECTS) + department) * _SENTENCES + aspect * _TEMPLATES + form
        aside = (head[:, 0] >> 8).astype(np.int64)[row]
        plain = rank % _PLAIN_EVERY == 1 + aside % (_PLAIN_EVERY - 1)
        sentence = np.where(plain, self._plain_at + (aside // 8 + rank // _PLAIN_EVERY) % len(PLAIN), sentence)
        opening = self._opening_at + (stars[row] - 1) * len(NOUNS) + parts.noun[row]
        lists = pa.ListArray.from_arrays(
            pa.array(offsets.astype(np.int32)), self._bank.take(pa.array(np.where(rank == 0, opening, sentence)))
        )
        said = (rank > 0) & ~plain
        name = department * _A_DEPARTMENT + aspect
        return Written(
            title=self._titles.take(pa.array((stars - 1) * 4 + head[:, 0] % 4)),
            text=pc.binary_join(lists, " "),
            praised=self._named(row[said], name[said], mood[row, aspect][said] == 2, len(stars)),
            criticised=self._named(row[said], name[said], mood[row, aspect][said] == 0, len(stars)),
        )

    def _sentences(self, word: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Sentences of each review, its opening included: its words by the length of a sentence."""
        drawn = draw_all(self._length, word).astype(np.float64)
        return 1 + np.clip(np.round((drawn - 4.0) / self._sentence_words), 1, _SENTENCES).astype(np.int64)

    def _polarities(self, salt: NDArray[np.uint64], stars: NDArray[np.int64]) -> NDArray[np.int64]:
        """0 criticised, 1 mixed, 2 praised: (n, 10), one an aspect."""
        drawn = np.hstack([words(self._seed, "review/polarity", salt, block) for block in range(3)])[:, :_A_DEPARTMENT]
        uniform = drawn.astype(np.float64) / 2.0**32
        good, bad = _GOOD_BELOW[stars - 1, None], _BAD_ABOVE[stars - 1, None]
        return np.where(uniform < good, 2, np.where(uniform > bad, 0, 1))

    def _named(
        self, row: NDArray[np.int64], name: NDArray[np.int64], chosen: NDArray[np.bool_], count: int
    ) -> pa.ListArray:
        """For each review the aspects that were chosen, once each, in order of their number."""
        pairs = np.unique(row[chosen] * len(self._aspects) + name[chosen])
        ends = np.searchsorted(pairs // len(self._aspects), np.arange(count + 1))
        return pa.ListArray.from_arrays(
            pa.array(ends.astype(np.int32)), self._aspects.take(pa.array(pairs % len(self._aspects)))
        )


def _this(noun: str) -> str:
    """Its demonstrative: these for a plural, else this."""
    return "these" if noun.endswith("s") and not noun.endswith("ss") else "this"
