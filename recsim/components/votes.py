"""Votes on reviews: acknowledged at once, applied in the background, counted from registers.

In `logged` mode a vote is in the topic log before it is acknowledged, and the cache only answers reads sooner: a cache
that dies loses nothing. `cache-first` is the design's own "fire and forget": the vote waits in the cache until the next
synchronisation, and a cache that dies takes acknowledged votes with it. It is kept to show that loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from recsim.clock import iso
from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.cache import Cache, cache_key
from recsim.components.checkout import EVENTS
from recsim.components.review_store import ReviewStore, Vote
from recsim.components.topics import Record, TopicLog
from recsim.errors import ServiceUnavailable
from recsim.schema.wire import WireEvent

ROUTE = "/v1/vote"
TOPIC = "votes"
GROUP = "vote-sync"
Mode = Literal["logged", "cache-first"]
DIRECTIONS = {"up": 1, "down": -1, "none": 0}


class VoteService:
    """Takes votes. Outcomes beside ok: 422 `bad-vote`, 404 `no-review`."""

    def __init__(self, *, reviews: ReviewStore, log: TopicLog, cache: Cache, mode: Mode = "logged") -> None:
        self._reviews = reviews
        self._log = log
        self._cache = cache
        self._mode = mode

    def answer(self, request: Request, trace: Trace) -> Response:
        with trace.hop("votes", "vote"):
            vote = self._vote(request)
            review = self._reviews.get([vote.review_id], tenant=request.tenant)[0]
            if review is None:
                raise Refused(404, "no-review")
            if self._mode == "logged":
                with trace.hop("event_log", "append"):
                    self._log.append(TOPIC, [Record(vote.review_id, orjson.dumps(vote), vote.at_us)])
                    if vote.direction:
                        self._log.append(EVENTS, [feedback(vote, review.product, request)])
            with trace.hop("vote_cache", "count"):
                up, down = self._count(vote, request.at_us)
            return Response(200, "ok", {"review_id": vote.review_id, "up_votes": up, "down_votes": down})

    def _vote(self, request: Request) -> Vote:
        review, way = request.arguments.get("review_id"), request.arguments.get("direction")
        if not isinstance(review, str) or way not in DIRECTIONS:
            raise Refused(422, "bad-vote")
        vote_id = str(request.arguments.get("vote_id") or f"v-{request.request_id}")
        return Vote(request.tenant, review, request.user, DIRECTIONS[way], request.at_us, vote_id)

    def _count(self, vote: Vote, now_us: int) -> tuple[int, int]:
        """The counts with this vote in them: the owner's registers, and the votes that wait for the next sync."""
        try:
            waiting = self._waiting_with(vote, now_us)
        except ServiceUnavailable:
            if self._mode == "cache-first":
                raise
            waiting = [vote]
        return counts_with(self._reviews, vote.tenant, vote.review_id, waiting)

    def _waiting_with(self, vote: Vote, now_us: int) -> list[Vote]:
        """The votes on the same review that wait, this one now among them."""
        key = cache_key(vote.tenant, "votes-waiting", vote.review_id)
        waiting = waiting_votes(self._cache.get([key], now_us=now_us)[0])
        if vote not in waiting:
            waiting.append(vote)
            self._cache.put({key: orjson.dumps(waiting)})
            note_waiting(self._cache, vote.tenant, vote.review_id, now_us)
        return waiting


def counts_with(reviews: ReviewStore, tenant: str, review_id: str, waiting: Sequence[Vote]) -> tuple[int, int]:
    """(helpful, not helpful) as a reader sees it: applied votes and, of each user, the latest that waits."""
    up, down = reviews.votes([review_id], tenant=tenant)[0]
    latest: dict[str, Vote] = {}
    for vote in waiting:
        known = latest.get(vote.user)
        if known is None or (vote.at_us, vote.vote_id) > (known.at_us, known.vote_id):
            latest[vote.user] = vote
    applied = reviews.registers(review_id, list(latest), tenant=tenant)
    for user, vote in latest.items():
        before = applied.get(user, 0)
        up += (vote.direction > 0) - (before > 0)
        down += (vote.direction < 0) - (before < 0)
    return up, down


def waiting_votes(value: bytes | None) -> list[Vote]:
    """The votes of a cache entry."""
    return [] if value is None else [Vote(*fields) for fields in orjson.loads(value)]


_INDEX = "votes-waiting-index"


def note_waiting(cache: Cache, tenant: str, review_id: str, now_us: int) -> None:
    """Remember in the cache that a review has votes waiting."""
    key = cache_key("", _INDEX)
    known = cache.get([key], now_us=now_us)[0]
    entries = [] if known is None else orjson.loads(known)
    if [tenant, review_id] not in entries:
        cache.put({key: orjson.dumps([*entries, [tenant, review_id]])})


def take_waiting(cache: Cache, now_us: int) -> list[Vote]:
    """Every vote that waits in the cache; the cache forgets them."""
    index = cache_key("", _INDEX)
    known = cache.get([index], now_us=now_us)[0]
    if known is None:
        return []
    keys = [cache_key(tenant, "votes-waiting", review_id) for tenant, review_id in orjson.loads(known)]
    votes = [vote for value in cache.get(keys, now_us=now_us) for vote in waiting_votes(value)]
    cache.drop([*keys, index])
    return votes


@dataclass(frozen=True)
class VoteSync:
    """The background worker: brings the owner's registers up to date. Run twice it changes nothing."""

    reviews: ReviewStore
    log: TopicLog
    cache: Cache
    mode: Mode = "logged"

    def run(self, trace: Trace, *, limit: int = 10_000) -> set[tuple[str, str]]:
        """Apply what waits; returns the (tenant, review) whose counts may have changed."""
        with trace.hop("votes", "sync"):
            if self.mode == "cache-first":
                return self.reviews.apply(take_waiting(self.cache, trace.at_us))
            changed: set[tuple[str, str]] = set()
            while found := self.log.fetch(TOPIC, GROUP, limit):
                changed |= self.reviews.apply([Vote(*orjson.loads(delivery.record.value)) for delivery in found])
                self.log.commit(TOPIC, GROUP)
            take_waiting(self.cache, trace.at_us)
            return changed


def feedback(vote: Vote, product: str, request: Request) -> Record:
    """The upvote or downvote as an event of the user, for features and training."""
    event = WireEvent(
        event_id=f"e-{vote.vote_id}",
        event_type="upvote" if vote.direction > 0 else "downvote",
        product_id=product,
        user_id=vote.user,
        event_timestamp=iso(vote.at_us),
        session=str(request.arguments.get("session", "")),
        device=str(request.arguments.get("device", "web")),
        tenant=vote.tenant,
    )
    return Record(vote.user, orjson.dumps(event.model_dump(mode="json")), vote.at_us)
