"""Reviews, comments and votes in MongoDB, through pymongo; `mongomock:` is the same code over an in-process fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from pymongo.errors import DuplicateKeyError

from recsim.adapters.mongo import database
from recsim.components.cache import cache_key
from recsim.components.review_store import Comment, StoredReview, Vote


class MongoReviewStore:
    """Collections `reviews`, `comments` and `votes` of the URL's database (`recsim` if none).

    Ids are (tenant, …) joined, so that one collection serves all tenants; the outbox is a field of the review, written
    with it in one insert, because a single document is what MongoDB writes atomically. mongomock has no index: it is
    fit for tests and small worlds.
    """

    def __init__(self, found: Any) -> None:  # noqa: ANN401 - pymongo's database or its fake
        self._reviews = found["reviews"]
        self._comments = found["comments"]
        self._votes = found["votes"]
        self._reviews.create_index([("tenant", 1), ("product", 1), ("at_us", 1)])
        self._comments.create_index([("tenant", 1), ("review", 1)])
        self._votes.create_index([("tenant", 1), ("review", 1)])

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Connect; raises `ServiceUnavailable` where no server answers and `BadInput` for a URL that is none."""
        return cls(database(url, setting="stores.reviews"))

    def add(self, review: StoredReview, *, tenant: str) -> bool:
        document = {
            "_id": cache_key(tenant, review.review_id), "tenant": tenant, "published": False,
            **asdict(review), "media": list(review.media),
        }  # fmt: skip
        try:
            self._reviews.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    def get(self, review_ids: Sequence[str], *, tenant: str) -> list[StoredReview | None]:
        ids = [cache_key(tenant, review_id) for review_id in review_ids]
        found = {document["_id"]: _review(document) for document in self._reviews.find({"_id": {"$in": ids}})}
        return [found.get(key) for key in ids]

    def of_product(self, product: str, *, tenant: str) -> list[StoredReview]:
        found = self._reviews.find({"tenant": tenant, "product": product})
        return sorted((_review(document) for document in found), key=lambda review: (review.at_us, review.review_id))

    def comment(self, review_id: str, comment: Comment, *, tenant: str) -> bool:
        if self._reviews.find_one({"_id": cache_key(tenant, review_id)}) is None:
            return False
        key = cache_key(tenant, review_id, comment.comment_id)
        document = {"tenant": tenant, "review": review_id, **asdict(comment)}
        self._comments.update_one({"_id": key}, {"$setOnInsert": document}, upsert=True)
        return True

    def comments(self, review_ids: Sequence[str], *, tenant: str) -> list[list[Comment]]:
        found: dict[str, list[Comment]] = {}
        for document in self._comments.find({"tenant": tenant, "review": {"$in": list(review_ids)}}):
            comment = Comment(document["comment_id"], document["user"], document["text"], document["at_us"])
            found.setdefault(document["review"], []).append(comment)
        return [
            sorted(found.get(review_id, []), key=lambda comment: (comment.at_us, comment.comment_id))
            for review_id in review_ids
        ]

    def apply(self, votes: Sequence[Vote]) -> set[tuple[str, str]]:
        """An older vote finds no register older than itself, tries to insert one, and fails on its id: it lost."""
        for vote in votes:
            key = cache_key(vote.tenant, vote.review_id, vote.user)
            stamp = f"{vote.at_us:020d}{vote.vote_id}"
            register = {
                "tenant": vote.tenant, "review": vote.review_id, "user": vote.user, "direction": vote.direction,
                "stamp": stamp,
            }  # fmt: skip
            try:
                self._votes.update_one({"_id": key, "stamp": {"$lt": stamp}}, {"$set": register}, upsert=True)
            except DuplicateKeyError:
                continue
        return {(vote.tenant, vote.review_id) for vote in votes}

    def votes(self, review_ids: Sequence[str], *, tenant: str) -> list[tuple[int, int]]:
        up, down = dict.fromkeys(review_ids, 0), dict.fromkeys(review_ids, 0)
        for register in self._votes.find({"tenant": tenant, "review": {"$in": list(up)}}):
            up[register["review"]] += register["direction"] > 0
            down[register["review"]] += register["direction"] < 0
        return [(up[review_id], down[review_id]) for review_id in review_ids]

    def registers(self, review_id: str, users: Sequence[str], *, tenant: str) -> dict[str, int]:
        keys = {cache_key(tenant, review_id, user): user for user in users}
        found = self._votes.find({"_id": {"$in": list(keys)}})
        return {keys[register["_id"]]: register["direction"] for register in found}

    def unpublished(self, limit: int) -> list[tuple[str, StoredReview]]:
        found = self._reviews.find({"published": False}).sort([("at_us", 1), ("_id", 1)]).limit(limit)
        return [(document["tenant"], _review(document)) for document in found]

    def mark_published(self, reviews: Sequence[tuple[str, str]]) -> None:
        for tenant, review_id in reviews:
            self._reviews.update_one({"_id": cache_key(tenant, review_id)}, {"$set": {"published": True}})


def _review(document: dict[str, Any]) -> StoredReview:
    names = ("review_id", "product", "user", "stars", "title", "text", "at_us", "verified")
    return StoredReview(**{name: document[name] for name in names}, media=tuple(document["media"]))
