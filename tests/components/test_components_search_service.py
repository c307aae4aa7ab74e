"""The search service as a client meets it: pages, orders, facets, snippets, suggestions, and one tenant at a time."""

from __future__ import annotations

from typing import Any

import pytest
from test_components_recommendation import Shop

from recsim.components.base import Refused
from recsim.components.search import SUGGEST_ROUTE


@pytest.fixture
def shop() -> Shop:
    return Shop()


def keys(shop: Shop, **arguments: Any) -> list[str]:
    return [row["product_key"] for row in shop.ask("/v1/search", **arguments).body["results"]]


def test_pages_by_relevance_hold_every_hit_once(shop: Shop) -> None:
    pages = [keys(shop, q="boot", size=2, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert sorted(key for page in pages for key in page) == [f"prod{n}" for n in range(5, 10)]


def test_other_orders_are_the_indexs_own_and_page_on(shop: Shop) -> None:
    shop.train()
    found = [keys(shop, q="boot", size=2, page=page, sort="price") for page in (1, 2, 3)]
    assert found == [["prod5", "prod6"], ["prod7", "prod8"], ["prod9"]]


def test_an_answer_says_what_it_found_and_how(shop: Shop) -> None:
    metadata = shop.ask("/v1/search", q="bootz", size=3).body["search-metadata"]
    assert (metadata["total"], metadata["page"], metadata["size"], metadata["partial"]) == (5, 1, 3, False)
    assert metadata["corrections"][0]["typed"] == "bootz"
    assert "boot" in metadata["did_you_mean"]
    assert metadata["facets"]["category"][0] == {"value": "shop", "count": 5, "selected": False}
    assert metadata["highlights"]["prod5"] == "<em>boot</em> 5"
    assert set(metadata["timings"]) == {"index_us", "rank_us"}
    assert shop.ask("/v1/search", q="boot", facets=False).body["search-metadata"]["facets"] == {}


def test_filters_narrow_and_are_shown_as_selected(shop: Shop) -> None:
    body = shop.ask("/v1/search", q="boot lamp", category=["shop > boots"], price_to=10.0, in_stock=True).body
    assert body["search-metadata"]["total"] == 5
    lines = body["search-metadata"]["facets"]["category"]
    assert {line["value"]: line["selected"] for line in lines} == {
        "shop": False,
        "shop > boots": True,
        "shop > lamps": False,
    }


def test_a_search_stays_inside_its_tenant() -> None:
    shop = Shop(tenants=("even", "odd"))
    body = shop.ask("/v1/search", tenant="odd", q="boot").body
    assert {row["product_key"] for row in body["results"]} == {"prod5", "prod7", "prod9"}
    assert body["search-metadata"]["total"] == 3
    assert shop.ask("/v1/search", tenant="nobody", q="boot").outcome == "empty"


def test_suggestions_answer_on_their_own_route(shop: Shop) -> None:
    shop.search._suggestions.add([("boots for rain", 2.0), ("boot polish", 5.0)], tenant="default")
    answer = shop.search.answer(shop_request(q="boo"), trace())
    assert answer.body == {"search": "boo", "suggestions": ["boot polish", "boots for rain"]}


def shop_request(**arguments: Any) -> Any:
    from recsim.components.base import Request

    return Request(1, SUGGEST_ROUTE, "", 0, arguments, "user1", "default")


def trace() -> Any:
    from recsim.components.base import CallLog, Trace

    return Trace(CallLog(), 1, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"sort": "best"}, {"page": 0}, {"page": True}, {"size": 1000}, {"page": 9000, "size": 100}, {"in_stock": "yes"},
        {"facets": ["colour"]}, {"category": 3}, {"brand": ["x"] * 50}, {"stars_from": float("nan")},
        {"price_from": 1e13},
    ],
)  # fmt: skip
def test_what_can_not_be_asked_is_refused(shop: Shop, arguments: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="bad-"):
        shop.ask("/v1/search", q="boot", **arguments)
