"""Votes on reviews: acknowledged at once, applied in the background, counted from registers.

In `logged` mode a vote is in the topic log before it is acknowledged, and the cache only answers reads sooner: a cache
that dies loses nothing. `cache-first` is the design's own "fire and forget": the vote waits in the cache until the next
synchronisation, and a cache that dies takes acknowledged votes with it. It is kept to show that loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import orjson

from recsim.clock import iso
from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.cache import Cache, cache_key
from recsim.components.checkout import EVENTS
from recsim.components.review_store import ReviewStore, Vote
from recsim.components.topics import Record, TopicLog
from recsim.errors import ServiceUnavailable
from recsim.schema.wire import WireEvent, wire_event_id

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
                    self._log.append(TOPIC, [Record(vote.review_id, orjson.dumps(list(vote)), vote.at_us)])
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
        """The counts with this vote in them: the owner's registers, and what waits for the next synchronisation."""
        try:
            waiting = Waiting.read(self._cache, vote.tenant, vote.review_id, now_us)
        except ServiceUnavailable:
            if self._mode == "cache-first":
                raise
            waiting = Waiting({}, *self._reviews.votes([vote.review_id], tenant=vote.tenant)[0])
            waiting.take(vote, self._reviews)
            return waiting.up, waiting.down
        if waiting is None:
            waiting = Waiting({}, *self._reviews.votes([vote.review_id], tenant=vote.tenant)[0])
            note_waiting(self._cache, vote.tenant, vote.review_id, now_us)
        waiting.take(vote, self._reviews)
        waiting.write(self._cache, vote.tenant, vote.review_id)
        return waiting.up, waiting.down


@dataclass
class Waiting:
    """A review's counts as readers see them, and the latest vote of each user that waits to be applied."""

    latest: dict[str, list[Any]]
    """User → direction, time, vote id."""
    up: int
    down: int

    @classmethod
    def read(cls, cache: Cache, tenant: str, review_id: str, now_us: int) -> Self | None:
        value = cache.get([cache_key(tenant, "votes-waiting", review_id)], now_us=now_us)[0]
        return None if value is None else cls(**orjson.loads(value))

    def write(self, cache: Cache, tenant: str, review_id: str) -> None:
        cache.put({cache_key(tenant, "votes-waiting", review_id): orjson.dumps(vars(self))})

    def take(self, vote: Vote, owner: ReviewStore) -> None:
        """Count a vote in place of the user's earlier one; an older one than that changes nothing."""
        known = self.latest.get(vote.user)
        if known is not None and [vote.at_us, vote.vote_id] <= known[1:]:
            return
        registers = owner.registers(vote.review_id, [vote.user], tenant=vote.tenant) if known is None else {}
        before = known[0] if known is not None else registers.get(vote.user, 0)
        self.up += (vote.direction > 0) - (before > 0)
        self.down += (vote.direction < 0) - (before < 0)
        self.latest[vote.user] = [vote.direction, vote.at_us, vote.vote_id]


_INDEX = cache_key("", "votes-waiting-index")


def note_waiting(cache: Cache, tenant: str, review_id: str, now_us: int) -> None:
    """Remember in the cache that a review has votes waiting."""
    known = cache.get([_INDEX], now_us=now_us)[0]
    entries = [] if known is None else orjson.loads(known)
    cache.put({_INDEX: orjson.dumps([*entries, [tenant, review_id]])})


def take_waiting(cache: Cache, now_us: int) -> list[Vote]:
    """Every vote that waits in the cache; the cache forgets them."""
    known = cache.get([_INDEX], now_us=now_us)[0]
    reviews = [] if known is None else orjson.loads(known)
    votes = []
    for tenant, review_id in reviews:
        waiting = Waiting.read(cache, tenant, review_id, now_us)
        if waiting is not None:
            votes += [Vote(tenant, review_id, user, *latest) for user, latest in waiting.latest.items()]
    cache.drop([_INDEX, *(cache_key(tenant, "votes-waiting", review_id) for tenant, review_id in reviews)])
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
        event_id=wire_event_id(vote.tenant, "vote", vote.review_id, vote.user, vote.vote_id),
        event_type="upvote" if vote.direction > 0 else "downvote",
        product_id=product,
        user_id=vote.user,
        event_timestamp=iso(vote.at_us),
        session=str(request.arguments.get("session", "")),
        device=str(request.arguments.get("device", "web")),
        tenant=vote.tenant,
    )
    return Record(vote.user, orjson.dumps(event.model_dump(mode="json")), vote.at_us)
