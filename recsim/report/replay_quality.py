"""The quality part of a replay: by day, by week where a log is long, and the sentence that sums it up."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt

from recsim.report import charts, words
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.drawing import Chart
from recsim.report.runfiles import Row, Run, distinct, figure, rows, word

EVERYWHERE = ("all", "overall", "")
MOST_DAYS = 14
"""A longer log is told by week: single days of few requests say little, and a hundred of them hide the rest."""
MOST_METRICS = 6
MOST_SURFACES = 6
TOLD = {"recall": "of what users chose next", "hit": "of the requests with something to find"}
NORMAL_95 = 1.959964


def periods(run: Run) -> list[Row]:
    """The quality rows of a run, pooled into weeks where there are more than `MOST_DAYS` days."""
    quality = [row for row in rows(run.results, "quality") if figure(row, "value") is not None]
    days = distinct(sorted(word(row, "day") for row in quality))
    if len(days) <= MOST_DAYS or not all(map(_is_date, days)):
        return quality
    start = date.fromisoformat(days[0])
    weeks: dict[tuple[str, str, str], list[Row]] = {}
    for row in quality:
        elapsed = (date.fromisoformat(word(row, "day")) - start).days // 7
        week = f"week of {start + timedelta(days=7 * elapsed)}"
        weeks.setdefault((week, word(row, "surface"), word(row, "metric")), []).append(row)
    return [pooled(key, held) for key, held in weeks.items()]


def pooled(key: tuple[str, str, str], held: list[Row]) -> Row:
    """The mean of n days weighted by their requests, w_i = requests share of a day.

    Its interval is the wider of two: the days' own, sqrt(sum (w_i h_i)^2) with half-widths h_i, and that of their
    spread, 1.96 sqrt(n / (n - 1) sum (w_i (x_i - mean))^2). A day of a single user has no width of its own.
    """
    requests = [figure(row, "requests", "users") or 0.0 for row in held]
    weights = [one / (sum(requests) or 1.0) for one in requests]
    values = [figure(row, "value") or 0.0 for row in held]
    mean = sum(weight * value for weight, value in zip(weights, values, strict=True))
    halves = [((figure(row, "high") or 0.0) - (figure(row, "low") or 0.0)) / 2 for row in held]
    own = sqrt(sum((weight * half) ** 2 for weight, half in zip(weights, halves, strict=True)))
    spread = sum((weight * (value - mean)) ** 2 for weight, value in zip(weights, values, strict=True))
    half = max(own, NORMAL_95 * sqrt(spread * len(held) / max(len(held) - 1, 1)))
    floor = min(0.0, *(figure(row, "low", "value") or 0.0 for row in held))
    day, surface, metric = key
    ends = {"value": mean, "low": max(floor, mean - half), "high": min(1.0, mean + half)}
    return {"day": day, "surface": surface, "metric": metric, **ends, "requests": sum(requests)}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def leading(run: Run) -> list[Row]:
    """The rows of the leading metric (recall before hit before the rest) over the broadest surface, in day order."""
    quality = periods(run)
    names = distinct(word(row, "metric") for row in quality)
    ranked = sorted(names, key=lambda name: (not name.startswith("recall"), not name.startswith("hit"), name))
    chosen = [row for row in quality if ranked and word(row, "metric") == ranked[0]]
    judged: dict[str, float] = {}
    for row in chosen:
        surface = word(row, "surface")
        judged[surface] = judged.get(surface, 0.0) + (figure(row, "requests", "users") or 0.0)
    broadest = min(judged, key=lambda name: (name not in EVERYWHERE, -judged[name]), default="")
    return sorted((row for row in chosen if word(row, "surface") == broadest), key=lambda row: word(row, "day"))


def sentence(run: Run) -> str:
    """The last day (or week) against the first: up, down, or not clearly different."""
    told = leading(run)
    if not told:
        return "no slate could be judged"
    first, last = told[0], told[-1]
    surface, metric, when = (word(last, key) for key in ("surface", "metric", "day"))
    what = TOLD.get(metric.split("@")[0])
    whose = "slates" if surface in EVERYWHERE else f"{surface} slates"
    written = words.percent if what else words.score
    now = written(figure(last, "value"))
    said = f"{whose} hit {now} {what} ({metric}, {when})" if what else f"{whose} reach {metric} {now} ({when})"
    if first is last:
        return said
    return f"{said}, {_change(first, last)} {written(figure(first, 'value'))} {_on(first)}"


def _on(row: Row) -> str:
    day = word(row, "day")
    return f"in the {day}" if day.startswith("week") else f"on {day}"


def _change(first: Row, last: Row) -> str:
    """How the last period stands to the first, by whether their intervals overlap."""
    (low, high), (old_low, old_high) = _ends(last), _ends(first)
    if low > old_high:
        return "up from"
    return "down from" if high < old_low else "not clearly different from"


def _ends(row: Row) -> tuple[float, float]:
    low, high, value = figure(row, "low"), figure(row, "high"), figure(row, "value") or 0.0
    return value if low is None else low, value if high is None else high


def quality_block(run: Run) -> Block | None:
    """Small charts, one a metric, a line a surface; and the table behind them."""
    quality = periods(run)
    if not quality:
        return None
    surfaces = distinct(word(row, "surface") or "all" for row in quality)[:MOST_SURFACES]
    metrics = distinct(word(row, "metric") for row in quality)
    drawn = tuple(_by_day(quality, metric, surfaces) for metric in metrics[:MOST_METRICS])
    weekly = any(word(row, "day").startswith("week") for row in quality)
    shaded = "95 % intervals" if len(surfaces) < 3 else f"the 95 % interval of {surfaces[0]}"
    note = (
        "What was served, judged against what the same users chose in the 24 hours after it; on the last day of a log "
        f"against what is left of it. Shaded: {shaded}, users resampled."
    )
    if weekly:
        note += (
            " Weeks are the means of their days weighted by requests; their intervals also hold the spread of the days."
        )
    if "utility_share" in metrics:
        note += " utility_share holds slates against the world's truth: 0 is a random slate, 1 the oracle's."
    title = "Quality by week" if weekly else "Quality by day"
    return Block(title, note, drawn, (_table(quality, metrics),))


def _table(quality: list[Row], metrics: list[str]) -> Table:
    """A row a day and surface, a column a metric with its interval."""
    held = {(word(row, "day"), word(row, "surface"), word(row, "metric")): row for row in quality}
    keys = list(dict.fromkeys(key[:2] for key in held))
    cells = []
    for key in keys:
        any_row = next(row for at, row in held.items() if at[:2] == key)
        counts = (words.count(figure(any_row, name)) for name in ("requests", "users"))
        cells.append((*key, *counts, *(words.with_interval(held.get((*key, metric), {})) for metric in metrics)))
    kinds: dict[str, Kind] = {"day": "text", "surface": "text", "requests": "number", "users": "number"}
    return table({**kinds, **dict.fromkeys(metrics, "number")}, cells, folded=len(cells) > 24)


def _by_day(quality: list[Row], metric: str, surfaces: list[str]) -> Chart:
    values = [
        {
            "day": word(row, "day").removeprefix("week of "),
            "series": word(row, "surface") or "all",
            "value": figure(row, "value"),
            "low": figure(row, "low"),
            "high": figure(row, "high"),
        }
        for row in quality
        if word(row, "metric") == metric and (word(row, "surface") or "all") in surfaces
    ]
    present = [name for name in surfaces if any(value["series"] == name for value in values)]
    return charts.by_day(values, present, metric, f"{metric} by day, a line for each of: {', '.join(present)}.")
