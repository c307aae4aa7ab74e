"""Every colour that carries meaning can be read, light and dark."""

from __future__ import annotations

import pytest

from recsim.report.theme import DARK, LIGHT, MARKS, TEXT, contrast

SCHEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def test_contrast_is_21_between_black_and_white_and_1_with_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#1f5fb4", "#1f5fb4") == 1


def test_contrast_of_a_published_grey_is_the_published_figure() -> None:
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@SCHEMES
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_text_has_a_contrast_of_at_least_four_and_a_half(palette: dict[str, str], ground: str) -> None:
    assert {
        name: contrast(palette[name], palette[ground])
        for name in TEXT
        if contrast(palette[name], palette[ground]) < 4.5
    } == {}


@SCHEMES
def test_marks_of_a_chart_have_a_contrast_of_at_least_three(palette: dict[str, str]) -> None:
    assert {
        name: contrast(palette[name], palette["paper"])
        for name in MARKS
        if contrast(palette[name], palette["paper"]) < 3
    } == {}


def test_light_and_dark_name_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()
