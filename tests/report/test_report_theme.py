"""Every colour that carries meaning can be read, light and dark."""

from __future__ import annotations

import pytest

from recsim.report.theme import DARK, LIGHT, MARKS, TEXT

SCHEMES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2: relative luminance, (L1 + .05) / (L2 + .05))."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
