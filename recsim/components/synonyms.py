"""Synonyms: from rules as people write them, and from queries that led to the same products."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from recsim.components.search_text import query_words, stem, stems
from recsim.errors import BadInput

GIVEN = 0.7
"""Weight of a synonym beside 1 for the word itself."""

LONGEST = 3
"""Words of the longest phrase that has synonyms."""

MOST = 8
"""Synonyms used of one word or phrase."""

Meaning = tuple[tuple[str, ...], float]
"""Stems, and the weight of finding them instead."""


class Synonyms:
    """Phrases of stems and what they may be replaced by."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """From rules: `sofa, couch` means either way, `tee => t-shirt, shirt` only from left to right. Raises
        `BadInput` for a line that is none."""
        self._of: dict[tuple[str, ...], dict[tuple[str, ...], float]] = {}
        self._of_tenant: dict[str, Synonyms] = {}
        for rule in rules:
            self._read(rule)

    def _read(self, rule: str) -> None:
        line = rule.partition("#")[0].strip()
        if not line:
            return
        left, arrow, right = line.partition("=>")
        sides = [
            [tuple(stems(part)) for part in side.split(",")] for side in ((left, right) if arrow else (left, left))
        ]
        if not all(all(side) for side in sides) or (not arrow and len(sides[0]) < 2):
            raise BadInput(f'"{rule}" is no synonym rule; write "sofa, couch" or "tee => t-shirt".')
        if any(len(phrase) > LONGEST for phrase in sides[0]):
            raise BadInput(f'"{rule}" is no synonym rule: a phrase has at most {LONGEST} words.')
        for phrase in sides[0]:
            for other in sides[1]:
                self.add(phrase, other, GIVEN)

    def add(self, phrase: tuple[str, ...], other: tuple[str, ...], weight: float) -> None:
        """Let `other` stand for `phrase`."""
        if phrase != other:
            self._of.setdefault(phrase, {})[other] = weight

    def __len__(self) -> int:
        return sum(len(others) for others in self._of.values())

    def for_tenants(self, learned: Mapping[str, Iterable[tuple[str, str, float]]]) -> Synonyms:
        """These for everybody, and for the shoppers of a tenant also what was learned from them."""
        all_of_them = self.with_learned(())
        all_of_them._of_tenant = {tenant: self.with_learned(words) for tenant, words in learned.items()}
        return all_of_them

    def of_tenant(self, tenant: str | None) -> Synonyms:
        """The synonyms of a tenant's shoppers; those of everybody where none were learned from them."""
        return self if tenant is None else self._of_tenant.get(tenant, self)

    def with_learned(self, learned: Iterable[tuple[str, str, float]]) -> Synonyms:
        """These and learned ones (word, what it means, weight); a rule that is given outweighs a learned one."""
        both = Synonyms()
        for word, other, weight in learned:
            both.add((stem(word),), (stem(other),), weight)
        for phrase, others in self._of.items():
            for meaning, weight in others.items():
                both.add(phrase, meaning, weight)
        return both

    def of(self, words: Sequence[str]) -> list[list[Meaning]]:
        """What each of the stems may be replaced by. A synonym of a phrase stands for each of its words."""
        found: list[dict[tuple[str, ...], float]] = [{} for _ in words]
        if self._of:
            for start in range(len(words)):
                for stop in range(start + 1, min(start + LONGEST, len(words)) + 1):
                    for other, weight in list(self._of.get(tuple(words[start:stop]), {}).items())[:MOST]:
                        for place in range(start, stop):
                            found[place].setdefault(other, weight)
        return [list(of.items()) for of in found]


def learn_synonyms(
    clicks: Iterable[tuple[str, int]],
    products_with: Callable[[str], int],
    *,
    least_clicks: int = 3,
    least_similarity: float = 0.2,
    gap: float = 0.02,
) -> list[tuple[str, str, float]]:
    """Words that shoppers use and products don't, each with the word that leads to the same products.

    `clicks`: (query, product clicked after it). Two queries that differ in one word and share clicked products make
    that pair of words a candidate; its weight is the cosine of the clicks of both words, over all such queries. A word
    only learns a meaning where there is a vocabulary gap: at most `gap` as many products have it (`products_with`) as
    have the other. So "couch" learns "sofa" where products say sofa, and "red" never learns "blue".
    """
    of: dict[str, Counter[int]] = defaultdict(Counter)
    for text, product in clicks:
        of[" ".join(query_words(text))][product] += 1
    frames: dict[tuple[str, ...], set[str]] = defaultdict(set)
    clicks_of: Counter[str] = Counter()
    for text, products in of.items():
        parts = text.split()
        clicks_of.update(dict.fromkeys(parts, products.total()))
        for place, word in enumerate(parts):
            frames[(*parts[:place], "\0", *parts[place + 1 :])].add(word)
    beside: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for frame in sorted(frames):
        words = sorted(frames[frame])
        for word in [word for word in words if len(words) > 1]:
            for other in words:
                if word != other and products_with(word) <= gap * products_with(other):
                    one, two = (
                        of[" ".join(word_ if part == "\0" else part for part in frame)] for word_ in (word, other)
                    )
                    beside[word, other].append(_overlap(one, two))
    learned: dict[str, tuple[float, str]] = {}
    for (word, other), overlaps in sorted(beside.items()):
        shared, one, two = (sum(parts) for parts in zip(*overlaps, strict=True))
        similarity = shared / (one * two) ** 0.5 if one and two else 0.0
        if clicks_of[word] >= least_clicks and similarity >= least_similarity and stem(word) != stem(other):
            learned[word] = max(learned.get(word, (0.0, "")), (round(similarity, 6), other))
    return [(word, other, round(GIVEN * similarity, 6)) for word, (similarity, other) in sorted(learned.items())]


def _overlap(one: Counter[int], two: Counter[int]) -> tuple[float, float, float]:
    """Inner product of two bags of clicks, and the square of each one's length."""
    shared = sum(count * two[product] for product, count in one.items() if product in two)
    return float(shared), float(sum(n * n for n in one.values())), float(sum(n * n for n in two.values()))
