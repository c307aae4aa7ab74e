"""Typos: one slip of the finger in one word, of four kinds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TYPO_KINDS = ("neighbour", "transposed", "dropped", "doubled")
"""A neighbouring key instead, two letters in the wrong order, one left out, one struck twice."""

VARIANTS = 20
"""Slips a word is kept with: 8, 4, 5 and 3 of the four kinds, so that they come in shares of 40, 20, 25 and 15 %."""

KIND_OF = np.repeat(np.arange(4, dtype=np.int8), (8, 4, 5, 3))
"""The kind of each variant."""

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: row[max(i - 1, 0) : i] + row[i + 1 : i + 2] for row in _KEYS for i, key in enumerate(row)
}  # fmt: skip


def misspelt(word: str, known: frozenset[str]) -> list[str]:
    """A word with each of `VARIANTS` slips, never one that gives a `known` word or leaves the word as it was.

    A kind that can't do that (dropping a letter of "aa" between known words) is replaced by striking a letter twice.
    """
    found = []
    for variant in range(VARIANTS):
        tries = (_slip(word, KIND_OF[variant], place) for place in _places(word, variant))
        doubled = (_slip(word, 3, place) for place in _places(word, variant))
        good = (text for text in (*tries, *doubled) if text != word and text not in known)
        found.append(next(good))
    return found


def _places(word: str, variant: int) -> list[int]:
    """The letters a slip may fall on, from the second one on, in an order that differs between variants."""
    letters = [place for place in range(1, len(word)) if word[place].isalnum()]
    turn = variant * 5 % len(letters)
    return letters[turn:] + letters[:turn]


def _slip(word: str, kind: int, at: int) -> str:
    head, here, tail = word[:at], word[at], word[at + 1 :]
    if kind == 0:
        keys = _NEIGHBOURS.get(here, "e")
        return head + keys[at % len(keys)] + tail
    if kind == 1 and head[-1].isalnum():
        return head[:-1] + here + head[-1] + tail
    if kind == 1:
        return word
    return head + tail if kind == 2 else head + here + here + tail


def bank(tokens: list[str], known: frozenset[str]) -> list[str]:
    """The tokens, then the variants of each: token k with slip s stands at `misspelt_at(len(tokens), k, s)`."""
    return [*tokens, *(text for token in tokens for text in misspelt(token, known))]


def misspelt_at(tokens: int, token: NDArray[np.int64], slip: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where a `bank` of so many tokens holds them misspelt."""
    return tokens + token * VARIANTS + slip
