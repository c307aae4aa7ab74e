"""Suggestions while a query is being typed: what others typed, categories and brands, best first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from recsim.components.search_text import query_words

MOST_PHRASES = 200_000
"""Phrases kept of a tenant: the heaviest."""

_LAST = "\U0010ffff"


class Suggestions:
    """Phrases with weights, apart for each tenant."""

    def __init__(self) -> None:
        self._weights: dict[str, dict[str, float]] = {}
        self._sorted: dict[str, list[str]] = {}

    def add(self, phrases: Iterable[tuple[str, float]], *, tenant: str) -> None:
        """Add to the weights of phrases (as typed or named; case and punctuation don't matter)."""
        weights = self._weights.setdefault(tenant, {})
        for phrase, weight in phrases:
            text = " ".join(query_words(phrase))
            if text:
                weights[text] = weights.get(text, 0.0) + weight
        if len(weights) > MOST_PHRASES:
            heaviest = sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:MOST_PHRASES]
            self._weights[tenant] = weights = dict(heaviest)
        self._sorted[tenant] = sorted(weights)

    def complete(self, typed: str, n: int, *, tenant: str) -> list[str]:
        """Up to n phrases that begin with what was typed, the heaviest first; where there are fewer, the last word is
        completed on its own."""
        parts = query_words(typed)
        if not parts:
            return []
        found = self._beginning(" ".join(parts) + (" " if typed.endswith(" ") else ""), n, tenant)
        if len(found) < n and len(parts) > 1 and not typed.endswith(" "):
            head = " ".join(parts[:-1])
            tails = [tail for tail in self._beginning(parts[-1], n, tenant) if tail not in parts[:-1]]
            found = list(dict.fromkeys([*found, *(f"{head} {tail}" for tail in tails)]))[:n]
        return found

    def _beginning(self, prefix: str, n: int, tenant: str) -> list[str]:
        phrases = self._sorted.get(tenant, [])
        weights = self._weights.get(tenant, {})
        some = phrases[bisect_left(phrases, prefix) : bisect_left(phrases, prefix + _LAST)]
        return sorted(some, key=lambda phrase: (-weights[phrase], phrase))[:n]
