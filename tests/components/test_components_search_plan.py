"""How a typed query is understood: corrections, compounds, synonyms, exclusions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsim.components.search_plan import Plan, plan
from recsim.components.search_vocabulary import Vocabulary
from recsim.components.synonyms import Synonyms, learn_synonyms
from recsim.errors import BadInput

COUNTED = {
    "sneakers": 900, "sneaker": 20, "speaker": 60, "fire": 9, "stick": 8, "red": 700, "sofa": 300, "planner": 3,
    "planer": 500,
}  # fmt: skip
WORDS = Vocabulary(COUNTED.items())


def planned(text: str, *rules: str) -> Plan:
    return plan(text, WORDS, Synonyms(rules), has_phrase=lambda pair: pair == ("fire", "stick"))


@pytest.mark.parametrize("typo", ["sneakrs", "snekaers", "sneakerss", "sneajers", "anesakers"])
def test_a_typo_becomes_the_nearest_then_most_frequent_word(typo: str) -> None:
    assert planned(typo).corrections[typo][0] == "sneakers"


def test_known_words_short_words_and_model_numbers_are_left_alone() -> None:
    assert planned("red rad xj9000 sofa").corrections == {}


def test_a_compound_is_read_as_two_words_when_they_stand_together_somewhere() -> None:
    found = planned("firestick")
    assert found.clauses[0].alternatives[-1].stems == ("fire", "stick")
    assert found.suggestion == "fire stick"


def test_two_words_written_apart_are_found_joined() -> None:
    assert planned("snea kers").joined == ("sneaker",)


def test_a_rare_word_beside_a_frequent_neighbour_is_questioned_but_kept() -> None:
    found = planned("planner")
    assert (found.corrections, found.suggestion) == ({}, "planer")


def test_what_follows_without_is_excluded_until_with_or_for() -> None:
    found = planned("sofa without red cushions for sneakers")
    assert [clause.typed for clause in found.clauses] == ["sofa", "sneakers"]
    assert found.excluded == ("red", "cushion")
    assert planned("without").clauses[0].typed == "without"


def test_of_two_words_both_are_needed_of_five_three_and_light_words_none() -> None:
    assert [planned(text).needed for text in ("sofa", "red sofa", "the red sofa of fire", "a b1 c1 d1 e1 f1")] == [
        1,
        2,
        2,
        3,
    ]


def test_a_synonym_of_a_phrase_stands_for_each_of_its_words() -> None:
    found = planned("cell phone red", "cell phone, mobile")
    ways = [[way.stems for way in clause.alternatives] for clause in found.clauses]
    assert ways == [[("cell",), ("mobil",)], [("phone",), ("mobil",)], [("red",)]]
    assert [way.stems for way in planned("mobile", "cell phone, mobile").clauses[0].alternatives][1:] == [
        ("cell", "phone")
    ]


def test_an_arrow_goes_one_way() -> None:
    assert planned("tee", "tee => shirt").clauses[0].alternatives[1].weight == 0.7
    assert len(planned("red shirt", "tee => shirt").clauses[1].alternatives) == 1


@pytest.mark.parametrize("rule", ["sofa", "sofa,", "=> sofa", "a b c d, e"])
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(BadInput, match="is no synonym rule"):
        Synonyms([rule])


def test_comments_and_empty_lines_are_no_rules() -> None:
    assert len(Synonyms(["# furniture", "", "sofa, couch # both"])) == 2


QUERIES = [f"{colour} {noun}" for colour in ("red", "blue") for noun in ("couch", "sofa")]
CLICKS = [(query, product) for query in QUERIES for product in (1, 2, 3)]
COUNTS = {"couch": 1, "sofa": 300, "red": 500, "blue": 400}


def test_a_word_products_lack_learns_the_word_that_leads_to_the_same_products() -> None:
    learned = learn_synonyms(CLICKS, lambda word: COUNTS.get(word, 0))
    assert [(word, other) for word, other, _ in learned] == [("couch", "sofa")]
    assert learned[0][2] == pytest.approx(0.7)


def test_words_that_products_do_have_learn_nothing_and_neither_do_rare_ones() -> None:
    assert learn_synonyms(CLICKS, lambda word: 300) == []
    assert learn_synonyms(CLICKS[:2] + CLICKS[3:5], lambda word: COUNTS.get(word, 0)) == []


@given(st.text(max_size=80))
def test_any_text_can_be_planned(text: str) -> None:
    found = planned(text)
    assert found.needed <= max(len(found.clauses), 1)
    assert len(found.clauses) + len(found.light) + len(found.excluded) <= 16
