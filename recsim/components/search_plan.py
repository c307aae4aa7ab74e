"""From what was typed to what is looked for: stems, corrections, synonyms, split and joined words, exclusions.

A plan knows no engine. Each typed word is a clause of alternatives, any of which matches it; word pairs that stand side
by side in a name, and products that have every word, score more; words after "without" (or "not") count against a
product that has them in its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from recsim.components.search_text import query_words, stem
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms

CORRECTED = 0.8
"""Weight of a word one edit away, beside 1 for the word itself; each further edit halves it."""

LIGHT = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "is", "it", "of", "on", "or", "s", "the", "to", "w", "with"}
)
"""Words that a product need not have: they count where they match, but select nothing."""

NEEDED_SHARE = 0.5
"""Share of the other words that a match must have, rounded up; of two words, both. Where nothing
matches, one will do."""

NEGATIONS = frozenset({"without", "not"})
_ENDS_NEGATION = frozenset({"with", "for", "in"})


@dataclass(frozen=True)
class Alternative:
    """One way to match a clause: a stem in any field, or several stems as a phrase in the name."""

    stems: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Clause:
    """A typed word and its alternatives."""

    typed: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class Plan:
    """What to look for: products with at least `needed` of the `clauses`; `light` clauses only add to a score.
    `pairs`: neighbouring stems; `joined`: stems of neighbours written as one word; `excluded`: stems that
    count against a product."""

    clauses: tuple[Clause, ...] = ()
    light: tuple[Clause, ...] = ()
    needed: int = 1
    pairs: tuple[tuple[str, str], ...] = ()
    joined: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    corrections: dict[str, list[str]] = field(default_factory=dict)
    suggestion: str | None = None

    @property
    def stems(self) -> frozenset[str]:
        """Every stem that counts as a match."""
        inside = {part for clause in self.clauses for way in clause.alternatives for part in way.stems}
        return frozenset(inside | set(self.joined))


def plan(
    text: str, vocabulary: Vocabulary, synonyms: Synonyms, *, has_phrase: Callable[[tuple[str, str]], bool]
) -> Plan:
    """The plan of a query. `has_phrase` says whether any product has two stems side by side in its name."""
    typed = query_words(text)
    wanted, unwanted = _parted(typed)
    stemmed = [stem(word) for word in wanted]
    meant = synonyms.of(stemmed)
    corrections: dict[str, list[str]] = {}
    clauses: list[Clause] = []
    light: list[Clause] = []
    for word, base, more in zip(wanted, stemmed, meant, strict=True):
        ways = [Alternative((base,)), *(Alternative(stems, weight) for stems, weight in more)]
        if word not in vocabulary and not more:
            others, used = _instead(word, vocabulary, has_phrase)
            ways += others
            if used:
                corrections[word] = used
        (light if word in LIGHT else clauses).append(Clause(word, tuple(ways)))
    if not clauses:
        clauses, light = light, []
    neighbours = list(zip(zip(wanted, stemmed, strict=True), zip(wanted[1:], stemmed[1:], strict=True), strict=False))
    return Plan(
        tuple(clauses),
        tuple(light),
        max(min(len(clauses), 2), ceil(NEEDED_SHARE * len(clauses))),
        tuple((left, right) for (_, left), (_, right) in neighbours if left != right),
        tuple(stem(left + right) for (left, _), (right, _) in neighbours if left + right in vocabulary),
        tuple(dict.fromkeys(stem(word) for word in unwanted)),
        corrections,
        _suggestion(wanted, vocabulary, corrections),
    )


def _parted(typed: list[str]) -> tuple[list[str], list[str]]:
    """Wanted and unwanted words: "wall lamp without cord for kids" wants wall lamp kids, and no cord."""
    cut = next((place for place, word in enumerate(typed) if place and word in NEGATIONS), None)
    if cut is None:
        return typed, []
    after = typed[cut + 1 :]
    end = next((place for place, word in enumerate(after) if word in _ENDS_NEGATION), len(after))
    return typed[:cut] + after[end:], after[:end]


def _instead(
    word: str, vocabulary: Vocabulary, has_phrase: Callable[[tuple[str, str]], bool]
) -> tuple[list[Alternative], list[str]]:
    """What stands in for a word that no product has: two words where it is a compound, else words a typo away."""
    for head, tail in vocabulary.splits(word):
        phrase = (stem(head), stem(tail))
        if has_phrase(phrase):
            return [Alternative(phrase)], [f"{head} {tail}"]
    near = vocabulary.corrections(word)
    weights = {other: CORRECTED / 2 ** (edits - 1) for other, edits in near}
    return [Alternative((stem(other),), weight) for other, weight in weights.items()], list(weights)


def _suggestion(wanted: list[str], vocabulary: Vocabulary, corrections: dict[str, list[str]]) -> str | None:
    """The query as it may have been meant, where a word was corrected or a rare one looks like a typo."""
    better = []
    for word in wanted:
        instead = corrections[word][0] if word in corrections else vocabulary.suspected(word)
        better.append(instead or word)
    return " ".join(better) if better != wanted else None
