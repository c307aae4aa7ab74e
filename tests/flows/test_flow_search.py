"""Flow 1: search, follow a recommendation, vote."""

from __future__ import annotations

from flows.client import Client

from recsim.schema import SearchResponse

PATH = {
    "load_balancer", "gateway", "quota", "search", "product_index", "feature_store", "retrieval", "product_store",
    "reranker",
}  # fmt: skip


def test_a_search_passes_every_box_and_answers_with_the_designs_fields(client: Client) -> None:
    answer = client.ask(4, "/v1/search", q="lamp")
    assert answer.boxes == PATH
    assert {outcome for _, _, outcome in answer.hops} == {"ok"}
    shown = SearchResponse.model_validate(answer.body)
    assert shown.search == "lamp"
    assert all("lamp" in row.product_name for row in shown.results)
    assert {"total", "facets", "corrections", "timings", "page"} <= set(answer.body["search-metadata"])
    assert answer.body["search-metadata"]["total"] == 20
    assert {why["source"] for why in answer.body["search-metadata"]["because"]} <= {"keyword", "similar"}
    first = shown.results[0]
    assert client.plane.products.get_many([first.product_key])[0]["product_name"] == first.product_name  # type: ignore[index]


def test_pictures_come_from_the_edge_and_spare_the_origin_the_second_time(client: Client) -> None:
    edge = client.shop.edge
    edge._room.clear()
    pictures = client.ask(5, "/v1/search", q="lamp").body["results"][0]["pics"]
    before = edge.total.origin_bytes
    assert [edge.fetch(url, 1_000, client.trace()) for url in pictures * 2] == [False, False, True, True]
    assert edge.total.origin_bytes - before == 2_000


def test_a_followed_recommendation_is_a_page_with_similar_products(client: Client) -> None:
    proposed = client.ask(8, "/v1/search-recommendations", q="lamp")
    assert {"recommendation", "retrieval", "reranker", "product_store"} <= proposed.boxes
    chosen = proposed.body["results"][0]["product_key"]
    page = client.ask(8, "/v1/product", product_id=chosen)
    assert page.body["product"]["product_key"] == chosen
    assert chosen not in {row["product_key"] for row in page.body["results"]}
    assert page.body["model"] == client.plane.retrieval.publication.version  # type: ignore[union-attr]


def test_a_vote_is_acknowledged_at_once_and_reaches_the_store_in_the_background(client: Client) -> None:
    client.ask(12, "/v1/review/submit", product_id="prod4", stars=4, text="warm light", review_id="flow-1")
    answer = client.ask(16, "/v1/vote", review_id="flow-1", direction="up")
    assert (answer.status, answer.body["up_votes"]) == (200, 1)
    assert {"load_balancer", "gateway", "quota", "votes", "event_log", "vote_cache"} == answer.boxes
    assert client.shop.store.votes(["flow-1"], tenant="default") == [(0, 0)]
    client.shop.sync.run(client.trace())
    assert client.shop.store.votes(["flow-1"], tenant="default") == [(1, 0)]
    listed = client.ask(20, "/v1/review/list", product_id="prod4").body["reviews"]
    assert [row["up_votes"] for row in listed if row["review_id"] == "flow-1"] == [1]


def test_the_quota_refuses_the_31st_request_at_once_and_says_when_to_come_back(client: Client) -> None:
    answers = [client.ask(24, "/v1/suggest", q="la") for _ in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]
    assert answers[-1].retry_after_s == 0.5
    assert ("quota", "take", "over-quota") in answers[-1].hops
    assert "search" not in answers[-1].boxes
