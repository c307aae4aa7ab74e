"""Product documents, and the reviews in them as votes come in."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from recsim.components.documents import ReviewBook, documents, picture_url
from recsim.components.product_store import result_of
from recsim.schema import Product, Review, Vote, arrow_schema
from recsim.schema.wire import SearchResult


def review(number: int, product: int, *, up: int | None = None) -> dict[str, Any]:
    return {
        "review_id": number, "product_id": product, "user_id": 5, "event_timestamp": number, "stars": 3.0,
        "title": "fine", "text": f"text {number}", "verified": True, "image_count": 0, "video_count": 0,
        "up_votes": up, "down_votes": None,
    }  # fmt: skip


def reviews(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(Review))


def votes(*rows: tuple[int, int, int]) -> pa.Table:
    made = [
        {"review_id": number, "user_id": user, "event_timestamp": at, "direction": direction}
        for at, (number, user, direction) in enumerate(rows)
    ]
    return pa.Table.from_pylist(made, schema=arrow_schema(Vote))


def test_a_document_of_a_bare_product_has_every_field_of_a_search_result() -> None:
    bare = {
        "product_id": 3, "key": None, "tenant": "default", "name": "", "brand": None, "category": [],
        "description": None, "price_usd": None, "quantity": 2, "image_count": 2, "video_count": 0, "created_at": None,
    }  # fmt: skip
    document = next(documents(pa.Table.from_pylist([bare], schema=arrow_schema(Product))))
    shown = SearchResult.model_validate(result_of(document))
    assert (shown.product_key, shown.product_name, shown.quantity) == ("prod3", "prod3", 2)
    assert shown.pics == [picture_url("prod3", 0), picture_url("prod3", 1)]


def test_pictures_of_one_product_spread_over_the_store() -> None:
    assert len({picture_url("prod3", number).split("/")[3] for number in range(50)}) > 20


def test_the_most_helpful_reviews_are_shown_newest_first_among_equals() -> None:
    book = ReviewBook()
    changed = book.add(reviews(*(review(n, 1) for n in range(4)), review(9, 2)), votes((0, 7, 1), (3, 7, -1)))
    assert changed == {1, 2}
    assert [row["review"] for row in book.shown(1)] == ["fine text 0", "fine text 2", "fine text 1"]
    assert book.shown(1)[0] == {
        "reviewer": "user5", "rating": "3/5", "review": "fine text 0", "comments": [], "up_votes": 1, "down_votes": 0,
    }  # fmt: skip


def test_a_later_vote_of_the_same_user_replaces_the_earlier_one() -> None:
    book = ReviewBook()
    book.add(reviews(review(1, 1)), votes((1, 7, 1), (1, 7, 1), (1, 8, 1), (1, 7, -1)))
    assert (book.shown(1)[0]["up_votes"], book.shown(1)[0]["down_votes"]) == (1, 1)
    assert book.add(reviews(), votes((1, 7, 1))) == {1}
    assert (book.shown(1)[0]["up_votes"], book.shown(1)[0]["down_votes"]) == (2, 0)


def test_totals_a_log_brings_are_kept_and_votes_on_unknown_reviews_are_not() -> None:
    book = ReviewBook()
    assert book.add(reviews(review(1, 1, up=40)), votes((77, 1, 1))) == {1}
    assert book.shown(1)[0]["up_votes"] == 40
