"""A recommender is named with its options, and its name parses back."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.errors import BadInput
from recsim.recommenders import RECOMMENDERS
from recsim.recommenders.base import Count, Share
from recsim.recommenders.named import options_of, parse, split_list


class Mine:
    def __init__(
        self,
        *,
        depth: Count = 3,
        share: Share = 0.5,
        kind: Literal["warm", "cold"] = "warm",
        loud: bool = False,
        cap: float | None = None,
    ) -> None:
        self.given = (depth, share, kind, loud, cap)


def load(name: str) -> type[Mine]:
    assert name == "mine"
    return Mine


def test_a_bare_name_has_no_options() -> None:
    named = parse("popular")
    assert (named.name, named.options, str(named)) == ("popular", (), "popular")
    assert named.build().name == "popular"


def test_options_reach_the_constructor_with_their_kinds() -> None:
    named = parse(" mine( loud=true , depth=7,kind=cold,cap=2.5)", load=load)
    assert named.build().given == (7, 0.5, "cold", True, 2.5)  # type: ignore[attr-defined]
    assert str(named) == "mine(depth=7,kind=cold,loud=true,cap=2.5)"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("populr", r'unknown recommender "populr". Did you mean "popular"\?'),
        (
            "ease(regularisation=3)",
            r'recommender "ease" has no option "regularisation". Did you mean "regularization"\?',
        ),
        ("als(factors=many)", r"als: factors=many is not a whole number; the default is 64."),
        ("als(factors=0)", r"als: factors=0 is not 1 or more."),
        ("als(alpha=nan)", r"als: alpha=nan is not a number"),
        ("als(factors)", r'als: "factors" is not an option; write als\(factors=64,'),
        ("als(factors=8", r'recommender "als\(factors=8" is not closed'),
        ("als(factors=8,factors=9)", r"gives factors twice"),
        ("markov(fade=dib)", r'markov: fade has no choice "dib". Did you mean "div"\?'),
    ],
)
def test_a_name_that_can_not_be_built_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse(text)


@given(
    st.integers(1, 10**6),
    st.floats(0, 1),
    st.sampled_from(["warm", "cold"]),
    st.booleans(),
    st.none() | st.floats(-1e9, 1e9),
)
def test_a_printed_name_parses_back(depth: int, share: float, kind: str, loud: bool, cap: float | None) -> None:
    written = "none" if cap is None else repr(cap)
    named = parse(f"mine(depth={depth},share={share!r},kind={kind},loud={str(loud).lower()},cap={written})", load=load)
    again = parse(str(named), load=load)
    assert again == named
    assert again.build().given == (depth, share, kind, loud, cap)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", RECOMMENDERS.names())
def test_every_default_of_the_table_is_allowed_where_it_is_written_out(name: str) -> None:
    options = options_of(RECOMMENDERS.load(name))
    written = ",".join(f"{option}={value.default}".replace("None", "none") for option, value in options.items())
    named = parse(f"{name}({written})".replace("True", "true").replace("False", "false"))
    assert dict(named.options) == {option: value.default for option, value in options.items()}


def test_a_list_of_names_is_cut_outside_of_brackets() -> None:
    assert split_list("popular, als(factors=8,alpha=1) ,ease") == ["popular", "als(factors=8,alpha=1)", "ease"]
