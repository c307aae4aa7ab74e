"""How figures are written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.report import words
from recsim.report.toml import as_toml


@pytest.mark.parametrize(
    ("value", "text"), [(0.1765, ".1765"), (1.0, "1.0000"), (0.0, ".0000"), (-0.0019, "-.0019"), (None, "–")]
)
def test_a_score_has_four_decimals_and_no_leading_zero(value: float | None, text: str) -> None:
    assert words.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123, "0.0123"), (0.5, "0.500"), (7.2, "7.20"), (12.34, "12.3"), (345.6, "346"), (1250.0, "1,250"), (0.0, "0")],
)
def test_a_decimal_has_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert words.decimal(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.123, "12.3 %"), (1.0, "100.0 %"), (0.0004, "0.04 %"), (0.0, "0.0 %")])
def test_percent_keeps_small_shares_visible(value: float, text: str) -> None:
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e9, "bytes", "1 GB"),
        (23_400_000, "", "23.4M"),
        (2345.6, "", "2,346"),
        (0.25, "", "0.25"),
        (0.0000391, "us", "3.9e-05"),
    ],
)
def test_a_quantity_is_written_in_the_scale_a_reader_expects(value: float, unit: str, text: str) -> None:
    assert words.quantity(value, unit) == text


def test_a_ratio_below_one_is_written_as_its_inverse() -> None:
    assert (words.times(1000.0), words.times(0.04), words.times(0.5)) == ("1,000×", "1/25", "1/2")


plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
scalars = plain | text
trees = st.recursive(
    st.dictionaries(keys, scalars | st.lists(scalars, max_size=3), max_size=3),
    lambda inner: st.dictionaries(keys, inner | scalars | st.lists(inner, max_size=2), max_size=3),
    max_leaves=8,
)


def _without_none(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_none(inner) for inner in value if inner is not None]
    return value


@given(trees)
def test_a_scenario_written_as_toml_reads_back_as_the_same_tree(tree: dict[str, object]) -> None:
    assert tomllib.loads(as_toml(tree)) == _without_none(tree)
