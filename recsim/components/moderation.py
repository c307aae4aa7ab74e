"""Vote rings: accounts that vote together on the same reviews, in the same hour, in the same direction.

Honest users meet on a review by chance; members of a ring meet again and again. Two accounts are tied when they voted
alike, within a window, on at least `together` reviews and this is at least `share` of what the quieter of the two
voted on. Rings are the connected groups of tied accounts with at least `members` of them. Work grows with the pairs of
votes that fall on one review within one window: a review with more than `crowd` votes in a window says nothing about
who knows whom and is left out of the ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from recsim.components.review_store import StoredReview
from recsim.units import US_PER_SECOND


@dataclass(frozen=True)
class RingRule:
    """What makes a ring. `window_s` is how near in time two votes must be."""

    window_s: int = 3600
    together: int = 2
    share: float = 0.5
    members: int = 3
    crowd: int = 200


def vote_rings(
    users: NDArray[np.int64],
    reviews: NDArray[np.int64],
    directions: NDArray[np.int8],
    at_us: NDArray[np.int64],
    rule: RingRule = RingRule(),
) -> list[NDArray[np.int64]]:
    """The rings among n votes, each the sorted users of one, largest first, then by smallest user."""
    if not len(users):
        return []
    left, right = _met(users, reviews, directions, at_us, rule)
    if not len(left):
        return []
    names, codes = np.unique(np.concatenate([left, right]), return_inverse=True)
    size = len(names)
    met = coo_matrix((np.ones(len(left), np.int32), (codes[: len(left)], codes[len(left) :])), (size, size)).tocsr()
    met.sum_duplicates()
    pairs = met.tocoo()
    voted = _reviews_each(users, reviews, names)
    quieter = np.minimum(voted[pairs.row], voted[pairs.col])
    tied = (pairs.data >= rule.together) & (pairs.data >= rule.share * quieter)
    graph = coo_matrix((np.ones(int(tied.sum())), (pairs.row[tied], pairs.col[tied])), (size, size))
    _, group = connected_components(graph, directed=False)
    sizes = np.bincount(group)
    rings = [names[group == ring] for ring in np.flatnonzero(sizes >= rule.members)]
    return sorted(rings, key=lambda ring: (-len(ring), ring[0]))


def _met(
    users: NDArray[np.int64],
    reviews: NDArray[np.int64],
    directions: NDArray[np.int8],
    at_us: NDArray[np.int64],
    rule: RingRule,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of different users who voted alike on a review within the window, smaller user first, once a review."""
    order = np.lexsort((at_us, directions, reviews))
    user, review, way, when = users[order], reviews[order], directions[order], at_us[order]
    lefts: list[NDArray[np.int64]] = []
    rights: list[NDArray[np.int64]] = []
    places: list[NDArray[np.int64]] = []
    for step in range(1, min(rule.crowd, len(user))):
        near = (
            (review[step:] == review[:-step])
            & (way[step:] == way[:-step])
            & (when[step:] - when[:-step] <= rule.window_s * US_PER_SECOND)
        )
        if not near.any():
            break
        if step == rule.crowd - 1:
            crowded = np.unique(review[step:][near])
            keep = [~np.isin(place, crowded) for place in places]
            lefts = [found[kept] for found, kept in zip(lefts, keep, strict=True)]
            rights = [found[kept] for found, kept in zip(rights, keep, strict=True)]
            places = [found[kept] for found, kept in zip(places, keep, strict=True)]
            break
        first, second = user[:-step][near], user[step:][near]
        apart = first != second
        lefts.append(np.minimum(first, second)[apart])
        rights.append(np.maximum(first, second)[apart])
        places.append(review[step:][near][apart])
    if not lefts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = np.unique(np.column_stack([np.concatenate(part) for part in (places, lefts, rights)]), axis=0)
    return rows[:, 1], rows[:, 2]


def _reviews_each(users: NDArray[np.int64], reviews: NDArray[np.int64], names: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many reviews each of `names` voted on."""
    pairs = np.unique(np.column_stack([users, reviews]), axis=0)[:, 0]
    return np.searchsorted(pairs, names, "right") - np.searchsorted(pairs, names, "left")


class Moderator:
    """The hook of the review service: reviews by members of a ring are held back."""

    def __init__(self, suspects: Sequence[tuple[str, str]] = ()) -> None:
        self._suspects = set(suspects)

    def suspect(self, tenant: str, user: str) -> None:
        """Hold back what this user writes from now on."""
        self._suspects.add((tenant, user))

    def __call__(self, tenant: str, review: StoredReview) -> bool:
        return (tenant, review.user) not in self._suspects
