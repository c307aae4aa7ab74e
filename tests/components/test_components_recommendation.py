"""Fallbacks of the recommendation engine, its answers, and search on top of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recsim.components.base import CallLog, Refused, Request, Response, Trace
from recsim.components.catalogue import Catalogue, signals_before_any
from recsim.components.documents import documents
from recsim.components.feature_store import EmbeddedFeatureStore
from recsim.components.product_store import SqliteProductStore
from recsim.components.recommendation import RecommendationEngine
from recsim.components.reranker import RerankService
from recsim.components.retrieval import CandidateRetrieval, Publication
from recsim.components.search import SearchService
from recsim.components.search_engine import TantivyProductIndex
from recsim.components.slate import SOURCES
from recsim.recommenders.ann import ProductVectors
from recsim.recommenders.rerank import Reranker
from recsim.schema import Product, SearchResponse, arrow_schema
from recsim.schema.wire import UserFeatures

EAST, WEST = [1.0, 0.0], [0.0, 1.0]
VECTORS = np.array([EAST] * 4 + [WEST] * 4 + [[0.0, 0.0]] * 2, np.float32)
"""Products 0-3 lie east, 4-7 west, 8 and 9 are new and have no vector."""


class Shop:
    """The boxes around the engine, with ten products of two categories."""

    def __init__(self, *, tenants: tuple[str, ...] = ("default",)) -> None:
        table = pa.Table.from_pylist([product(n, tenants[n % len(tenants)]) for n in range(10)], arrow_schema(Product))
        self.catalogue = Catalogue.of(table)
        self.features, index = EmbeddedFeatureStore(), TantivyProductIndex()
        store = SqliteProductStore.from_url("sqlite:")
        store.put_many(list(documents(table)))
        index.build(enumerate(documents(table)))
        self.retrieval = CandidateRetrieval()
        reranker = Reranker({"affinity": 1.0, "relevance": 1.0}, "top-k", 1.0, 1)
        self.ranking = RerankService(reranker, self.catalogue, signals_before_any(self.catalogue))
        self.engine = RecommendationEngine(
            catalogue=self.catalogue, features=self.features, retrieval=self.retrieval, reranker=self.ranking,
            products=store, candidates=4, slate=3,
        )  # fmt: skip
        self.search = SearchService(index=index, engine=self.engine, retrieval=self.retrieval, candidates=4)

    def train(self) -> None:
        self.retrieval.swap(Publication(3, VECTORS, ProductVectors(VECTORS, choice="flat", seed=1), 0))
        popular = np.array([9, 4, 0, 1, 2, 3, 5, 6, 7, 8])
        self.ranking.signals = replace(self.ranking.signals, popular=popular)

    def know(self, *, embeddings: list[float], seen: list[str]) -> None:
        record = UserFeatures(
            embeddings=embeddings, recently_viewed=seen, preferred_categories=[], recency_score=1.0,
            click_through_rate=0.5,
        )  # fmt: skip
        self.features.put_features(["user1"], [record])

    def ask(self, route: str, tenant: str = "default", **arguments: Any) -> Response:
        service = self.search if route == "/v1/search" else self.engine
        return service.answer(Request(1, route, "", 0, arguments, "user1", tenant), Trace(CallLog(), 1, 0))

    def served(self, route: str, **arguments: Any) -> tuple[list[int], set[str]]:
        slate = self.ask(route, **arguments).slate
        assert slate is not None
        return slate.products.tolist(), {SOURCES[code] for code in slate.sources}


def product(n: int, tenant: str) -> dict[str, Any]:
    return {
        "product_id": n, "key": None, "tenant": tenant, "name": f"{'lamp' if n < 5 else 'boot'} {n}", "brand": None,
        "category": ["shop", "lamps" if n < 5 else "boots"], "description": None, "price_usd": 10.0, "quantity": 1,
        "image_count": 1, "video_count": 0, "created_at": None,
    }  # fmt: skip


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_nothing_is_served_before_anything_was_learned(shop: Shop) -> None:
    shop.know(embeddings=[], seen=["prod1"])
    assert shop.ask("/v1/home").outcome == "empty"
    assert shop.ask("/v1/home").body["results"] == []


def test_a_trained_user_gets_what_lies_near_their_vector(shop: Shop) -> None:
    shop.train()
    shop.know(embeddings=WEST, seen=[])
    assert shop.served("/v1/home") == ([4, 5, 6], {"model"})


def test_a_cold_user_is_known_by_what_they_saw_and_does_not_see_it_again(shop: Shop) -> None:
    shop.train()
    shop.know(embeddings=[], seen=["prod1", "prod0"])
    found, sources = shop.served("/v1/home")
    assert found[:2] == [2, 3]
    assert sources <= {"recent", "popular"}


def test_a_stranger_gets_what_is_popular(shop: Shop) -> None:
    shop.train()
    assert shop.served("/v1/home") == ([0, 1, 4], {"popular"})


def test_a_page_shows_its_product_and_similar_ones_without_it(shop: Shop) -> None:
    shop.train()
    answer = shop.ask("/v1/product", product_id="prod5")
    assert answer.body["product"]["product_key"] == "prod5"
    assert [row["product_key"] for row in answer.body["results"]] == ["prod4", "prod6", "prod7"]


def test_a_page_of_a_new_product_falls_back_on_its_category(shop: Shop) -> None:
    shop.train()
    found, sources = shop.served("/v1/product", product_id="prod8")
    assert found == [5, 6, 7]
    assert sources == {"category"}


@pytest.mark.parametrize("key", ["prod99", "", None, 5])
def test_a_page_of_an_unknown_product_is_refused(shop: Shop, key: object) -> None:
    with pytest.raises(Refused, match="no-product"):
        shop.ask("/v1/product", product_id=key)


def test_a_tenant_sees_only_its_own_products() -> None:
    shop = Shop(tenants=("even", "odd"))
    shop.train()
    slate = shop.ask("/v1/home", tenant="odd").slate
    assert slate is not None
    assert (slate.products % 2 == 1).all()
    with pytest.raises(Refused, match="no-product"):
        shop.ask("/v1/product", tenant="odd", product_id="prod2")
    assert shop.ask("/v1/home", tenant="nobody").outcome == "empty"


def test_search_answers_in_the_wire_record_even_before_training(shop: Shop) -> None:
    answer = shop.ask("/v1/search", q="boot")
    response = SearchResponse.model_validate(answer.body)
    assert {row.product_key for row in response.results} <= {"prod5", "prod6", "prod7", "prod8", "prod9"}
    assert response.search_metadata["total"] == 5


def test_search_merges_words_and_vectors_and_words_count(shop: Shop) -> None:
    shop.train()
    found, sources = shop.served("/v1/search", q="boot 5")
    assert found[0] == 5
    assert "keyword" in sources
    assert shop.ask("/v1/search", q="zzzzzz").outcome == "empty"


@pytest.mark.parametrize(
    "arguments", [{}, {"q": 5}, {"q": "x" * 300}, {"q": "a", "colour": "red"}, {"q": "a", "price_to": "1"}]
)
def test_a_search_that_is_none_is_refused(shop: Shop, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="bad-query"):
        shop.ask("/v1/search", **arguments)


def test_a_swap_in_the_middle_of_a_request_does_not_mix_versions(shop: Shop) -> None:
    shop.train()
    before = shop.retrieval.publication
    assert before is not None
    shop.retrieval.swap(replace(before, version=4, vectors=-VECTORS))
    found = shop.retrieval.top_n(before, np.array(EAST, np.float32), 2, source="model", trace=Trace(CallLog(), 1, 0))
    assert set(found.products.tolist()) < {0, 1, 2, 3}
