"""What the recommendation engine adds to similar products: surfaces, merged sources, why, variety, stock, budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from test_components_recommendation import EAST, VECTORS, WEST, Shop

from recsim.components.base import CallLog, Refused, Request, Response, Trace
from recsim.components.boards import Board
from recsim.components.bought_together import BoughtTogether
from recsim.components.budget import planned_us
from recsim.components.content import ContentMap
from recsim.components.context import PRIOR, Context, ContextTable
from recsim.components.precomputed import EmbeddedPrecomputedStore
from recsim.components.profile import STRANGER
from recsim.components.recommendation_api import RERANK_ROUTE, TOP_N_ROUTE, apis
from recsim.components.slate import SOURCES, found, merge, names_of
from recsim.components.trending import Trending
from recsim.recommenders.ann import kind_of
from recsim.recommenders.diversity import Diversity
from recsim.recommenders.rerank import FEATURES, Reranker

HOUR_US = 3_600_000_000


def shop_with_habits(**settings: Any) -> Shop:
    """Products 5 and 0 are bought with 1, 7 is viewed with 1; the rest is bought alone."""
    shop = Shop(**settings)
    shop.train()
    tenant = shop.catalogue.tenants[0]
    pairs = ((1, 0), (1, 5)) if tenant == "default" else ((2, 0), (2, 4))
    baskets = [list(pairs[n % 2]) for n in range(60)] + [[n % 10] for n in range(400)]
    bought, viewed = BoughtTogether(10), BoughtTogether(10)
    lines = np.array([(number, product) for number, basket in enumerate(baskets) for product in basket])
    bought.take(lines[:, 0], lines[:, 1])
    viewed.take(np.repeat(np.arange(60), 2), np.tile([1, 7], 60) if tenant == "default" else np.tile([2, 6], 60))
    viewed.take(np.arange(100, 300), np.arange(200) % 10)
    shop.engine.shelves.bought = {tenant: bought.publish()}
    shop.engine.shelves.viewed = {tenant: viewed.publish()}
    return shop


def why(answer: Response) -> dict[str, Any]:
    return {row["product_key"]: row for row in answer.body["because"]}


def test_a_product_found_by_several_sources_is_one_candidate_that_names_them_all() -> None:
    both = merge([found("model", np.array([4, 2])), found("bought", np.array([2, 9]), anchors=np.array([7, 7]))])
    assert both.products.tolist() == [4, 2, 9]
    assert [names_of(bits) for bits in both.found_by.tolist()] == [["model"], ["model", "bought"], ["bought"]]
    assert both.anchors.tolist() == [-1, -1, 7]


def test_bought_together_shows_what_is_bought_with_the_product_and_says_so() -> None:
    answer = shop_with_habits().ask("/v1/bought-together", product_id="prod1")
    assert {row["product_key"] for row in answer.body["results"]} == {"prod0", "prod5"}
    assert why(answer)["prod5"]["text"] == "often bought with prod1"
    assert answer.body["bundle"][0] == "prod1"
    assert len(answer.body["bundle"]) == 2


def test_bought_together_is_empty_rather_than_popular() -> None:
    assert shop_with_habits().ask("/v1/bought-together", product_id="prod9").outcome == "empty"


def test_a_cart_gets_what_goes_with_all_of_it_and_nothing_it_holds() -> None:
    shop = shop_with_habits()
    shop.ranking.reranker = Reranker({"co_purchase": 1.0}, "top-k", 1.0, 1)
    answer = shop.ask("/v1/cart", product_ids=["prod1", "prod0"])
    assert answer.body["results"][0]["product_key"] == "prod5"
    assert {"prod0", "prod1"}.isdisjoint(row["product_key"] for row in answer.body["results"])


def test_because_you_viewed_starts_from_the_product_seen_last() -> None:
    shop = shop_with_habits()
    shop.ranking.reranker = Reranker({"affinity": 1.0, "co_purchase": 1.0}, "top-k", 1.0, 1)
    shop.know(embeddings=[], seen=["prod1", "prod4"])
    rows = why(shop.ask("/v1/because-you-viewed"))
    assert rows["prod7"]["text"] == "often viewed with prod1"
    assert rows["prod2"]["anchor"] == "prod1"
    rows = why(shop.ask("/v1/because-you-viewed", product_id="prod1"))
    assert {row["anchor"] for row in rows.values()} == {"prod4"}


def test_because_you_viewed_is_empty_for_one_who_viewed_nothing() -> None:
    assert shop_with_habits().ask("/v1/because-you-viewed").outcome == "empty"


def test_search_recommendations_go_beyond_what_the_words_find() -> None:
    shop = shop_with_habits()
    shop.engine.shelves.keywords = lambda text, n, tenant: (np.array([1]), np.ones(1, np.float32))
    rows = why(shop.ask("/v1/search-recommendations", q="lamp"))
    assert "prod1" not in rows
    assert rows["prod0"]["sources"] == ["similar", "bought"]


@pytest.mark.parametrize("arguments", [{}, {"q": ""}, {"q": 7}, {"q": "x" * 257}])
def test_search_recommendations_without_words_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="bad-query"):
        shop_with_habits().ask("/v1/search-recommendations", **arguments)


@pytest.mark.parametrize("cart", [[], "prod1", [f"prod{n}" for n in range(101)]])
def test_a_cart_that_is_none_is_refused(cart: object) -> None:
    with pytest.raises(Refused, match="bad-cart"):
        shop_with_habits().ask("/v1/cart", product_ids=cart)


def test_a_stranger_gets_what_trends_before_what_is_popular() -> None:
    shop = shop_with_habits()
    scores = np.zeros(10)
    scores[[3, 6, 8]] = 3, 2, 1
    shop.engine.shelves.trending = Board.of_scores(scores, shop.catalogue)
    shop.ranking.signals = replace(shop.ranking.signals, trend=(scores / 3).astype(np.float32))
    shop.ranking.reranker = Reranker({"trend": 1.0}, "top-k", 1.0, 1)
    found_, sources = shop.served("/v1/home")
    assert found_ == [3, 6, 8]
    assert sources == {"trending"}


def test_pairs_and_boards_of_one_tenant_never_reach_another() -> None:
    shop = shop_with_habits(tenants=("even", "odd"))
    assert shop.ask("/v1/bought-together", tenant="even", product_id="prod2").slate.products.tolist() == [0, 4]
    assert shop.ask("/v1/bought-together", tenant="odd", product_id="prod1").outcome == "empty"
    with pytest.raises(Refused, match="no-product"):
        shop.ask("/v1/cart", tenant="odd", product_ids=["prod1", "prod2"])
    shop.engine.shelves.trending = Board.of_scores(np.arange(10.0), shop.catalogue)
    assert (shop.ask("/v1/home", tenant="odd").slate.products % 2 == 1).all()


def test_retrieval_for_a_tenant_finds_as_many_as_if_it_were_alone() -> None:
    shop = Shop(tenants=("even", "odd"))
    shop.train()
    retrieval = type(shop.retrieval)(shop.catalogue)
    publication = shop.retrieval.publication
    near = retrieval.top_n(
        publication, np.array(EAST, np.float32), 4, source="model", trace=Trace(CallLog(), 1, 0), tenant="odd"
    )
    assert sorted(near.products.tolist()) == [1, 3, 5, 7]


def nightly(shop: Shop) -> Shop:
    store = EmbeddedPrecomputedStore()
    store.publish(["user1"], np.array([[6, 2, 4, 9, -1]], np.int32), version=3)
    shop.engine._precomputed = store
    return shop


def test_over_budget_the_nightly_list_is_served_and_is_called_so() -> None:
    shop = nightly(shop_with_habits())
    shop.engine._budget_us = shop.engine.planned_us(shop.retrieval.publication) - 1
    shop.know(embeddings=WEST, seen=["prod2"])
    answer = shop.ask("/v1/home")
    assert (answer.status, answer.outcome, answer.body["policy"]) == (200, "precomputed", "precomputed/1")
    assert answer.slate.products.tolist() == [6, 4, 9]
    assert why(answer)["prod6"]["text"] == "picked for you last night"


def test_while_retrieval_is_down_a_user_without_a_list_gets_the_board() -> None:
    shop = shop_with_habits()
    shop.retrieval.down = True
    shop.know(embeddings=WEST, seen=[])
    answer = shop.ask("/v1/home")
    assert (answer.outcome, answer.slate.products.tolist()) == ("board", [9, 4, 0])
    shop.retrieval.down = False
    assert shop.ask("/v1/home").outcome == "ok"


def test_a_plan_costs_more_for_a_scan_than_for_lists_and_grows_with_the_shop() -> None:
    costs = [
        planned_us(kind_of(products, choice), products, 64, candidates=200, slate=20)
        for products, choice in ((100_000, "auto"), (1_000_000, "auto"), (1_000_000, "flat"))
    ]
    assert costs == sorted(costs)
    assert costs[1] < 5_000
    assert costs[2] > 10_000


def test_sold_out_products_are_hidden_where_the_rule_says_so_and_never_put_in_a_cart() -> None:
    shop = shop_with_habits()
    stock = np.ones(10, np.int64)
    stock[[5, 6]] = 0
    shop.ranking.signals = replace(shop.ranking.signals, stock=stock)
    assert shop.served("/v1/bought-together", product_id="prod1")[0] == [0]
    assert 6 in shop.served("/v1/product", product_id="prod4")[0]
    shop.ranking._out_of_stock = "hide"
    assert 6 not in shop.served("/v1/product", product_id="prod4")[0]


def test_a_cap_and_marginal_relevance_bring_another_category_home() -> None:
    shop = shop_with_habits()
    shop.know(embeddings=[1.0, 0.9], seen=[])
    for kind in ("none", "cap", "mmr"):
        shop.ranking.reranker = Reranker({"affinity": 1.0}, "top-k", 1.0, 1, Diversity(kind, 0.4))
        shop.engine._candidates = 8
        shop.engine._sources._n = 8
        served = np.array(shop.served("/v1/home")[0])
        assert (served >= 4).any() == (kind != "none")


def test_capped_softmax_propensities_multiply_to_the_probability_of_the_slate() -> None:
    groups, scores = np.array([0, 0, 1, 1], np.int32), np.array([2.0, 1.0, 0.5, 0.0], np.float32)
    reranker = Reranker({"affinity": 1.0}, "softmax", 1.0, 7, Diversity("cap", 0.5))
    drawn: dict[tuple[int, ...], int] = {}
    claimed = {}
    for request in range(20_000):
        order = reranker.order(scores, np.arange(4), 2, request_id=request, groups=groups)
        slate = tuple(order.places.tolist())
        drawn[slate] = drawn.get(slate, 0) + 1
        claimed[slate] = float(np.prod(order.propensities.astype(np.float64)))
    assert sum(claimed.values()) == pytest.approx(1.0, abs=1e-6)
    assert all(groups[a] != groups[b] for a, b in drawn)
    assert max(abs(drawn[slate] / 20_000 - claimed[slate]) for slate in drawn) < 0.012


def test_review_quality_and_votes_move_a_ranking() -> None:
    shop = shop_with_habits()
    candidates = found("model", np.array([0, 1]))
    shop.ranking.reranker = Reranker({"review_quality": 1.0, "review_votes": 1.0}, "top-k", 1.0, 1)

    def first(quality: list[float], votes: list[int]) -> int:
        rest = [0.0] * 8
        shop.ranking.signals = shop.ranking.signals.with_reviews(
            np.array(quality + rest, np.float32), np.array(votes + [0] * 8)
        )
        trace = Trace(CallLog(), 1, 0)
        slate = shop.ranking.rerank(candidates, 1, profile=STRANGER, surface="home", model=0, trace=trace)
        return int(slate.products[0])

    assert first([0.2, 0.9], [5, 5]) == 1
    assert first([0.9, 0.2], [5, 5]) == 0
    assert first([0.5, 0.5], [0, 80]) == 1


def test_the_session_so_far_turns_the_profile_to_what_was_just_seen() -> None:
    shop = Shop()
    shop.train()
    shop.know(embeddings=EAST, seen=["prod5"])
    trace = Trace(CallLog(), 1, 0)
    before, _ = shop.engine.profile("user1", "default", trace)
    from recsim.schema.wire import SessionFeatures

    session = SessionFeatures(device="mobile", current_session_duration=60, current_session_clicks=5)
    shop.features.put_session(["user1"], [session], ttl_s=3600, now_us=0)
    after, _ = shop.engine.profile("user1", "default", trace)
    assert before.vector[0] == pytest.approx(before.vector[1])
    assert after.vector[1] == pytest.approx(2 * after.vector[0])
    assert (after.context.device, after.context.hour) == ("mobile", 0)


def test_a_context_lifts_the_categories_its_hour_and_device_want() -> None:
    table = ContextTable(["web", "mobile"], ["us"], 2)
    category, device = np.array([0, 1] * 500), np.array([0, 1] * 500)
    table.take(category, device, np.full(1_000, 9), np.full(1_000, -1))
    table.publish()
    fit = table.fit(Context("mobile", 9), np.array([0, 1, -1], np.int32))
    lift = (500 + PRIOR / 2) / (500 + PRIOR) / 0.5
    assert fit == pytest.approx([(2 - lift) / (3 - lift), lift / (1 + lift), 0.5])
    assert table.fit(Context("tv", None, "mars"), np.array([0, 1], np.int32)).tolist() == [0.5, 0.5]


def test_a_trend_halves_with_every_half_life_whatever_the_order() -> None:
    early, late = Trending(2, 1.0), Trending(2, 1.0)
    events = [
        (np.array([0]), np.array([0]), np.array([8.0])),
        (np.array([1]), np.array([2 * HOUR_US]), np.array([3.0])),
    ]
    for event in events:
        early.take(*event)
    for event in reversed(events):
        late.take(*event)
    assert early.scores(3 * HOUR_US).tolist() == [1.0, 1.5]
    assert late.scores(3 * HOUR_US) == pytest.approx([1.0, 1.5])
    early.take(np.array([0]), np.array([5_000 * HOUR_US]), np.array([1.0]))
    assert early.scores(5_000 * HOUR_US).tolist() == [1.0, 0.0]


class TestApis:
    def post(self, shop: Shop, route: str, tenant: str = "default", **body: Any) -> Response:
        request = Request(1, route, "", 0, body, "user1", tenant)
        return apis(shop.catalogue, shop.engine)[route].answer(request, Trace(CallLog(), 1, 0))

    def test_top_n_takes_a_vector_a_product_or_the_caller(self) -> None:
        shop = shop_with_habits()
        shop.know(embeddings=WEST, seen=[])
        for body in ({"vector": [0.0, 2.0]}, {"product_id": "prod4"}, {}):
            answer = self.post(shop, TOP_N_ROUTE, n=4, **body)
            assert {row["product_id"] for row in answer.body["results"]} == {"prod4", "prod5", "prod6", "prod7"}
        assert (answer.body["model"], answer.body["index"]) == (3, "Flat")

    def test_rerank_orders_candidates_and_shows_the_features(self) -> None:
        candidates = [{"product_id": "prod1", "affinity": 0.2}, {"product_id": "prod5", "affinity": 0.8}]
        answer = self.post(shop_with_habits(), RERANK_ROUTE, candidates=candidates, k=2)
        assert [row["product_id"] for row in answer.body["results"]] == ["prod5", "prod1"]
        assert set(answer.body["results"][0]["features"]) == set(FEATURES)
        soft = self.post(
            shop_with_habits(), RERANK_ROUTE, candidates=candidates, k=1, policy="softmax", temperature=1.0
        )
        assert soft.body["policy"] == "softmax/1 t=1"
        assert 0 < soft.body["results"][0]["propensity"] < 1

    @pytest.mark.parametrize(
        ("route", "body", "status", "outcome"),
        [
            (TOP_N_ROUTE, {"n": 0}, 400, "bad-n"),
            (TOP_N_ROUTE, {"n": True}, 400, "bad-n"),
            (TOP_N_ROUTE, {"vector": [1.0]}, 400, "bad-vector"),
            (TOP_N_ROUTE, {"vector": [1.0, float("nan")]}, 400, "bad-vector"),
            (TOP_N_ROUTE, {"vector": [1.0, 0.0], "product_id": "prod1"}, 400, "bad-product_id"),
            (TOP_N_ROUTE, {"user_id": "user2"}, 400, "bad-user_id"),
            (TOP_N_ROUTE, {"product_id": "prod99"}, 404, "no-product"),
            (TOP_N_ROUTE, {"product_id": "prod9"}, 404, "no-vector"),
            (RERANK_ROUTE, {"candidates": []}, 400, "bad-candidates"),
            (RERANK_ROUTE, {"candidates": [{"product_id": "prod1"}] * 2}, 400, "bad-candidates"),
            (RERANK_ROUTE, {"candidates": [{"product_id": "prod99"}]}, 404, "no-product"),
            (RERANK_ROUTE, {"candidates": [{"product_id": "prod1"}], "policy": "best"}, 400, "bad-policy"),
            (RERANK_ROUTE, {"candidates": [{"product_id": "prod1"}], "weights": {"magic": 1.0}}, 400, "bad-weights"),
            (RERANK_ROUTE, {"candidates": [{"product_id": "prod1"}], "temperature": 0.0}, 400, "bad-temperature"),
        ],
    )
    def test_a_body_that_is_none_is_refused(self, route: str, body: dict[str, Any], status: int, outcome: str) -> None:
        with pytest.raises(Refused) as refusal:
            self.post(shop_with_habits(), route, **body)
        assert (refusal.value.status, refusal.value.outcome) == (status, outcome)

    def test_before_a_model_serves_top_n_says_so(self) -> None:
        with pytest.raises(Refused, match="no-model"):
            self.post(Shop(), TOP_N_ROUTE)

    def test_another_tenants_product_is_as_good_as_unknown(self) -> None:
        shop = shop_with_habits(tenants=("even", "odd"))
        with pytest.raises(Refused, match="no-product"):
            self.post(shop, RERANK_ROUTE, "odd", candidates=[{"product_id": "prod2"}])


def test_cold_products_come_as_content() -> None:
    shop = shop_with_habits()
    cold = np.zeros(10, np.bool_)
    cold[2] = True
    shop.retrieval.swap(replace(shop.retrieval.publication, cold=cold))
    shop.know(embeddings=EAST, seen=[])
    slate = shop.ask("/v1/home").slate
    sources = dict(zip(slate.products.tolist(), (SOURCES[code] for code in slate.sources), strict=True))
    assert sources[2] == "content"
    assert sources[0] == "model"
    assert len(VECTORS) == 10


def test_an_untouched_product_gets_the_vector_its_words_and_category_predict() -> None:
    kinds = ["lamp" if n % 2 else "boot" for n in range(60)]
    table = pa.table(
        {
            "name": [f"{kind} no {n}" for n, kind in enumerate(kinds)],
            "brand": pa.nulls(60, pa.string()),
            "category": [["shop", f"{kind}s"] for kind in kinds],
        }
    )
    trained = np.array([WEST if n % 2 else EAST for n in range(60)], np.float32)
    trained[50:] = 0
    filled, cold = ContentMap.of(table).fill(trained)
    assert cold.tolist() == [False] * 50 + [True] * 10
    assert (filled[:50] == trained[:50]).all()
    assert filled[50:52] == pytest.approx(np.array([EAST, WEST]), abs=0.1)
    assert not ContentMap.of(table).fill(np.zeros((60, 2), np.float32))[1].any()
