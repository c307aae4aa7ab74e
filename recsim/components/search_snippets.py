"""Snippets: the part of a text where the words of a query stand, marked."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from recsim.components.search_text import stem

LONGEST = 160
"""Characters of a snippet, marks not counted."""

OPEN, CLOSE = "<em>", "</em>"
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return stem(word)


def snippet(texts: Sequence[str], stems: Iterable[str]) -> str | None:
    """The passage with the most different words of the query, of the first text that has the most; None without any.

    Escaped for HTML, matches inside `<em>`; a cut is shown as "…".
    """
    wanted = frozenset(stems)
    best: tuple[int, str, list[tuple[int, int]], int] | None = None
    for text in texts:
        places = [(m.start(), m.end(), _stem(m.group())) for m in _WORD.finditer(text)]
        found = [(start, end, which) for start, end, which in places if which in wanted]
        if not found:
            continue
        start, distinct = _passage(found)
        if best is None or distinct > best[0]:
            best = (distinct, text, [(low, high) for low, high, _ in found], start)
    return None if best is None else _marked(best[1], best[2], best[3])


def _passage(found: list[tuple[int, int, str]]) -> tuple[int, int]:
    """Where the passage with most different words begins, and how many there are."""
    best = (0, 0)
    for place, (start, _, _) in enumerate(found):
        inside = {which for low, high, which in found[place : place + 32] if high <= start + LONGEST}
        if len(inside) > best[1]:
            best = (start, len(inside))
    return best


def _marked(text: str, matches: list[tuple[int, int]], start: int) -> str:
    if len(text) <= LONGEST:
        low, high = 0, len(text)
    else:
        low = 0 if start < LONGEST // 4 else text.rfind(" ", 0, max(start - LONGEST // 8, 1)) + 1
        high = len(text) if low + LONGEST >= len(text) else max(text.rfind(" ", low, low + LONGEST), low + 1)
    parts, at = ["…" if low else ""], low
    for first, last in matches:
        if first >= at and last <= high:
            parts += [html.escape(text[at:first]), OPEN, html.escape(text[first:last]), CLOSE]
            at = last
    return "".join([*parts, html.escape(text[at:high]), "…" if high < len(text) else ""])
