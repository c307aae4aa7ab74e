"""Charts of a certificate: a statistic of two worlds side by side, and how recommenders change places."""

from __future__ import annotations

from collections.abc import Sequence

from recsim.report.charts import SHAPES, Values
from recsim.report.drawing import Chart, Spec
from recsim.report.theme import SERIES

SIDES = ["real", "synthetic"]


def _side(marks: Sequence[str]) -> Spec:
    return {"field": "side", "type": "nominal", "scale": {"domain": SIDES, "range": list(marks[:2])}}


def beside(values: Values, names: Sequence[str], title: str, alt: str, *, log: bool) -> Chart:
    """A line and dots a side over the figures of a statistic. Values: at, side, value."""
    x: Spec = {
        "field": "at",
        "type": "ordinal",
        "sort": list(names),
        "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 8},
    }
    y: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"type": "log"} if log else {"zero": True},
        "axis": {"format": "~g"},
    }
    colour = _side(SERIES)
    layers: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": y, "color": colour}},
        {
            "mark": {"type": "point", "size": 40},
            "encoding": {"x": x, "y": y, "color": colour, "shape": _side(SHAPES)},
        },
    ]
    return Chart({"data": {"values": values}, "layer": layers, "height": 170}, alt, title, small=True)


def slope(values: Values, title: str, alt: str) -> Chart:
    """A line a recommender from its score on the real world to that on the synthetic one."""
    x: Spec = {"field": "side", "type": "ordinal", "sort": SIDES, "axis": {"labelAngle": 0}, "scale": {"padding": 0.1}}
    y: Spec = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": "~g"}}
    line: Spec = {
        "mark": {"type": "line", "strokeWidth": 2, "color": "var(--s1)", "opacity": 0.7},
        "encoding": {"x": x, "y": y, "detail": {"field": "recommender"}},
    }
    dot: Spec = {"mark": {"type": "point", "color": "var(--s1)", "size": 40}, "encoding": {"x": x, "y": y}}
    label: Spec = {
        "transform": [{"filter": "datum.side == 'synthetic'"}],
        "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 10},
        "encoding": {"x": x, "y": y, "text": {"field": "recommender"}},
    }
    return Chart({"data": {"values": values}, "layer": [line, dot, label], "height": 260}, alt, title, small=True)
