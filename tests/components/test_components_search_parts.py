"""Facets, snippets, suggestions and the feed of reviews."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import SHELF, document, found

from recsim.components.search_engine import TantivyProductIndex
from recsim.components.search_facets import PRICE_RANGES, facet, lowest_price, price_bin
from recsim.components.search_feed import SearchFeed
from recsim.components.search_request import Filters
from recsim.components.search_snippets import CLOSE, LONGEST, OPEN, snippet
from recsim.components.suggestions import Suggestions


@given(st.integers(1, 10**9).map(lambda cents: cents / 100))
def test_a_price_lies_between_the_round_prices_of_its_bin(price: float) -> None:
    number = price_bin(price)
    assert lowest_price(number) <= price * (1 + 1e-9)
    assert price <= lowest_price(number + 1) * (1 + 1e-9)


@given(st.lists(st.integers(1, 10**7).map(lambda cents: cents / 100), min_size=1, max_size=200))
def test_price_ranges_count_every_result_once_and_adapt(prices: list[float]) -> None:
    bins: dict[str | int, int] = {}
    for price in prices:
        bins[price_bin(price)] = bins.get(price_bin(price), 0) + 1
    lines = facet("price", {"price_bin": bins}, Filters())
    assert sum(line.count for line in lines) == len(prices)
    assert len(lines) <= PRICE_RANGES
    assert all(line.low is not None and line.high is not None and line.low <= line.high for line in lines)


def test_a_selected_brand_is_shown_however_rare() -> None:
    counts = {"brand": {f"b{n}": 100 - n for n in range(40)}}
    lines = facet("brand", counts, Filters(brands=("b39", "gone")))
    assert [(line.value, line.count) for line in lines if line.selected] == [("b39", 61), ("gone", 0)]
    assert lines[0].value == "b0"


def test_a_snippet_marks_stems_escapes_and_cuts_at_words() -> None:
    assert snippet(["Red <b> shoes"], {"shoe"}) == "Red &lt;b&gt; <em>shoes</em>"
    long = "word " * 60 + "running shoes " + "word " * 60
    cut = snippet(["shoes", long], {"run", "shoe"})
    assert cut is not None
    assert "<em>running</em> <em>shoes</em>" in cut
    assert cut[0] == cut[-1] == "…"
    assert snippet(["nothing"], {"shoe"}) is None


@given(st.text(max_size=400), st.sets(st.text(max_size=5), max_size=3))
def test_a_snippet_is_short_and_marks_in_pairs(text: str, stems: set[str]) -> None:
    found_ = snippet([text], stems)
    if found_ is not None:
        assert found_.count(OPEN) == found_.count(CLOSE) > 0
        assert len(found_) <= 6 * (LONGEST + 60) + 9 * found_.count(OPEN)


def test_suggestions_are_the_heaviest_that_go_on_from_what_was_typed() -> None:
    suggestions = Suggestions()
    suggestions.add([("Red shoes", 5), ("red shirts", 7), ("red", 1), ("sneakers", 3)], tenant="a")
    assert suggestions.complete("Red sh", 2, tenant="a") == ["red shirts", "red shoes"]
    assert suggestions.complete("blue sne", 2, tenant="a") == ["blue sneakers"]
    assert suggestions.complete("red ", 9, tenant="a") == ["red shirts", "red shoes"]
    assert suggestions.complete("red", 9, tenant="b") == []
    assert suggestions.complete("  ", 9, tenant="a") == []


def test_a_review_is_searchable_after_the_next_batch_and_its_stars_count() -> None:
    index = TantivyProductIndex()
    index.build(enumerate(SHELF))
    feed = SearchFeed(index)
    feed.add(1, "squeaks terribly", 1.0)
    feed.add(1, "wonderful", 5.0)
    assert (found(index, "squeaks"), feed.waiting()) == ([], [1])
    assert feed.flush([(1, SHELF[1]), (2, SHELF[2])]) == 1
    assert (found(index, "squeaks"), feed.waiting()) == ([1], [])
    assert found(index, "wonderful", stars_from=2.5) == [1]
    assert found(index, "wonderful", stars_from=3.5) == []
    assert index.count() == len(SHELF)


def test_a_flush_that_fails_keeps_the_review_waiting() -> None:
    class Down(TantivyProductIndex):
        def update(self, documents: object) -> None:
            raise RuntimeError("down")

    feed = SearchFeed(Down())
    feed.add(0, "fine", 4.0)
    with pytest.raises(RuntimeError, match="down"):
        feed.flush([(0, document("lamp"))])
    assert feed.waiting() == [0]
