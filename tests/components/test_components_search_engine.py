"""What the embedded index alone can show; what every index must do is in the contract test."""

from __future__ import annotations

import pytest
from shelf import SHELF, document, found

from recsim.components.product_index import Filters, SearchQuery
from recsim.components.search_engine import TantivyProductIndex
from recsim.errors import BadInput


@pytest.fixture(scope="module")
def index() -> TantivyProductIndex:
    made = TantivyProductIndex()
    made.build(enumerate(SHELF))
    return made


def test_filters_take_out_without_changing_scores(index: TantivyProductIndex) -> None:
    plain = index.search(SearchQuery("shoe"))
    filtered = index.search(SearchQuery("shoe", filters=Filters(categories=("city",))))
    assert filtered.scores[0] == pytest.approx(plain.scores[plain.products.tolist().index(1)], rel=0.2)
    assert (plain.total, filtered.total) == (3, 1)


def test_equal_scores_rank_by_number_and_pages_join_up() -> None:
    index = TantivyProductIndex()
    index.build((number, document("lamp")) for number in range(130))
    assert found(index, "lamp", 5) == [0, 1, 2, 3, 4]
    pages = [index.search(SearchQuery("lamp", 20, start)).products.tolist() for start in range(0, 140, 20)]
    assert [product for page in pages for product in page] == list(range(130))


def test_the_category_most_hits_are_of_comes_first() -> None:
    index = TantivyProductIndex()
    cases = [document("tablet case", None, "cases")]
    index.build(enumerate(cases + [document("tablet", None, "tablets > slim", text="x " * n) for n in range(9)]))
    assert found(index, "tablet", 1) != [0]


def test_what_is_asked_wrongly_is_refused_with_a_suggestion(index: TantivyProductIndex) -> None:
    with pytest.raises(BadInput, match=r'unknown order "prize"\. Did you mean "price"'):
        index.search(SearchQuery("shoe", sort="prize"))
    with pytest.raises(BadInput, match=r'unknown facet "brands"'):
        index.search(SearchQuery("shoe", facets=("brands",)))
    with pytest.raises(BadInput, match="at least one"):
        index.search(SearchQuery("shoe", 0))


def test_a_build_forgets_what_was_there_before(index: TantivyProductIndex) -> None:
    again = TantivyProductIndex()
    again.build(enumerate(SHELF))
    again.build([(5, document("kettle"))])
    assert (again.count(), found(again, "shoe"), found(again, "kettle")) == (1, [], [5])
