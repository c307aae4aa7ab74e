"""Which words n queries have: a loop that draws them, slips on a key, puts a synonym, and mends a second search."""

from __future__ import annotations

import numpy as np

from recsim.behaviour.aliases import pick
from recsim.behaviour.kernel import inlined, kernel, prefetch
from recsim.behaviour.lexicon import (
    AT,
    AT_ATTRIBUTE,
    AT_BRAND,
    AT_FILLER,
    AT_NOUN,
    AT_OUTSIDE,
    ATTRIBUTE,
    AUDIENCE,
    BRAND,
    CATEGORY,
    CLASSES,
    KIND,
    MODEL,
    NOUN,
    NOUN_WORDS,
    ORDERS,
    TEXT_WORDS,
)

CORRECTED, REWORDED, REPLACED, NARROWED, BROADENED = range(5)
"""How a second search differs; the position in `queries.REFINEMENTS`."""

_NOUN_TYPO_OF_100 = 60
_AHEAD = 8
"""Queries between asking for the memory of a product's label and using it."""

_SPARE = np.uint64(0x9E3779B1)


@kernel
def describe(catalogue, lexicon, category, viewed, word, product):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The product each query is about: that in the slot viewed next, or one of the category by popularity."""
    start, niche = catalogue.start, catalogue.niche
    for i in range(product.shape[0]):
        low = start[category[i]]
        chosen = pick(catalogue.usual_niche_alias, low, start[category[i] + 1] - low, word[i, 2])
        spare = np.uint32(np.uint64(word[i, 2]) * _SPARE) ^ word[i, 1]
        slot = pick(catalogue.usual_alias, niche[chosen], niche[chosen + 1] - niche[chosen], spare)
        found = np.int64((word[i, 1] >> np.uint32(16)) * 65536.0 < lexicon.found_share)
        product[i] = slot + (viewed[i] - slot) * found  # without a branch, which could not be predicted
    for i in range(product.shape[0]):  # a loop of its own: looking them up need not wait for drawing them
        product[i] = catalogue.long[product[i], catalogue.long.shape[1] - 1]


@kernel
def choose(lexicon, product, step, a, b, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The words of queries about these products, from two draws of four words each; returns how many have a typo."""
    wrong = 0
    last = product.shape[0] - 1
    for i in range(product.shape[0]):
        prefetch(lexicon.label, np.int64(product[min(i + _AHEAD, last)]))
        label = lexicon.label[product[i]]
        outside = a[i, 0] < lexicon.zero_result_share
        typo = b[i, 0] < lexicon.typo_share and not outside
        order = np.int64(a[i, 1] & np.uint32(0xFFFF)) % ORDERS
        salt = np.int64(b[i, 3])
        noun, taken, filler = _take(lexicon, label, _length(lexicon, a[i, 3]), order, salt)
        synonym = b[i, 2] < lexicon.synonym_share and not typo and not outside
        replaced = _replaced(lexicon, label, noun, taken) if synonym else -1
        kind = -1
        if step[i]:
            fault = CORRECTED if typo else REWORDED if replaced >= 0 else REPLACED if outside else -1
            noun, taken, filler, kind = _second(lexicon, label, order, noun, taken, filler, fault)
            typo, outside, replaced = False, False, -1
        if outside:
            noun, taken, filler = -1, 0, lexicon.bank[AT_OUTSIDE] + (salt >> 8) % lexicon.tokens[AT_OUTSIDE]
        _spell(lexicon, label, noun, taken, filler, out.text[i])
        if typo:
            _slip(lexicon, out.text[i], out.right[wrong], np.int64(b[i, 1]))
            wrong += 1
        if replaced >= 0:
            _reword(lexicon, out.text[i], replaced)
        out.typo[i] = np.int64(b[i, 1]) % lexicon.variants if typo else -1
        out.synonym[i] = replaced
        out.refinement[i] = kind
        out.category[i] = -1 if outside else label[CATEGORY]
        _mean(label, noun, taken, out, i)
    return wrong


