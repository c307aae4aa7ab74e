"""What the keyword index finds."""

from __future__ import annotations

from typing import Any

import pytest

from recsim.components.product_index import Filters, ProductIndex

PRODUCTS = [
    ("Red running shoes", "acme", ["shoes", "sport"], 50.0, "light and fast"),
    ("Blue shoe", "zenit", ["shoes", "city"], 80.0, "for running errands"),
    ("Green hat", "acme", ["accessories", "hats"], None, "keeps the sun off your shoes"),
    ("prod4711", None, [], None, ""),
]


@pytest.fixture(scope="module")
def index() -> ProductIndex:
    found = ProductIndex()
    found.build(enumerate(document(*row) for row in PRODUCTS))
    return found


def document(name: str, brand: str | None, category: list[str], price: float | None, text: str) -> dict[str, Any]:
    return {
        "product_name": name, "brand": brand, "category": category, "price_usd": price, "product_details": text,
    }  # fmt: skip


def products(index: ProductIndex, text: str, **filters: Any) -> list[int]:
    return index.search(text, 10, filters=Filters(**filters)).products.tolist()


def test_a_name_outranks_a_description_and_words_are_stemmed(index: ProductIndex) -> None:
    assert products(index, "SHOE") == [1, 0, 2]
    assert products(index, "runs")[0] == 0


def test_brands_and_categories_are_searched_too(index: ProductIndex) -> None:
    assert set(products(index, "acme")) == {0, 2}
    assert products(index, "accessories") == [2]


def test_a_word_nobody_has_is_replaced_by_a_similar_one_and_said(index: ProductIndex) -> None:
    hits = index.search("shose", 10)
    assert set(hits.products.tolist()) == {0, 1, 2}
    assert hits.fuzzy == ["shose"]
    assert index.search("shoes", 10).fuzzy == []


def test_a_product_without_a_name_is_found_by_its_key(index: ProductIndex) -> None:
    assert products(index, "prod4711") == [3]


@pytest.mark.parametrize("text", ["", "  ", "?!", "xylophone"])
def test_what_is_not_there_is_not_found(index: ProductIndex, text: str) -> None:
    assert products(index, text) == []


def test_filters_take_out_without_changing_scores(index: ProductIndex) -> None:
    assert products(index, "shoe", category="city") == [1]
    assert products(index, "shoe", price_to_usd=60.0) == [0]
    assert products(index, "shoe", price_from_usd=60.0, price_to_usd=90.0) == [1]
    plain, filtered = index.search("shoe", 10), index.search("shoe", 10, filters=Filters(category="city"))
    assert filtered.scores[0] == pytest.approx(plain.scores[0])
    assert (plain.total, filtered.total) == (3, 1)


def test_query_syntax_is_only_text(index: ProductIndex) -> None:
    assert products(index, 'name:"(shoe AND') == products(index, "name shoe and")


def test_equal_scores_rank_by_number_and_the_list_is_cut(index: ProductIndex) -> None:
    many = ProductIndex()
    many.build((number, document("lamp", None, [], None, "")) for number in range(30))
    assert many.search("lamp", 5).products.tolist() == [0, 1, 2, 3, 4]
    assert many.search("lamp", 5).total == 30
