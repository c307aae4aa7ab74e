"""Colours of the page, light and dark, and what each must be readable as."""

from __future__ import annotations

LIGHT = {
    "paper": "#fdfdfc",
    "panel": "#f4f5f3",
    "ink": "#1a1d21",
    "muted": "#575e68",
    "line": "#dfe1e0",
    "mark": "#8b929b",
    "s1": "#1f5fb4",
    "s2": "#b3500c",
    "s3": "#0d7a68",
    "s4": "#7a44b0",
    "s5": "#a82d64",
    "s6": "#63700a",
    "soft1": "#5a8fd6",
    "good": "#136b3a",
    "bad": "#b3261e",
    "warn": "#8a5300",
}
DARK = {
    "paper": "#15181b",
    "panel": "#1e2226",
    "ink": "#e9ebec",
    "muted": "#a3abb4",
    "line": "#333940",
    "mark": "#7f8892",
    "s1": "#7cb0f4",
    "s2": "#f0a15c",
    "s3": "#57c7b2",
    "s4": "#c3a0f2",
    "s5": "#f08fb8",
    "s6": "#c3cf5e",
    "soft1": "#4d7fc0",
    "good": "#6fd39a",
    "bad": "#ff9186",
    "warn": "#eab663",
}

TEXT = ("ink", "muted", "s1", "s2", "s3", "s4", "s5", "s6", "good", "bad", "warn")
"""Colours that text is set in: they need a contrast of 4.5 on paper and on panels (WCAG 2.2, 1.4.3)."""

MARKS = ("mark", "soft1", *TEXT)
"""Colours that carry meaning in a chart: they need a contrast of 3 (WCAG 2.2, 1.4.11)."""

SERIES = tuple(f"var(--s{number})" for number in range(1, 7))
"""Colours of the series of a chart, in order."""


def variables(palette: dict[str, str]) -> str:
    """The palette as CSS custom properties."""
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())