@inlined
def _length(lexicon, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """How many words a query is to have."""
    length = 1
    for k in range(lexicon.lengths.shape[0] - 1):
        if word >= lexicon.lengths[k]:
            length += 1
    return length


@inlined
def _take(lexicon, label, length, order, salt):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The noun, the classes of words and the filler: noun or brand alone, else words until it is long enough."""
    nouns = np.int64(label[NOUN_WORDS])
    if length == 1 and (nouns > 1 or salt % 4 == 0):
        return -1, 1 << BRAND, -1
    more = max(length - nouns, 0)
    filler = salt % lexicon.tokens[AT_FILLER] if more > _classes(label) else -1
    return np.int64(label[NOUN]), _first(lexicon, label, order, more), filler


@inlined
def _first(lexicon, label, order, number):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The first classes of words in an order, of those the product has."""
    there = np.int64(label[KIND] >= 0) + 2 * np.int64(label[AUDIENCE] >= 0)
    return lexicon.taken[order, there, min(number, CLASSES)]


@inlined
def _classes(label):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """How many words a product has besides its noun."""
    return 3 + np.int64(label[KIND] >= 0) + np.int64(label[AUDIENCE] >= 0)


@inlined
def _second(lexicon, label, order, noun, taken, filler, fault):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The words of a second search after a first one of these, and how it differs: without the first one's fault, or
    by a word more, be it the noun; where there is no further word, the noun alone."""
    if fault >= 0:
        return noun, taken, filler, fault
    if noun < 0:
        return np.int64(label[NOUN]), taken, -1, NARROWED
    more = _count(taken)
    if more >= _classes(label):
        return noun, 0, -1, BROADENED
    return noun, _first(lexicon, label, order, more + 1), -1, NARROWED


@inlined
def _count(taken):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    count = 0
    for word in range(CLASSES):
        count += (taken >> word) & 1
    return count


@inlined
def _replaced(lexicon, label, noun, taken):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The word that has a synonym: the noun, or behind all nouns the attribute; -1 for none."""
    if noun >= 0 and lexicon.noun_synonym[noun] >= 0:
        return noun
    attribute = np.int64(label[ATTRIBUTE])
    if (taken >> ATTRIBUTE) & 1 and lexicon.attribute_synonym[attribute] >= 0:
        return lexicon.tokens[AT_NOUN] + attribute
    return -1


@inlined
def _spell(lexicon, label, noun, taken, filler, text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Where the banks have the words."""
    text[AT_FILLER] = filler  # the first bank begins at 0; what nobody sells stands here alone
    text[AT_NOUN] = lexicon.bank[AT_NOUN] + noun if noun >= 0 else -1
    for word in range(CLASSES):
        text[AT[word]] = lexicon.bank[AT[word]] + label[word] if (taken >> word) & 1 else -1


@inlined
def _slip(lexicon, text, right, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Misspell one word, mostly the noun; `right` keeps the text as it was."""
    for k in range(TEXT_WORDS):
        right[k] = text[k]
    noun, brand, attribute = text[AT_NOUN] >= 0, text[AT_BRAND] >= 0, text[AT_ATTRIBUTE] >= 0
    drawn = (word >> 8) % 100
    at = AT_ATTRIBUTE
    if noun and (drawn < _NOUN_TYPO_OF_100 or not (brand or attribute)):
        at = AT_NOUN
    elif brand and (drawn % 2 == 0 or not attribute):
        at = AT_BRAND
    first = lexicon.bank[at]
    text[at] = first + lexicon.tokens[at] + (text[at] - first) * lexicon.variants + word % lexicon.variants


@inlined
def _reword(lexicon, text, replaced):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Put the synonym of the word that `_replaced` found."""
    nouns = lexicon.tokens[AT_NOUN]
    if replaced < nouns:
        text[AT_NOUN] = lexicon.bank[AT_NOUN] + lexicon.noun_synonym[replaced]
    else:
        text[AT_ATTRIBUTE] = lexicon.bank[AT_ATTRIBUTE] + lexicon.attribute_synonym[replaced - nouns]


@inlined
def _mean(label, noun, taken, out, i):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """What query i asks for."""
    out.depth[i] = 2 + ((taken >> KIND) & 1) + ((taken >> AUDIENCE) & 1) if noun >= 0 else 0
    out.brand[i] = label[BRAND] if (taken >> BRAND) & 1 else -1
    out.attribute[i] = label[ATTRIBUTE] if (taken >> ATTRIBUTE) & 1 else -1
    out.model[i] = label[MODEL] if (taken >> MODEL) & 1 else -1
