"""Texts out of banks of words."""

import numpy as np

from recsim.behaviour.phrases import Phrases


def test_a_text_is_its_words_with_spaces_between() -> None:
    phrases = Phrases(["red", "grün"], ["big"], ["hat", "teddy bear"])
    first, second, third = np.array([0, -1, 1, -1]), np.array([0, -1, -1, -1]), np.array([1, 0, -1, -1])
    assert phrases.join(first, second, third).to_pylist() == ["red big teddy bear", "hat", "grün", ""]


def test_no_texts_are_none() -> None:
    assert Phrases(["red"]).join(np.empty(0, np.int64)).to_pylist() == []
