"""What every product index does: embedded, as a cluster of shards, and in OpenSearch and Elasticsearch through their
clients, against a server that evaluates the queries it is sent. The real servers are in no package
registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from search_server import Server, serving

from recsim.components.product_index import Filters, ProductIndex, SearchQuery
from recsim.components.search_cluster import Layout, SearchCluster
from recsim.components.search_engine import TantivyProductIndex
from recsim.components.synonyms import Synonyms
from recsim.errors import BadInput, ServiceUnavailable
from recsim.wiring import connect

SERVERS = {
    "opensearch 2": ("opensearch", "2.19.1"),
    "opensearch 3": ("opensearch", "3.1.0"),
    "elasticsearch": ("", "9.1.0"),
}


def document(
    name: str, brand: str | None = None, category: str = "", price: float | None = None, text: str = "", **more: Any
) -> dict[str, Any]:
    path = category.split(" > ") if category else []
    return {"product_name": name, "brand": brand, "category": path, "price_usd": price, "product_details": text, **more}


SHELF = [
    document("Red running shoes", "Acme", "shoes > sport", 50.0, "light and fast", stars=4.5, created_at=30),
    document("Blue shoe", "Zenit", "shoes > city", 80.0, "for running errands", stars=3.0, created_at=10, quantity=0),
    document("Green hat", "Acme", "accessories > hats", None, "keeps the sun off your shoes", stars=4.0),
    document("prod4711"),
    document("Fire stick", "Acme", "garden > grill", 20.0, stars=2.0, created_at=20),
    document("Wall lamp with cord", "Lux", "home > lamps", 35.0, tenant="other"),
    document("Wall lamp", "Lux", "home > lamps", 30.0, "a lamp that needs no plug"),
    document("Desk lamp without shade", "Lux", "home > lamps", 25.0, review_text="gorgeous glow"),
]
"""By product number."""


@pytest.fixture(scope="module", params=["embedded", "cluster", *SERVERS])
def index(request: pytest.FixtureRequest) -> Iterator[ProductIndex]:
    if request.param in SERVERS:
        with serving(*SERVERS[request.param]) as (_, port):
            yield built(connect("index", f"{request.param.split()[0]}://127.0.0.1:{port}/products"))
    else:
        made = TantivyProductIndex() if request.param == "embedded" else SearchCluster(Layout(shards=3))
        yield built(made)


def built(index: ProductIndex) -> ProductIndex:
    index.build(enumerate(SHELF))
    return index


def found(
    index: ProductIndex, text: str, n: int = 10, *, tenant: str | None = None, sort: str = "relevance", **filters: Any
) -> list[int]:
    return index.search(SearchQuery(text, n, 0, Filters(**filters), tenant, sort)).products.tolist()


def test_a_name_outranks_a_description_and_words_are_stemmed(index: ProductIndex) -> None:
    assert set(found(index, "SHOE")) == {0, 1, 2}
    assert found(index, "SHOE")[-1] == 2
    assert found(index, "runs")[0] == 0


def test_brands_categories_and_reviews_are_searched_too(index: ProductIndex) -> None:
    assert set(found(index, "acme")) == {0, 2, 4}
    assert found(index, "accessories") == [2]
    assert found(index, "gorgeous") == [7]


def test_a_word_nobody_has_is_replaced_by_a_similar_one_and_said(index: ProductIndex) -> None:
    hits = index.search(SearchQuery("red shose"))
    assert hits.products[0] == 0
    assert hits.corrections["shose"][0] in {"shoes", "shoe"}
    assert hits.suggestion is not None
    assert index.search(SearchQuery("red shoes")).corrections == {}


def test_a_compound_is_found_as_two_words(index: ProductIndex) -> None:
    assert found(index, "firestick") == [4]


def test_a_product_without_a_name_is_found_by_its_key(index: ProductIndex) -> None:
    assert found(index, "prod4711") == [3]


@pytest.mark.parametrize("text", ["", "  ", "?!", "xylophone"])
def test_what_is_not_there_is_not_found(index: ProductIndex, text: str) -> None:
    assert found(index, text) == []


def test_query_syntax_is_only_text(index: ProductIndex) -> None:
    assert found(index, 'name:"(red AND') == found(index, "name red and")


def test_both_of_two_words_are_needed_where_a_product_has_both(index: ProductIndex) -> None:
    assert found(index, "red shoes") == [0]
    assert set(found(index, "red hat")) == {0, 2}


def test_what_follows_without_counts_against_a_name(index: ProductIndex) -> None:
    assert found(index, "wall lamp without cord")[0] == 6
    assert found(index, "lamp without shade")[0] == 7


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"categories": ("city",)}, {1}),
        ({"categories": ("shoes > sport", "accessories")}, {0, 2}),
        ({"brands": ("Acme", "nobody")}, {0, 2}),
        ({"price_to_usd": 60.0}, {0}),
        ({"price_from_usd": 50.0, "price_to_usd": 80.0}, {0, 1}),
        ({"stars_from": 4.0}, {0, 2}),
        ({"in_stock": True}, {0, 2}),
    ],
)
def test_filters(index: ProductIndex, filters: dict[str, Any], expected: set[int]) -> None:
    assert set(found(index, "shoe", **filters)) == expected


def test_filters_alone_find_all_that_passes_them(index: ProductIndex) -> None:
    assert set(found(index, "", brands=("Lux",))) == {5, 6, 7}


def test_a_tenant_sees_its_own_products_and_words(index: ProductIndex) -> None:
    assert found(index, "lamp", tenant="other") == [5]
    assert set(found(index, "lamp", tenant="default")) == {6, 7}
    assert found(index, "shoe", tenant="other") == []
    assert "cord" not in index.vocabulary("default")
    assert index.search(SearchQuery("corrd", tenant="default")).corrections == {}
    assert sum(line.count for line in facets(index, "lamp", tenant="other")["brand"]) == 1


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("price", [0, 1, 2]), ("price-desc", [1, 0, 2]), ("rating", [0, 2, 1]), ("newest", [0, 1, 2])],
)
def test_orders_and_what_lacks_a_value_comes_last(index: ProductIndex, sort: str, expected: list[int]) -> None:
    assert found(index, "shoes", sort=sort) == expected


def facets(index: ProductIndex, text: str, tenant: str | None = None, **filters: Any) -> Any:
    query = SearchQuery(text, 5, 0, Filters(**filters), tenant, "relevance", ("category", "brand", "price", "stars"))
    return index.search(query).facets


def test_facets_count_the_results(index: ProductIndex) -> None:
    counted = facets(index, "shoe")
    assert [(line.value, line.count) for line in counted["category"]] == [("shoes", 2), ("accessories", 1)]
    assert [(line.value, line.count) for line in counted["brand"]] == [("Acme", 2), ("Zenit", 1)]
    assert [(line.value, line.count) for line in counted["stars"]] == [("4+", 2), ("3+", 3), ("2+", 3), ("1+", 3)]
    assert [(line.low, line.count) for line in counted["price"]] == [(50.0, 1), (80.0, 1)]


def test_a_facets_own_filter_does_not_narrow_it_but_the_others_do(index: ProductIndex) -> None:
    counted = facets(index, "shoe", brands=("Zenit",), stars_from=3.0)
    assert [(line.value, line.count, line.selected) for line in counted["brand"]] == [
        ("Acme", 2, False),
        ("Zenit", 1, True),
    ]
    assert [(line.value, line.count) for line in counted["category"]] == [("shoes", 1)]
    assert [line.selected for line in counted["stars"]] == [False, True, False, False]


def test_below_a_selected_category_the_next_level_is_counted(index: ProductIndex) -> None:
    counted = facets(index, "shoe", categories=("shoes",))
    lines = {line.value: (line.count, line.selected) for line in counted["category"]}
    assert lines == {
        "shoes": (2, True),
        "accessories": (1, False),
        "shoes > city": (1, False),
        "shoes > sport": (1, False),
    }


def test_a_price_range_finds_what_it_counted(index: ProductIndex) -> None:
    for line in facets(index, "shoe")["price"]:
        assert len(found(index, "shoe", price_from_usd=line.low, price_to_usd=line.high)) == line.count


def test_synonyms_are_used_once_learned(index: ProductIndex) -> None:
    assert found(index, "sneakers") == []
    index.learn(Synonyms(["sneakers, running shoes", "sconce => wall lamp"]))
    assert found(index, "red sneakers")[0] == 0
    assert set(found(index, "sconce")) == {5, 6}
    index.learn(Synonyms())
    assert found(index, "sneakers") == []


def test_pages_join_up_to_the_whole(index: ProductIndex) -> None:
    whole = index.search(SearchQuery("shoe lamp hat", 10)).products.tolist()
    pages = [index.search(SearchQuery("shoe lamp hat", 2, start)).products.tolist() for start in range(0, 10, 2)]
    assert [product for page in pages for product in page] == whole
    assert index.search(SearchQuery("shoe lamp hat", 2, 4)).total == len(whole)


def test_an_update_replaces_and_adds(index: ProductIndex) -> None:
    index.update([(4, document("Kettle", "Acme")), (8, document("Second kettle"))])
    assert (set(found(index, "kettle")), found(index, "stick")) == ({4, 8}, [])
    assert index.count() == 9
    built(index)
    assert (found(index, "kettle"), found(index, "stick"), index.count()) == ([], [4], 8)


@pytest.mark.parametrize("text", ["shoe", "red running shoes", "wall lamp without cord", "lamp glow", "acme fire"])
def test_the_order_is_that_of_the_embedded_index(index: ProductIndex, text: str) -> None:
    assert found(index, text) == found(built(TantivyProductIndex()), text)


def test_a_shard_that_fails_makes_the_answer_partial() -> None:
    with serving("opensearch", "3.1.0") as (server, port):
        remote = built(connect("index", f"opensearch://127.0.0.1:{port}/products"))
        assert not remote.search(SearchQuery("shoe")).partial
        _break(server)
        assert remote.search(SearchQuery("shoe")).partial


def _break(server: Server) -> None:
    server.broken = True


@pytest.mark.parametrize("product", ["opensearch", "elasticsearch"])
def test_a_server_that_does_not_answer_is_named(product: str) -> None:
    with pytest.raises(ServiceUnavailable, match=rf"no search server answers at {product}://127.0.0.1:9/products"):
        connect("index", f"{product}://127.0.0.1:9/products")


@pytest.mark.parametrize(
    "url", ["opensearch://", "opensearch://host:9200", "opensearch://host:9200/a/b", "opensearch://host/Up"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="is not the URL of an index"):
        connect("index", url)
