"""A review desk for tests: store, media, log, cache and the services over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recsim.components.base import CallLog, Request, Response, Trace
from recsim.components.cache import EmbeddedCache
from recsim.components.media import DirectoryMediaStore
from recsim.components.review_store import SqliteReviewStore, StoredReview
from recsim.components.reviews import Moderation, ReviewService
from recsim.components.segment_log import SegmentLog
from recsim.components.votes import Mode, VoteService, VoteSync

NOW_US = 1_735_776_000_000_000


class Index:
    """Reviews by id, as a search index would hold them."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def add_reviews(self, reviews: Sequence[tuple[str, StoredReview]]) -> None:
        for tenant, review in reviews:
            self.texts[tenant, review.review_id] = review.text


class Desk:
    """Products prod1 and prod2 of tenant t; user1 bought prod1."""

    def __init__(self, folder: Path, *, mode: Mode = "logged", allowed: Moderation = lambda *_: True) -> None:
        self.store = SqliteReviewStore.from_url(f"sqlite:{folder}/reviews.db")
        self.log = SegmentLog(folder / "log")
        self.cache = EmbeddedCache()
        self.index = Index()
        media = DirectoryMediaStore.from_url(f"directory:{folder}/media")
        self.media = media
        self.reviews = ReviewService(
            store=self.store, media=media, log=self.log, index=self.index,
            known_product=lambda tenant, product: tenant == "t" and product in ("prod1", "prod2"),
            bought=lambda _, user, product: (user, product) == ("user1", "prod1"), allowed=allowed,
        )  # fmt: skip
        self.votes = VoteService(reviews=self.store, log=self.log, cache=self.cache, mode=mode)
        self.sync = VoteSync(self.store, self.log, self.cache, mode)
        self.calls = CallLog()
        self._requests = 0

    def trace(self, at_us: int = NOW_US) -> Trace:
        self._requests += 1
        return Trace(self.calls, self._requests, at_us)

    def ask(
        self, route: str, *, user: str = "user1", tenant: str = "t", at_us: int = NOW_US, **arguments: Any
    ) -> Response:
        trace = self.trace(at_us)
        service = self.votes if route == "/v1/vote" else self.reviews
        return service.answer(Request(trace.request_id, route, "", at_us, arguments, user=user, tenant=tenant), trace)
