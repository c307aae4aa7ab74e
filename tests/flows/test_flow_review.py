"""Flow 2: a review with a picture becomes searchable, an event, and a signal of the ranking."""

from __future__ import annotations

from flows.client import MORNING_US, Client

from recsim.replay.shop import picture


def test_a_review_is_kept_with_its_picture_and_searchable_after_the_outbox(client: Client) -> None:
    image = picture(7)
    answer = client.ask(
        1, "/v1/review/submit", product_id="prod5", stars=5, title="Fine", text="shimmering quobble",
        media=[image], review_id="flow-2",
    )  # fmt: skip
    assert answer.status == 201
    assert {"load_balancer", "gateway", "quota", "reviews", "media_store", "review_store"} == answer.boxes
    (path,) = answer.body["media"]
    assert client.shop.media.get(path) == image
    kept = client.shop.store.get(["flow-2"], tenant="default")[0]
    assert kept is not None
    assert (kept.product, kept.media, kept.stars) == ("prod5", (path,), 5)
    assert client.ask(2, "/v1/search", q="quobble").body["results"] == []
    before = len(client.plane.calls)
    client.shop.midnight("2025-01-05", MORNING_US, [], client.plane.calls)
    assert {"product_index", "event_log"} <= {component for component, _, _ in client.hops(before)}
    assert client.shop.store.unpublished(10) == []
    assert client.ask(2, "/v1/search", q="quobble").body["results"][0]["product_key"] == "prod5"
    feedback = [event for event in client.events() if event["event_type"] == "submit_review"]
    assert ("prod5", "user1") in {(event["product_id"], event["user_id"]) for event in feedback}


def test_a_disguised_file_is_refused_and_nothing_is_kept(client: Client) -> None:
    answer = client.ask(
        1, "/v1/review/submit", product_id="prod5", stars=5, media=[b"<script>"], review_id="flow-2-bad"
    )
    assert (answer.status, answer.outcome) == (415, "media-type")
    assert client.shop.store.get(["flow-2-bad"], tenant="default") == [None]


def test_reviews_of_the_log_reach_lake_training_counts_and_ranking(client: Client) -> None:
    counted = client.days._batch._window["2025-01-02"]
    assert counted.per_product(80, "submit_review")[0] == 1
    signals = client.plane._reranker.signals
    assert signals.rating[0] > 0
    assert signals.review_votes[:2].tolist() == [3, 0]
    document = client.plane.products.get_many(["prod0"])[0]
    assert document is not None
    assert {review["review"] for review in document["reviews"]} == {f"good after day {day}" for day in range(3)}
