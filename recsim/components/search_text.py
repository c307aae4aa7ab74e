"""Analysis: how texts and queries become words. The same for every engine behind the index, and for snippets."""

from __future__ import annotations

import re
from functools import cache

import tantivy

MOST_WORDS = 16
"""Words of a query that count; the rest is ignored."""

_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)


@cache
def analyzer(*, stem: bool) -> tantivy.TextAnalyzer:
    """Letters and digits in runs, lower case, without accents; English Snowball stems where asked."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    builder = builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    return (builder.filter(tantivy.Filter.stemmer("english")) if stem else builder).build()


def words(text: str) -> list[str]:
    """The words of a text, in order, not stemmed."""
    found: list[str] = analyzer(stem=False).analyze(text)
    return found


def stems(text: str) -> list[str]:
    """The stems of a text, in order."""
    found: list[str] = analyzer(stem=True).analyze(text)
    return found


def query_words(text: str) -> list[str]:
    """The words of a query: a possessive is its noun ("women's" is "women")."""
    return words(_POSSESSIVE.sub("", text))[:MOST_WORDS]


def stem(word: str) -> str:
    """The stem of one word."""
    found = stems(word)
    return found[0] if found else word
