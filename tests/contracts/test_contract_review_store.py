"""What every review store must do, on each implementation."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contracts.servers import mongodb

from recsim.components.review_store import Comment, ReviewStore, StoredReview, Vote
from recsim.wiring import connect

_FRESH = itertools.count()
REVIEW = StoredReview("r1", "prod1", "user1", 4, "Good", "Fits well.", 1_000, verified=True, media=("a/b.png",))


@pytest.fixture(scope="module")
def server() -> Iterator[ReviewStore]:
    with mongodb() as url:
        yield connect("reviews", url)


@pytest.fixture(params=["sqlite", "sqlite-file", "mongomock", "mongodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ReviewStore:
    if request.param == "mongodb":
        return request.getfixturevalue("server")  # type: ignore[no-any-return]
    urls = {"sqlite": "sqlite:", "sqlite-file": f"sqlite:{tmp_path}/reviews.db", "mongomock": "mongomock:"}
    found: ReviewStore = connect("reviews", urls[request.param])
    return found


@pytest.fixture
def tenant() -> str:
    return f"shop-{next(_FRESH)}"


def test_a_review_comes_back_whole_and_its_id_only_once(store: ReviewStore, tenant: str) -> None:
    assert store.add(REVIEW, tenant=tenant)
    assert not store.add(replace(REVIEW, text="another text"), tenant=tenant)
    assert store.get(["r1", "r2"], tenant=tenant) == [REVIEW, None]
    assert store.get(["r1"], tenant=f"{tenant}-other") == [None]


def test_reviews_of_a_product_come_oldest_first(store: ReviewStore, tenant: str) -> None:
    late, early = replace(REVIEW, review_id="r2", at_us=2_000), replace(REVIEW, review_id="r3", at_us=500)
    for review in (REVIEW, late, early, replace(REVIEW, review_id="r4", product="prod2")):
        store.add(review, tenant=tenant)
    assert [review.review_id for review in store.of_product("prod1", tenant=tenant)] == ["r3", "r1", "r2"]


def test_comments_stand_under_their_review_once(store: ReviewStore, tenant: str) -> None:
    store.add(REVIEW, tenant=tenant)
    first, second = Comment("c1", "user2", "Same here.", 10), Comment("c2", "user3", "Not for me.", 5)
    assert store.comment("r1", first, tenant=tenant)
    assert store.comment("r1", first, tenant=tenant)
    assert store.comment("r1", second, tenant=tenant)
    assert not store.comment("r9", second, tenant=tenant)
    assert store.comments(["r1", "r9"], tenant=tenant) == [[second, first], []]


def test_the_latest_vote_of_a_user_wins_in_any_order_and_however_often(store: ReviewStore, tenant: str) -> None:
    votes = [
        Vote(tenant, f"r{n % 5}", f"user{n % 17}", (-1, 0, 1)[n % 3], 1_000 + n // 2, f"v{n:04d}") for n in range(200)
    ]
    last = {(vote.review_id, vote.user): vote for vote in sorted(votes, key=lambda vote: (vote.at_us, vote.vote_id))}
    expected = [
        tuple(sum(vote.review_id == f"r{n}" and vote.direction == way for vote in last.values()) for way in (1, -1))
        for n in range(5)
    ]
    shuffled = votes + votes[::3]
    random.Random(5).shuffle(shuffled)
    changed = store.apply(shuffled)
    assert changed == {(tenant, f"r{n}") for n in range(5)}
    assert store.votes([f"r{n}" for n in range(5)], tenant=tenant) == expected
    assert store.votes(["r0"], tenant=f"{tenant}-other") == [(0, 0)]


def test_the_outbox_holds_what_is_not_published(store: ReviewStore, tenant: str) -> None:
    store.add(REVIEW, tenant=tenant)
    store.add(replace(REVIEW, review_id="r2", at_us=500), tenant=tenant)
    waiting = [review.review_id for owner, review in store.unpublished(10_000) if owner == tenant]
    assert waiting == ["r2", "r1"]
    store.mark_published([(tenant, "r2")])
    assert [review.review_id for owner, review in store.unpublished(10_000) if owner == tenant] == ["r1"]
    store.mark_published([(tenant, "r1")])
