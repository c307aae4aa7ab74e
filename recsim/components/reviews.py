"""The review service: submit with pictures and videos, comment, and list by helpfulness.

A review is durable in the review store before it is acknowledged. Indexing and the feedback event follow through the
store's outbox: `publish` does both and may be repeated after a crash, because the index takes a review by its id and
the event's id is the review's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import orjson

from recsim.clock import iso
from recsim.components.base import Refused, Request, Response, Trace
from recsim.components.checkout import EVENTS
from recsim.components.helpfulness import helpfulness
from recsim.components.media import PER_REVIEW, MediaStore, checked
from recsim.components.review_store import Comment, ReviewStore, StoredReview
from recsim.components.topics import Record, TopicLog
from recsim.schema.wire import SearchReview, WireEvent, wire_event_id

ROUTES = ("/v1/review/submit", "/v1/review/comment", "/v1/review/list")
TITLE_CHARACTERS = 200
TEXT_CHARACTERS = 10_000
COMMENT_CHARACTERS = 2_000
_PAGE = 10

Bought = Callable[[str, str, str], bool]
"""(tenant, user, product) → whether the user is known to have bought the product."""

Moderation = Callable[[str, StoredReview], bool]
"""(tenant, review) → whether it may be shown; asked when a review is published and again when it is listed."""


class ReviewIndex(Protocol):
    """Where reviews become searchable."""

    def add_reviews(self, reviews: Sequence[tuple[str, StoredReview]]) -> None:
        """Index (tenant, review), each by its id: the same one again changes nothing."""
        ...


class ReviewService:
    """Outcomes beside ok: 422 `bad-product`, `bad-stars`, `bad-text`, `too-many-media`, `bad-media`; those of `media`;
    404 `no-review`; 409 `review-exists` where the id is another user's."""

    def __init__(
        self,
        *,
        store: ReviewStore,
        media: MediaStore,
        log: TopicLog,
        index: ReviewIndex,
        known_product: Callable[[str, str], bool],
        bought: Bought = lambda *_: False,
        allowed: Moderation = lambda *_: True,
    ) -> None:
        self._store = store
        self._media = media
        self._log = log
        self._index = index
        self._known_product = known_product
        self._bought = bought
        self._allowed = allowed

    def answer(self, request: Request, trace: Trace) -> Response:
        action = request.route.rpartition("/")[2]
        with trace.hop("reviews", action):
            if action == "submit":
                return self._submit(request, trace)
            return self._comment(request) if action == "comment" else self._list(request)

    def _submit(self, request: Request, trace: Trace) -> Response:
        review = self._read(request, trace)
        with trace.hop("review_store", "add") as hop:
            added = self._store.add(review, tenant=request.tenant)
            if not added:
                known = self._store.get([review.review_id], tenant=request.tenant)[0]
                hop.outcome = "known"
                if known is None or known.user != request.user:
                    raise Refused(409, "review-exists")
        return Response(201 if added else 200, "ok", {"review_id": review.review_id, "media": list(review.media)})

    def _read(self, request: Request, trace: Trace) -> StoredReview:
        asked = request.arguments
        product, stars = asked.get("product_id"), asked.get("stars")
        if not isinstance(product, str) or not self._known_product(request.tenant, product):
            raise Refused(422, "bad-product")
        if not (isinstance(stars, int) and not isinstance(stars, bool) and 1 <= stars <= 5):
            raise Refused(422, "bad-stars")
        title, text = asked.get("title", ""), asked.get("text", "")
        if not (isinstance(title, str) and isinstance(text, str)) or (
            len(title) > TITLE_CHARACTERS or len(text) > TEXT_CHARACTERS
        ):
            raise Refused(422, "bad-text")
        return StoredReview(
            review_id=str(asked.get("review_id") or f"r-{request.request_id}"),
            product=product,
            user=request.user,
            stars=stars,
            title=title,
            text=text,
            at_us=request.at_us,
            verified=self._bought(request.tenant, request.user, product),
            media=self._store_media(asked.get("media", ()), request.tenant, trace),
        )

    def _store_media(self, files: Any, tenant: str, trace: Trace) -> tuple[str, ...]:  # noqa: ANN401 - what a client sent
        """All files checked before the first is kept."""
        if not isinstance(files, list | tuple) or not all(isinstance(content, bytes) for content in files):
            raise Refused(422, "bad-media")
        if len(files) > PER_REVIEW:
            raise Refused(422, "too-many-media")
        accepted = [checked(content) for content in files]
        if not accepted:
            return ()
        with trace.hop("media_store", "put"):
            return tuple(self._media.put(media, tenant=tenant) for media in accepted)

    def _comment(self, request: Request) -> Response:
        text = request.arguments.get("text")
        if not (isinstance(text, str) and 0 < len(text) <= COMMENT_CHARACTERS):
            raise Refused(422, "bad-text")
        comment_id = str(request.arguments.get("comment_id") or f"c-{request.request_id}")
        comment = Comment(comment_id, request.user, text, request.at_us)
        if not self._store.comment(str(request.arguments.get("review_id")), comment, tenant=request.tenant):
            raise Refused(404, "no-review")
        return Response(201, "ok", {"comment_id": comment_id})

    def _list(self, request: Request) -> Response:
        product = request.arguments.get("product_id")
        if not isinstance(product, str):
            raise Refused(422, "bad-product")
        return Response(200, "ok", {"reviews": self.ranked(product, tenant=request.tenant, now_us=request.at_us)})

    def ranked(self, product: str, *, tenant: str, now_us: int, limit: int = _PAGE) -> list[dict[str, Any]]:
        """The reviews of a product as a response shows them, most helpful first; ties by age, then id."""
        found = [review for review in self._store.of_product(product, tenant=tenant) if self._allowed(tenant, review)]
        ids = [review.review_id for review in found]
        votes = np.array(self._store.votes(ids, tenant=tenant), np.int64).reshape(-1, 2)
        at_us = np.array([review.at_us for review in found], np.int64)
        order = np.argsort(-helpfulness(votes[:, 0], votes[:, 1], at_us, now_us=now_us), kind="stable")[:limit]
        comments = self._store.comments([ids[place] for place in order], tenant=tenant)
        return [
            {
                **_shown(found[place], votes[place].tolist(), [comment.text for comment in remarks]),
                "review_id": ids[place],
                "media": list(found[place].media),
                "verified": found[place].verified,
            }
            for place, remarks in zip(order.tolist(), comments, strict=True)
        ]

    def publish(self, trace: Trace, *, limit: int = 1_000) -> int:
        """Index and log the reviews of the outbox; returns how many. What moderation holds back is not indexed."""
        waiting = self._store.unpublished(limit)
        if not waiting:
            return 0
        with trace.hop("product_index", "add reviews"):
            self._index.add_reviews([entry for entry in waiting if self._allowed(*entry)])
        with trace.hop("event_log", "append"):
            self._log.append(EVENTS, [_feedback(tenant, review) for tenant, review in waiting])
        self._store.mark_published([(tenant, review.review_id) for tenant, review in waiting])
        return len(waiting)


def _shown(review: StoredReview, votes: Sequence[int], comments: list[str]) -> dict[str, Any]:
    """A review as the search response model has it."""
    return SearchReview(
        reviewer=review.user,
        rating=f"{review.stars}/5",
        review=" ".join(part for part in (review.title, review.text) if part),
        comments=comments,
        up_votes=votes[0],
        down_votes=votes[1],
    ).model_dump()


def _feedback(tenant: str, review: StoredReview) -> Record:
    event = WireEvent(
        event_id=wire_event_id(tenant, "review", review.review_id),
        event_type="submit_review",
        product_id=review.product,
        user_id=review.user,
        event_timestamp=iso(review.at_us),
        session="",
        device="web",
        tenant=tenant,
    )
    return Record(review.user, orjson.dumps(event.model_dump(mode="json")), review.at_us)
