"""Reviews as their readers see them: how many stars, how helpful, and which of them get votes.

A review older than the world is a pure function of its number. Its helpfulness is the probability that a vote on it is
an upvote: 0.55 + 0.4 u - 0.06 |stars - stars expected of the product|, so a review that is far from what others say is
found less helpful (Danescu-Niculescu-Mizil et al., "How opinions are received by online communities", WWW 2009).
One-star reviews get `reviews.one_star_votes` times the votes of the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, pdtr

from recsim.behaviour import draft as rows
from recsim.behaviour import quantiles
from recsim.behaviour.draft import EVENTS, REVIEWS, SESSIONS, push_to
from recsim.behaviour.kernel import inlined, kernel
from recsim.behaviour.quantiles import Table, at
from recsim.rng import draw, stream_id, unit
from recsim.scenario.words import Reviews
from recsim.scenario.world import Behaviour

_OLD = stream_id("review/old")
_USEFUL = stream_id("review/useful")
_VOTE = stream_id("session/vote")
_FIRST_DAY = stream_id("review/first-day")
_HALF = np.uint32(16)
_LOW16 = np.uint32(0xFFFF)
_UNIT16 = np.float32(1.0 / 65536.0)

NEW = 1 << 31
"""Added to the place in the draft of a review that was written in the chunk itself, where a vote refers to it."""

NEW_ENTITY = 1 << 40
"""Added to the salt of a review written in the world: what its helpfulness is drawn by."""

MOST_FIRST_DAY = 8
_TRIES = 24
"""Sessions that are asked for a reader; late in the day most are over."""

_GRID = 256
_REACH = np.float32(4.0)


def expected_stars(spread: float, cuts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean stars of the old reviews of a product by its quality: 257 points over -4 .. 4."""
    quality = np.linspace(-4.0, 4.0, _GRID + 1)[:, None]
    return (1.0 + ndtr((0.55 * quality - cuts[None, :].astype(np.float64)) / spread).sum(axis=1)).astype(np.float32)


def vote_shares(reviews: Reviews, behaviour: Behaviour) -> tuple[int, int, int]:
    """Thresholds of 16 bits at which a view leads to a look at a review, and at which a one-star review that is looked
    at, and another one, is voted on: all together, `behaviour.vote_per_view`."""
    one = reviews.one_star_votes
    loud, rest = min(1.0, one), min(1.0, 1.0 / max(one, 1e-9))
    single = behaviour.star_shares[0] / sum(behaviour.star_shares)
    looked = min(1.0, behaviour.vote_per_view / (single * loud + (1.0 - single) * rest))
    return quantiles.threshold(looked, 16), quantiles.threshold(loud, 16), quantiles.threshold(rest, 16)


def first_day_tables(reviews: Reviews) -> tuple[Table, Table]:
    """Votes of a new review on its first day, and of one with one star: Poisson, at most `MOST_FIRST_DAY`."""
    return _poisson(reviews.first_day_votes), _poisson(reviews.first_day_votes * reviews.one_star_votes)


def _poisson(mean: float) -> Table:
    cumulative = pdtr(np.arange(MOST_FIRST_DAY), mean)
    return quantiles.table(lambda p: np.searchsorted(cumulative, p).astype(np.float64))


@inlined
def old_stars(rules, quality, review):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """Stars of a review older than the world, by its number and the quality of its product."""
    word, _, _, _ = draw((rules.seed, _OLD), review, 0)
    y = np.float32(0.55) * quality + rules.old_spread * at(rules.normal, word)
    stars = 1
    for k in range(4):
        if y >= rules.old_cuts[k]:
            stars += 1
    return stars


@inlined
def helpfulness(rules, quality, stars, entity):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - numba infers
    """The probability that a vote on a review is an upvote."""
    word, _, _, _ = draw((rules.seed, _USEFUL), entity, 0)
    inside = -_REACH if quality < -_REACH else _REACH if quality > _REACH else quality
    place = (inside + _REACH) * np.float32(_GRID / 8.0)
    cell = np.int64(place) if place < np.float32(_GRID) else np.int64(_GRID - 1)
    low = rules.expected_stars[cell]
    expected = low + (rules.expected_stars[cell + 1] - low) * (place - np.float32(cell))
    return np.float32(0.55) + np.float32(0.4) * unit(word) - np.float32(0.06) * abs(np.float32(stars) - expected)


@kernel
def judge_old(rules, quality, reviews, stars, helpful):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Fill stars and helpfulness of old reviews; `quality` float32 (n,) is that of the product of each."""
    for i in range(reviews.shape[0]):
        stars[i] = old_stars(rules, quality[i], reviews[i])
        helpful[i] = helpfulness(rules, quality[i], stars[i], reviews[i])


@kernel
def judge_new(rules, quality, salts, stars, helpful):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Fill the helpfulness of reviews written in the world."""
    for i in range(salts.shape[0]):
        helpful[i] = helpfulness(rules, quality[i], stars[i], NEW_ENTITY | salts[i])


@inlined
def pick_old(rules, quality, first, size, user, counter):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """An old review of a product to look at, the event type of a vote on it (-1 for none), and a spare word.

    Of the reviews first .. first + size, earlier ones are seen more. Readers vote more readily on a single star.
    """
    w0, w1, w2, w3 = draw((rules.seed, _VOTE), user, counter)
    place = np.float32(w0 >> _HALF) * _UNIT16
    review = first + min(np.int64(place * place * np.float32(size)), size - 1)
    stars = old_stars(rules, quality, review)
    if np.int64(w3 & _LOW16) >= (rules.vote_one_below if stars == 1 else rules.vote_rest_below):
        return review, -1, w2
    up = unit(w1) < helpfulness(rules, quality, stars, review)
    return review, rows.UPVOTE if up else rows.DOWNVOTE, w2


@kernel
def first_day(rules, quality, draft, day):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Votes on the reviews of a chunk by others who are active in it later that day. Returns False without room.

    They know of no other chunk, so they fall on the day and from the partition of the review itself.
    """
    if draft.events.shape[0] - draft.counters[EVENTS] < draft.counters[REVIEWS] * 2 * MOST_FIRST_DAY:
        return False
    sessions = draft.counters[SESSIONS]
    for place in range(draft.counters[REVIEWS]):
        review = draft.review[place]
        author = draft.session[review[0]]
        w0, _, _, _ = draw((rules.seed, _FIRST_DAY), author[0], (day << 32) | review[4])
        votes = np.int64(at(rules.first_votes_one if review[3] == 1 else rules.first_votes, w0))
        helpful = helpfulness(rules, quality[review[1]], review[3], NEW_ENTITY | review[4])
        for vote in range(votes):
            for attempt in range(_TRIES):
                counter = (day << 40) | (place << 8) | (vote * _TRIES + attempt + 1)
                w0, w1, w2, _ = draw((rules.seed, _FIRST_DAY), author[0], counter)
                reader = np.int64((np.uint64(w0) * np.uint64(sessions)) >> np.uint64(32))
                row = draft.session[reader]
                span = row[4] - max(row[3], review[2])
                if span > 0 and row[0] != author[0] and row[1] >> 1 == author[1] >> 1:
                    ms = row[4] - np.int64(unit(w1) * np.float32(span))
                    kind = rows.UPVOTE if unit(w2) < helpful else rows.DOWNVOTE
                    push_to(draft, reader, kind, ms, review[1], NEW | place)
                    break
    return True
