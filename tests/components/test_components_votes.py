"""Votes: acknowledged at once, idempotent by (user, review), convergent; what a dying cache costs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from components.review_desk import NOW_US, Desk

from recsim.components.base import Refused
from recsim.components.cache import EmbeddedCache
from recsim.components.checkout import EVENTS
from recsim.components.segment_log import SegmentLog
from recsim.components.votes import VoteSync

WAYS = ("up", "down", "none")


def desk_with_reviews(folder: Path, **options: object) -> Desk:
    desk = Desk(folder, **options)  # type: ignore[arg-type]
    for number in range(5):
        desk.ask("/v1/review/submit", product_id="prod1", stars=4, text="x", review_id=f"r{number}")
    return desk


def test_a_vote_shows_at_once_and_reaches_the_owner_in_the_background(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path)
    assert desk.ask("/v1/vote", review_id="r0", direction="up").body["up_votes"] == 1
    assert desk.store.votes(["r0"], tenant="t") == [(0, 0)]
    assert desk.sync.run(desk.trace()) == {("t", "r0")}
    assert desk.store.votes(["r0"], tenant="t") == [(1, 0)]
    assert desk.ask("/v1/vote", user="user2", review_id="r0", direction="up").body["up_votes"] == 2
    assert desk.sync.run(desk.trace()) == {("t", "r0")}
    assert desk.sync.run(desk.trace()) == set()


def test_a_user_who_changes_their_mind_counts_once(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path)
    shown = [
        desk.ask("/v1/vote", review_id="r0", direction=way, at_us=NOW_US + n).body for n, way in enumerate(WAYS * 2)
    ]
    assert [(body["up_votes"], body["down_votes"]) for body in shown] == [(1, 0), (0, 1), (0, 0)] * 2


def test_ten_thousand_votes_with_repeats_toggles_reordering_and_a_dead_cache_end_as_the_registers_say(
    tmp_path: Path,
) -> None:
    desk = desk_with_reviews(tmp_path)
    draw = random.Random(3)
    sent = []
    for number in range(7_500):
        user, review, way = f"user{draw.randrange(300)}", f"r{draw.randrange(5)}", draw.choice(WAYS)
        sent.append((user, review, way, NOW_US + draw.randrange(5_000), f"v{number}"))
    deliveries = sent + draw.sample(sent, 2_500)
    draw.shuffle(deliveries)
    for number, (user, review, way, at_us, vote_id) in enumerate(deliveries):
        desk.ask("/v1/vote", user=user, review_id=review, direction=way, at_us=at_us, vote_id=vote_id)
        if number % 1_500 == 700:
            desk.sync.run(desk.trace())
        if number == 4_000:
            desk.cache.clear()
    desk.sync.run(desk.trace())
    last: dict[tuple[str, str], tuple[int, str, str]] = {}
    for user, review, way, at_us, vote_id in sent:
        last[user, review] = max(last.get((user, review), (0, "", "")), (at_us, vote_id, way))
    registers = [
        tuple(sum(key[1] == f"r{n}" and vote[2] == way for key, vote in last.items()) for way in ("up", "down"))
        for n in range(5)
    ]
    assert desk.store.votes([f"r{n}" for n in range(5)], tenant="t") == registers
    assert len(deliveries) == 10_000


def test_a_worker_that_dies_before_it_commits_changes_nothing_by_starting_again(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path)
    for user in range(20):
        desk.ask("/v1/vote", user=f"user{user}", review_id="r0", direction="up")
    desk.log.fetch("votes", "vote-sync", 7)
    successor = VoteSync(desk.store, SegmentLog(tmp_path / "log"), EmbeddedCache())
    successor.run(desk.trace())
    assert desk.store.votes(["r0"], tenant="t") == [(20, 0)]


def test_cache_first_loses_acknowledged_votes_when_the_cache_dies(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path, mode="cache-first")
    assert desk.ask("/v1/vote", review_id="r0", direction="up").status == 200
    desk.sync.run(desk.trace())
    assert desk.ask("/v1/vote", user="user2", review_id="r0", direction="up").body["up_votes"] == 2
    desk.cache.clear()
    desk.sync.run(desk.trace())
    assert desk.store.votes(["r0"], tenant="t") == [(1, 0)]


def test_a_vote_is_an_event_of_its_user_with_the_product_of_the_review(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path)
    desk.ask("/v1/vote", user="user7", review_id="r0", direction="down", vote_id="v1")
    value = desk.log.fetch(EVENTS, "test", 10)[0].record.value
    assert b'"downvote"' in value
    assert b'"prod1"' in value
    assert b'"e-t/vote/r0/user7/v1"' in value


def test_nonsense_is_refused(tmp_path: Path) -> None:
    desk = desk_with_reviews(tmp_path)
    with pytest.raises(Refused, match="bad-vote"):
        desk.ask("/v1/vote", review_id="r0", direction="sideways")
    with pytest.raises(Refused, match="no-review"):
        desk.ask("/v1/vote", review_id="r99", direction="up")
