"""The shapes of chart a report uses, as Vega-Lite: dots for comparisons, lines for days, bars for parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from recsim.report.drawing import Chart, Spec
from recsim.report.theme import SERIES

Values = list[dict[str, Any]]
ROW_PX = 26
SHAPES = ["circle", "square", "diamond", "triangle-up", "cross", "triangle-down"]


def quantiles(values: Values, names: Sequence[str], unit: str, alt: str) -> Chart:
    """A dot a quantile on a log scale, `text` at the last. Values: row, quantile, value, text."""
    low = [value for value in values if value["quantile"] == names[0]]
    high = {value["row"]: value for value in values if value["quantile"] == names[-1]}
    spans = [{**value, "high": high[value["row"]]["value"]} for value in low if value["row"] in high]
    y = _rows([value["row"] for value in low])
    scale = {"type": "log", "nice": False, "padding": 12}
    axis = {"values": _decades([value["value"] for value in values])}
    x = {"field": "value", "type": "quantitative", "scale": scale, "title": f"{unit}, log scale", "axis": axis}
    colours = ["var(--soft1)", "var(--s1)", "var(--s2)"][: len(names)]
    layers: list[Spec] = [
        {"data": {"values": spans}, "mark": "rule", "encoding": {"y": y, "x": x, "x2": {"field": "high"}}},
        {
            "data": {"values": values},
            "mark": "point",
            "encoding": {
                "y": y,
                "x": x,
                "color": _series("quantile", names, colours),
                "shape": {**_series("quantile", names, SHAPES[: len(names)])},
            },
        },
        {
            "data": {"values": list(high.values())},
            "mark": {"type": "text", "align": "left", "dx": 10},
            "encoding": {"y": y, "x": x, "text": {"field": "text"}},
        },
    ]
    return Chart({"layer": layers, "height": {"step": ROW_PX}}, alt)


def by_day(values: Values, series: Sequence[str], title: str, alt: str) -> Chart:
    """A line a series over the days with its interval. Values: day, series, value, low, high."""
    days = list(dict.fromkeys(value["day"] for value in values))
    x = {
        "field": "day",
        "type": "ordinal",
        "sort": days,
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 14},
    }
    y = {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": True}, "axis": {"format": "~g"}}
    colour = _series("series", series, list(SERIES[: len(series)]))
    shape = _series("series", series, SHAPES[: len(series)])
    offset = {"xOffset": {"field": "series", "type": "nominal"}} if len(days) == 1 else {}
    banded = [value for value in values if len(series) < 3 or len(days) == 1 or value["series"] == series[0]]
    whisker: Spec = {
        "data": {"values": banded},
        "mark": "rule" if len(days) == 1 else {"type": "area", "opacity": 0.16},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour, **offset},
    }
    line: Spec = {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": y, "color": colour}}
    dot: Spec = {"type": "point", "size": 60 if len(days) < 8 else 28}
    point: Spec = {"mark": dot, "encoding": {"x": x, "y": y, "color": colour, "shape": shape, **offset}}
    layers = [whisker, point] if len(days) == 1 else [whisker, line, point]
    return Chart({"data": {"values": values}, "layer": layers, "height": 170}, alt, title, small=True)


def dot_whisker(values: Values, title: str, alt: str, *, zero: bool = False) -> Chart:
    """A dot with its interval a row, best first. Values: row, value, low, high, text."""
    y = _rows([value["row"] for value in values])
    x = {"type": "quantitative", "title": None, "scale": {"zero": zero, "padding": 20}, "axis": {"format": "~g"}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": "var(--s1)", "strokeWidth": 3, "opacity": 0.45},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "color": "var(--s1)", "size": 28},
            "encoding": {"y": y, "x": {**x, "field": "value"}},
        },
        {
            "mark": {"type": "text", "align": "center", "dy": -10, "fill": "var(--muted)"},
            "encoding": {"y": y, "x": {**x, "field": "value"}, "text": {"field": "text"}},
        },
    ]
    return Chart({"data": {"values": values}, "layer": layers, "height": {"step": 34}}, alt, title, small=True)


def bars(values: Values, title: str, alt: str, *, small: bool = False, shares: bool = False) -> Chart:
    """A bar a row from zero with its figure, and its interval where known. Values: row, value, text[, low, high]."""
    y = _rows([value["row"] for value in values])
    most = max((max(value["value"], value.get("high") or 0) for value in values), default=1) or 1
    scale = {"domain": [0, most * 1.32], "nice": False}
    label = "format(datum.value, '.0%')" if shares else "replace(upper(format(datum.value, '~s')), 'G', 'B')"
    axis = {"labelExpr": label}
    x = {"field": "value", "type": "quantitative", "title": None, "scale": scale, "axis": axis}
    ranged = [value for value in values if value.get("low") is not None and value.get("high") is not None]
    ends = [{**value, "end": max(value["value"], value.get("high") or 0)} for value in values]
    layers: list[Spec] = [
        {"mark": {"type": "bar", "height": 14}, "encoding": {"y": y, "x": x}},
        {
            "data": {"values": ranged},
            "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.5},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
        {
            "data": {"values": ends},
            "mark": {"type": "text", "align": "left", "dx": 6},
            "encoding": {"y": y, "x": {**x, "field": "end"}, "text": {"field": "text"}},
        },
    ]
    return Chart({"data": {"values": values}, "layer": layers, "height": {"step": ROW_PX}}, alt, title, small=small)


def ratios(values: Values, series: Sequence[str], title: str, alt: str) -> Chart:
    """Dots with their interval on a log scale of ratios, 1 in the middle. Values: row, series, ratio, low, high."""
    y = _rows(list(dict.fromkeys(value["row"] for value in values)))
    reached = [value.get(key) or value["ratio"] for value in values for key in ("ratio", "low", "high")]
    furthest = max([2.0, *(max(ratio, 1 / ratio) for ratio in reached)])
    scale = {"type": "log", "domain": [1 / furthest, furthest], "nice": False, "padding": 10}
    label = "datum.value < 1 ? '1/' + format(1 / datum.value, '~s') : format(datum.value, '~s') + '×'"
    axis = {"labelExpr": label, "values": _decades([1 / furthest, furthest])[1:-1] if furthest >= 10 else [0.5, 1, 2]}
    x = {"field": "ratio", "type": "quantitative", "title": title, "scale": scale, "axis": axis}
    colour = _series("series", series, list(SERIES[: len(series)]))
    many = {"yOffset": {"field": "series", "type": "nominal", "sort": list(series)}} if len(series) > 1 else {}
    layers: list[Spec] = [
        {"data": {"values": [{}]}, "mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {"x": {"datum": 1}}},
        {
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": colour, **many},
        },
        {
            "mark": {"type": "point", "size": 50},
            "encoding": {"y": y, "x": x, "color": colour, "shape": _series("series", series, SHAPES), **many},
        },
    ]
    return Chart(
        {
            "data": {"values": values},
            "layer": layers,
            "height": {"step": 17, "for": "offset"} if many else {"step": ROW_PX},
        },
        alt,
    )


def tornado(values: Values, title: str, alt: str) -> Chart:
    """How far the answer moves when one input goes to its low and its high end. Values: row, end, change (a share)."""
    y = _rows(list(dict.fromkeys(value["row"] for value in values)))
    axis = {"format": "+.0%"}
    x = {"field": "change", "type": "quantitative", "title": None, "axis": axis, "scale": {"padding": 40}}
    colour = _series("end", ["input at its low end", "input at its high end"], ["var(--s1)", "var(--s2)"])
    layers: list[Spec] = [
        {"mark": {"type": "bar", "height": 13}, "encoding": {"y": y, "x": x, "color": colour}},
        {
            "transform": [{"filter": "datum.change >= 0"}],
            "mark": {"type": "text", "align": "left", "dx": 5},
            "encoding": {"y": y, "x": x, "text": {"field": "text"}},
        },
        {
            "transform": [{"filter": "datum.change < 0"}],
            "mark": {"type": "text", "align": "right", "dx": -5},
            "encoding": {"y": y, "x": x, "text": {"field": "text"}},
        },
        {"data": {"values": [{}]}, "mark": {"type": "rule", "strokeWidth": 1}, "encoding": {"x": {"datum": 0}}},
    ]
    return Chart({"data": {"values": values}, "layer": layers, "height": {"step": ROW_PX}}, alt, title)


def _decades(values: Sequence[float]) -> list[float]:
    """Powers of ten from below the least value to above the greatest."""
    exponents = [math.log10(value) for value in values]
    return [10.0**exponent for exponent in range(math.floor(min(exponents)), math.ceil(max(exponents)) + 1)]


def _rows(names: list[str]) -> Spec:
    return {"field": "row", "type": "nominal", "sort": names}


def _series(field: str, names: Sequence[str], marks: Sequence[str]) -> Spec:
    legend = {} if len(names) > 1 else {"legend": None}
    scale = {"domain": list(names), "range": list(marks)[: len(names)]}
    return {"field": field, "type": "nominal", "scale": scale, **legend}
