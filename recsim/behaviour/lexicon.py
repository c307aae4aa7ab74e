"""The words of queries as numbers: banks with their misspelt forms and synonyms, and what each product is called.

A `Phrases` holds the words. Its first seven banks are the columns of a text: filler, audience, brand, attribute, kind,
noun and model number; the eighth has the things that nobody sells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsim.behaviour import vocabulary as vocab
from recsim.behaviour import wanted
from recsim.behaviour.phrases import Phrases
from recsim.behaviour.spelling import VARIANTS, bank
from recsim.behaviour.synonyms import FILLERS, OUTSIDE, SYNONYMS
from recsim.behaviour.text import brands
from recsim.behaviour.wanted import Shelf
from recsim.scenario.words import Queries

ATTRIBUTE, BRAND, KIND, AUDIENCE, MODEL = range(5)
CLASSES = 5
"""Classes of words besides the noun. They come in one of six orders; a set of them is a number of so many bits."""

_ORDERS = (
    (ATTRIBUTE, BRAND, KIND, AUDIENCE, MODEL),
    (BRAND, ATTRIBUTE, KIND, AUDIENCE, MODEL),
    (KIND, ATTRIBUTE, AUDIENCE, BRAND, MODEL),
    (KIND, AUDIENCE, BRAND, ATTRIBUTE, MODEL),
    (BRAND, KIND, AUDIENCE, ATTRIBUTE, MODEL),
    (BRAND, MODEL, ATTRIBUTE, KIND, AUDIENCE),
)
ORDERS = len(_ORDERS)

NOUN, CATEGORY, NOUN_WORDS = range(CLASSES, CLASSES + 3)
"""A product's label has the word of each class, then its noun, its leaf category and how many words the noun is."""

AT_FILLER, AT_AUDIENCE, AT_BRAND, AT_ATTRIBUTE, AT_KIND, AT_NOUN, AT_MODEL, AT_OUTSIDE = range(8)
AT = (AT_ATTRIBUTE, AT_BRAND, AT_KIND, AT_AUDIENCE, AT_MODEL)
TEXT_WORDS = 7
"""Banks and columns of a text, those of each class, and the width of a text."""

_MODELS = [str(number) for number in range(1000)]


class Lexicon(NamedTuple):
    """What words there are and how often they are used.

    `label` int32 (N, 8) by product, -1 for a word it has not. `taken` int64 (6, 4, 6): the classes of words besides the
    noun by order, by whether there are kind (1) and audience (2), and by their number. `bank` int64 (8,): where each
    bank begins; `tokens` int64 (8,): its words before their `variants` misspelt forms each. `noun_synonym` and
    `attribute_synonym` int64: place in the bank, -1 for none. `lengths` float64: cumulative shares of one, two, …
    words; these and the other shares are of 2**32.
    """

    label: NDArray[np.int32]
    taken: NDArray[np.int64]
    bank: NDArray[np.int64]
    tokens: NDArray[np.int64]
    variants: int
    noun_synonym: NDArray[np.int64]
    attribute_synonym: NDArray[np.int64]
    lengths: NDArray[np.float64]
    found_share: float
    zero_result_share: float
    typo_share: float
    synonym_share: float


class Worded(NamedTuple):
    """n queries as numbers, -1 where there is nothing to say.

    `text` int16 (n, 7): where a `Phrases` has their words; `right`: the words of those with a typo, without it, one
    after the other. `category` to `model` say what is asked for, as in `wanted.Rules`. `typo`: which variant;
    `synonym`: the noun, or behind all nouns the attribute, that a synonym stands for; `refinement`: how a second search
    differs.
    """

    text: NDArray[np.int16]
    right: NDArray[np.int16]
    category: NDArray[np.int32]
    depth: NDArray[np.int8]
    brand: NDArray[np.int16]
    attribute: NDArray[np.int16]
    model: NDArray[np.int16]
    typo: NDArray[np.int8]
    synonym: NDArray[np.int16]
    refinement: NDArray[np.int8]


