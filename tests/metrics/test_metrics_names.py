from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.errors import BadInput
from recsim.metrics import METRICS
from recsim.metrics.base import Metric, depth_of, parse


@given(st.sampled_from(METRICS.names()), st.integers(1, 10_000))
def test_a_printed_metric_parses_back(family: str, k: int) -> None:
    metric = Metric(family, k)
    assert parse(str(metric)) == metric


def test_the_reciprocal_rank_needs_no_depth() -> None:
    assert parse("mrr") == Metric("mrr", None)
    assert str(parse("mrr")) == "mrr"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ncdg@20", 'unknown metric "ncdg". Did you mean "ndcg"?'),
        ("", 'unknown metric "".'),
        ("recall", 'metric "recall" needs a depth; write for example recall@20.'),
        ("recall@", 'metric "recall@" has no valid depth'),
        ("recall@0", "whole number from 1 to 10000"),
        ("recall@-5", "whole number from 1 to 10000"),
        ("recall@2.5", "whole number from 1 to 10000"),
        ("recall@20\n", "whole number from 1 to 10000"),
        ("recall@٣", "whole number from 1 to 10000"),
        ("recall@10001", "whole number from 1 to 10000"),
        ("recall@5@5", "whole number from 1 to 10000"),
        ("Recall@20", 'Did you mean "recall"?'),
    ],
)
def test_a_name_that_does_not_parse_is_explained(name: str, says: str) -> None:
    with pytest.raises(BadInput) as error:
        parse(name)
    assert says in str(error.value)


def test_lists_are_as_deep_as_the_deepest_metric() -> None:
    assert depth_of([parse("recall@5"), parse("ndcg@50"), parse("mrr")]) == 50
    assert depth_of([parse("mrr")]) == 20
