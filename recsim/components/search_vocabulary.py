"""The words of a catalogue, and which of them a misspelt one may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

SHORTEST = 4
"""Letters a word needs before it is corrected."""

TWO_EDITS_FROM = 8
"""Letters from which two edits are allowed."""

RARE_SHARE = 0.02
"""A known word is suspected of a typo when a neighbour is at least 50 times as frequent."""


class Vocabulary:
    """Words with the number of products that have them.

    An edit is a letter added, dropped, changed, or swapped with its neighbour. Nearer words come first, then more
    frequent ones. Words with digits are model numbers and are never corrected. Most typos keep the first letter, so
    words with it are searched first and the others only where none is found.
    """

    def __init__(self, counts: Iterable[tuple[str, int]]) -> None:
        self.counts = dict(counts)
        self._bins: dict[tuple[str, int], list[str]] = {}
        for word in self.counts:
            if len(word) >= SHORTEST - 1 and word.isalpha():
                self._bins.setdefault((word[0], len(word)), []).append(word)
        self._initials = sorted({initial for initial, _ in self._bins})
        self.corrections = lru_cache(maxsize=20_000)(self._corrections)

    def __contains__(self, word: str) -> bool:
        return word in self.counts

    def _corrections(self, word: str, most: int = 3) -> tuple[tuple[str, int], ...]:
        """Up to `most` words near a word, each with its number of edits."""
        if len(word) < SHORTEST or not word.isalpha():
            return ()
        edits = 2 if len(word) >= TWO_EDITS_FROM else 1
        for initials in ([word[0]], [letter for letter in self._initials if letter != word[0]]):
            near = self._near(word, edits, initials)
            if near:
                ranked = sorted((distance, -self.counts[other], other) for other, distance in near)
                return tuple((other, distance) for distance, _, other in ranked[:most])
        return ()

    def _near(self, word: str, edits: int, initials: Iterable[str]) -> list[tuple[str, int]]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        near = []
        for initial in initials:
            for length in range(len(word) - edits, len(word) + edits + 1):
                some = self._bins.get((initial, length))
                if some:
                    found = process.extract(word, some, scorer=OSA.distance, score_cutoff=edits, limit=None)
                    near += [(other, int(distance)) for other, distance, _ in found if other != word]
        return near

    def splits(self, word: str) -> list[tuple[str, str]]:
        """The ways to read an unknown word as two known ones, those of the most frequent words first. Digits part
        from letters whether the parts are known or not: "5m" is "5 m"."""
        found = []
        for cut in range(1, len(word)):
            head, tail = word[:cut], word[cut:]
            if head[-1].isdigit() != tail[0].isdigit():
                found.append((-1 << 40, head, tail))
            elif cut >= 2 and len(tail) >= 2:
                known = min(self.counts.get(head, 0), self.counts.get(tail, 0))
                if known:
                    found.append((-known, head, tail))
        return [(head, tail) for _, head, tail in sorted(found)[:3]]

    def suspected(self, word: str) -> str | None:
        """What a known but rare word may have meant; None where nothing near is far more frequent."""
        count = self.counts.get(word, 0)
        near = self.corrections(word)
        if not near or near[0][1] > 1:
            return None
        better, _ = max(((other, self.counts[other]) for other, edits in near if edits == 1), key=lambda one: one[1])
        return better if count <= RARE_SHARE * self.counts[better] else None
