"""From a Vega-Lite specification to inline SVG that follows the page's colours and fits two widths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import vl_convert

Spec = dict[str, Any]

WIDE_PX = 760
NARROW_PX = 340
"""Widths a chart is drawn for: a desktop column, and a phone (or one cell of a grid of small charts)."""

FONT = "Liberation Sans"
"""Bundled with vl-convert, so text is measured alike on every machine; its widths are those of Arial and Helvetica."""

VL_VERSION = "5.20"

CONFIG: Spec = {
    "aria": False,
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "grid": True,
        "gridColor": "var(--line)",
        "labelColor": "var(--muted)",
        "labelFontSize": 12,
        "labelPadding": 6,
        "titleColor": "var(--muted)",
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisY": {"labelLimit": 220},
    "axisDiscrete": {"grid": False, "labelColor": "var(--ink)", "title": None},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelColor": "var(--ink)",
        "labelFontSize": 12,
        "symbolSize": 70,
        "symbolOpacity": 1,
        "offset": 6,
        "columns": 4,
    },
    "axisQuantitative": {"tickCount": 5},
    "text": {"fontSize": 12, "color": "var(--ink)"},
    "point": {"filled": True, "opacity": 1, "size": 70},
    "rule": {"color": "var(--mark)", "strokeWidth": 2},
    "bar": {"color": "var(--s1)"},
}


@dataclass(frozen=True)
class Chart:
    """A specification without a width, and the sentence a screen reader hears in its place."""

    spec: Spec
    alt: str
    title: str = ""
    small: bool = False
    """A cell of a grid of charts: drawn once, at the narrow width."""


@dataclass(frozen=True)
class Drawing:
    """SVG for each width (one where the chart is small), made unique on its page by `name`."""

    chart: Chart
    narrow: str
    wide: str = ""


def draw(chart: Chart, name: str, *, two_widths: bool = True) -> Drawing:
    """Render a chart; the same chart and name give the same bytes."""
    if chart.small:
        return Drawing(chart, _svg(chart.spec, NARROW_PX, f"{name}n"))
    wide = _svg(chart.spec, WIDE_PX, f"{name}w")
    return Drawing(chart, _svg(chart.spec, NARROW_PX, f"{name}n") if two_widths else "", wide)


def _svg(spec: Spec, width_px: int, name: str) -> str:
    autosize = {"type": "fit-x", "contains": "padding"}
    config = CONFIG if width_px == WIDE_PX else {**CONFIG, "axisY": {"labelLimit": 118}}
    full = {**spec, "width": width_px, "autosize": autosize, "config": config, "padding": 4}
    return _inline(vl_convert.vegalite_to_svg(full, vl_version=VL_VERSION), name)


_NOISE = (
    *("class", "version", "role", "aria-hidden", "aria-label", "aria-roledescription", "pointer-events"),
    *("stroke-miterlimit", "font-family", "font-size", "width", "height"),
)
"""Attributes of Vega's SVG that an inline drawing does without: the page's style sheet sets the font."""

_LONG = re.compile(r"-?\d+\.\d{3,}")

_DEFAULTS = {"opacity": "1", "font-weight": "normal", "transform": "translate(0,0)", "stroke-width": "1"}


def _inline(svg: str, name: str) -> str:
    """Vega's SVG without its namespaces, empty groups and defaults, its ids made the page's own.

    Vega numbers clip paths through the whole life of the process: they are numbered anew, in order of appearance.
    """
    root = ElementTree.fromstring(re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg))  # noqa: S314 - our own renderer's text
    _tidy(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True).replace(" />", "/>")
    ids = list(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text)))
    for number, old in enumerate(ids):
        text = re.sub(rf'(id="|url\(#){re.escape(old)}(?=["\)])', rf"\g<1>{name}{number}", text)
    return text


def _tidy(element: Element) -> None:
    if element.tag in ("defs", "clipPath"):
        return
    for attribute in [*_NOISE, *(key for key, default in _DEFAULTS.items() if element.get(key) == default)]:
        if not (element.tag == "rect" and attribute in ("width", "height")):
            element.attrib.pop(attribute, None)
    for attribute in ("d", "transform", "x", "y", "x2", "y2"):
        if attribute in element.attrib:
            element.attrib[attribute] = _LONG.sub(_short, element.attrib[attribute])
    kept: list[Element] = []
    for child in element:
        _tidy(child)
        bare_group = child.tag == "g" and not child.attrib
        invisible = child.tag == "path" and not ({"fill", "stroke"} & child.attrib.keys() and child.get("d"))
        empty_group = child.tag == "g" and not len(child)
        if not invisible and not empty_group:
            kept.extend(child if bare_group else [child])
    for child in list(element):
        element.remove(child)
    element.extend(kept)


def _short(found: re.Match[str]) -> str:
    """A coordinate to a hundredth of a pixel."""
    return f"{float(found.group()):.2f}".rstrip("0").rstrip(".")
