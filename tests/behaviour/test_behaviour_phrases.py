"""Texts out of banks of words."""

import numpy as np

from recsim.behaviour.phrases import Phrases


def test_a_text_is_its_words_with_spaces_between() -> None:
    phrases = Phrases(["red", "grün"], ["big"], ["hat", "teddy bear", "remotely operated vehicle"])
    assert phrases.first.tolist() == [0, 2, 3, 6]
    rows = np.array([[0, 2, 4], [-1, -1, 3], [1, -1, -1], [-1, -1, -1], [-1, 5, -1]], np.int16)
    assert phrases.join(rows).to_pylist() == ["red big teddy bear", "hat", "grün", "", "remotely operated vehicle"]


def test_no_texts_are_none() -> None:
    assert Phrases(["red"]).join(np.empty((0, 1), np.int16)).to_pylist() == []


def test_a_column_of_words_is_null_where_there_is_none() -> None:
    places = np.array([2, -1, 0, -1, -1, 1, 0, 2, -1], np.int16)
    told = ["dear", None, "red", None, None, "big", "red", "dear", None]
    assert Phrases(["red", "big", "dear"]).column(places).to_pylist() == told