def room(queries: int) -> Worded:
    """Memory for so many queries."""
    narrow = np.empty((4, queries), np.int16)
    codes = np.empty((3, queries), np.int8)
    return Worded(
        text=np.empty((queries, TEXT_WORDS), np.int16),
        right=np.empty((queries, TEXT_WORDS), np.int16),
        category=np.empty(queries, np.int32),
        depth=codes[0],
        brand=narrow[0],
        attribute=narrow[1],
        model=narrow[2],
        typo=codes[1],
        synonym=narrow[3],
        refinement=codes[2],
    )


def build(shelf: Shelf, queries: Queries) -> tuple[Lexicon, Phrases]:
    """The words of a world whose products are called so."""
    tokens = {AT_NOUN: wanted.NOUNS, AT_BRAND: [b.lower() for b in brands()], AT_ATTRIBUTE: list(vocab.ATTRIBUTES)}
    known = frozenset(word for some in tokens.values() for word in some) | frozenset(SYNONYMS.values())
    plain = {AT_FILLER: FILLERS, AT_AUDIENCE: vocab.AUDIENCES, AT_KIND: vocab.KINDS, AT_MODEL: _MODELS}
    banks = [list(words) for _, words in sorted({**tokens, **plain, AT_OUTSIDE: OUTSIDE}.items())]
    sizes = np.array([len(words) for words in banks])
    synonyms = {}
    for place, words in tokens.items():
        banks[place] = bank(words, known)
        synonyms[place] = _synonyms(words, banks[place])
    phrases = Phrases(*banks)
    assert phrases.first[-1] <= np.iinfo(np.int16).max, "more words than `Worded.text` can number"
    lexicon = Lexicon(
        label=_labels(shelf),
        taken=_taken(),
        bank=phrases.first[:-1],
        tokens=sizes,
        variants=VARIANTS,
        noun_synonym=synonyms[AT_NOUN],
        attribute_synonym=synonyms[AT_ATTRIBUTE],
        lengths=np.cumsum(queries.words) / np.sum(queries.words) * 2.0**32,
        found_share=queries.found_share * 2.0**32,
        zero_result_share=queries.zero_result_share * 2.0**32,
        typo_share=queries.typo_share * 2.0**32,
        synonym_share=queries.synonym_share * 2.0**32,
    )
    return lexicon, phrases


def _synonyms(tokens: list[str], words: list[str]) -> NDArray[np.int64]:
    """Put the tokens' synonyms behind the words of their bank; where each stands, -1 for none."""
    places = np.full(len(tokens), -1, np.int64)
    for position, token in enumerate(tokens):
        if token in SYNONYMS:
            places[position] = len(words)
            words.append(SYNONYMS[token])
    return places


def _labels(shelf: Shelf) -> NDArray[np.int32]:
    """`Lexicon.label`."""
    parts = wanted.parts_of(shelf.category)
    noun_words = np.array([noun.count(" ") + 1 for noun in wanted.NOUNS])
    label = np.empty((len(shelf.category), CLASSES + 3), np.int32)
    label[:, ATTRIBUTE], label[:, BRAND], label[:, MODEL] = shelf.attribute, shelf.brand, shelf.model
    label[:, KIND], label[:, AUDIENCE], label[:, NOUN] = parts.kind, parts.audience, parts.noun
    label[:, CATEGORY], label[:, NOUN_WORDS] = shelf.category, noun_words[parts.noun]
    return label


def _taken() -> NDArray[np.int64]:
    """`Lexicon.taken`: the first words of each order, of those that there are."""
    taken = np.zeros((ORDERS, 4, CLASSES + 1), np.int64)
    for row, order in enumerate(_ORDERS):
        for there in range(4):
            absent = (set() if there & 1 else {KIND}) | (set() if there & 2 else {AUDIENCE})
            words = [word for word in order if word not in absent]
            for number in range(CLASSES + 1):
                taken[row, there, number] = sum(1 << word for word in words[:number])
    return taken
