"""Compiled code knows event types by number: the numbers are the positions in the vocabulary."""

from __future__ import annotations

from recsim.behaviour import draft
from recsim.components import arrival_kernels, stream_kernels
from recsim.schema import EVENT_TYPES


def test_the_generators_codes_are_the_positions_in_the_vocabulary() -> None:
    codes = (
        draft.VIEW, draft.CART, draft.PURCHASE, draft.UPVOTE, draft.DOWNVOTE,
        draft.SEARCH, draft.START, draft.END, draft.SUBMIT,
    )  # fmt: skip
    assert [EVENT_TYPES[code] for code in codes] == [
        "view_product", "add_to_cart", "purchase", "upvote", "downvote",
        "search_query", "session_start", "session_end", "submit_review",
    ]  # fmt: skip


def test_the_stream_processors_codes_are_the_positions_in_the_vocabulary() -> None:
    codes = (stream_kernels.VIEW, stream_kernels.CART, stream_kernels.PURCHASE, stream_kernels.SEARCH)
    assert [EVENT_TYPES[code] for code in codes] == ["view_product", "add_to_cart", "purchase", "search_query"]
    last = arrival_kernels._LAST_WITH_PRODUCT
    assert EVENT_TYPES[: last + 1] == ("view_product", "add_to_cart", "purchase")
