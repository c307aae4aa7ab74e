"""Vote rings are found among honest votes, and honest users are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsim.components.moderation import Moderator, RingRule, vote_rings
from recsim.components.review_store import StoredReview

HOUR_US = 3_600_000_000


def honest(count: int, users: int, reviews: int, seed: int) -> list[NDArray[np.int64]]:
    draw = np.random.default_rng(seed)
    popular = (reviews * draw.random(count) ** 2).astype(np.int64)
    return [draw.integers(0, users, count), popular, np.where(draw.random(count) < 0.8, 1, -1),
            draw.integers(0, 24 * 30, count) * HOUR_US]  # fmt: skip


def ring(members: range, reviews: range, at_us: int) -> list[NDArray[np.int64]]:
    pairs = [(user, review) for user in members for review in reviews]
    users, targets = np.array(pairs).T
    return [users, targets, np.ones(len(pairs), np.int64), at_us + users % 7 * 60_000_000]


def together(*parts: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def test_planted_rings_are_found_whole_among_twenty_thousand_honest_votes() -> None:
    votes = together(
        honest(20_000, 5_000, 2_000, 1), ring(range(9_000, 9_012), range(3, 8), 9 * HOUR_US),
        ring(range(9_100, 9_105), range(50, 53), 90 * HOUR_US),
    )  # fmt: skip
    found = vote_rings(*votes)  # type: ignore[arg-type]
    assert [set(members.tolist()) for members in found] == [set(range(9_000, 9_012)), set(range(9_100, 9_105))]


def test_honest_votes_hold_no_ring() -> None:
    for seed in range(5):
        assert vote_rings(*honest(20_000, 5_000, 2_000, seed)) == []  # type: ignore[arg-type]


def test_a_crowd_on_one_review_ties_nobody() -> None:
    crowd = ring(range(300), range(2), 0)
    assert vote_rings(*crowd) == []  # type: ignore[arg-type]
    assert len(vote_rings(*crowd, RingRule(crowd=1_000))) == 1  # type: ignore[arg-type]


def test_no_votes_no_rings() -> None:
    nothing = np.empty(0, np.int64)
    assert vote_rings(nothing, nothing, nothing.astype(np.int8), nothing) == []


def test_a_suspects_reviews_are_held_back_in_their_tenant_only() -> None:
    allowed = Moderator([("t", "user1")])
    review = StoredReview("r1", "prod1", "user1", 5, "", "", 0, verified=False)
    assert not allowed("t", review)
    assert allowed("other", review)
    allowed.suspect("other", "user1")
    assert not allowed("other", review)
