"""A fidelity certificate: the ladder, real beside synthetic for every statistic, and the ranking of recommenders."""

from __future__ import annotations

from recsim.report import charts, words
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, table
from recsim.report.drawing import Chart
from recsim.report.fidelity_charts import beside, slope
from recsim.report.runfiles import Row, Run, figure, part, rows, word

MOST_CHARTS = 18
VERDICTS = {True: "✓ pass", False: "✗ fail", None: "n/a"}


def summary(run: Run) -> Summary:
    """The ladder on one screen."""
    rungs = rows(run.results, "rungs")
    climbed = [rung for rung in rungs if rung.get("passed") is not None]
    passing = [rung for rung in climbed if rung["passed"]]
    failing = ", ".join(f"{word(rung, 'name')} {word(rung, 'title')}" for rung in climbed if not rung["passed"])
    verdict = f"{len(passing)} of {len(climbed)} rungs that can be judged pass"
    verdict += f"; not {failing}." if failing else "."
    return Summary(
        title=f"certificate of {word(run.results, 'world')} against {_against(run)}",
        verdict=verdict,
        headlines=tuple(_headlines(rungs)),
        tables=(
            SmallTable(
                "The ladder",
                ("rung", "", "verdict", "what was found"),
                tuple((word(r, "name"), word(r, "title"), _verdict(r), word(r, "answer")) for r in rungs),
            ),
            *_worst(run),
        ),
    )


def blocks(run: Run) -> list[Block]:
    """Ladder, statistics, ranking agreement, detectability, sizes: those of them the run holds."""
    found = [_ladder(run), *_checks(run), _agreement(run), _detection(run), _sizes(run)]
    return [block for block in found if block is not None]


def _against(run: Run) -> str:
    named = run.results.get("against")
    return ", ".join(str(one) for one in named) if isinstance(named, list) else ""


def _verdict(row: Row) -> str:
    passed = row.get("passed")
    return VERDICTS[passed if isinstance(passed, bool) else None]


def _headlines(rungs: list[Row]) -> list[Headline]:
    lines = []
    for rung in rungs:
        tau = part(part(rung, "tau"), "recall")
        if word(rung, "name") == "L4" and tau:
            interval = words.score_interval(figure(tau, "low"), figure(tau, "high"))
            lines.append(Headline("Kendall tau, recall", words.score(figure(tau, "value")), "measured", interval))
        if figure(rung, "auc") is not None:
            null = f"null {words.score(figure(rung, 'null_auc'))}"
            lines.append(Headline("AUC, real or synthetic", words.score(figure(rung, "auc")), "measured", null))
    return lines


def _judged(run: Run) -> list[Row]:
    return [row for row in rows(run.results, "checks") if row.get("passed") is not None]


def _worst(run: Run) -> list[SmallTable]:
    ranked = sorted(_judged(run), key=lambda row: -(figure(row, "error") or 0.0) / (figure(row, "tolerance") or 1.0))
    cells = [
        (word(row, "statistic"), word(row, "rung"), _verdict(row), words.percent(figure(row, "error")), _figures(row))
        for row in ranked[:8]
    ]
    columns = ("statistic", "rung", "verdict", "error", "real → synthetic, worst figure")
    return [SmallTable("Farthest off", columns, tuple(cells), frozenset({3}))] if cells else []


def _figures(row: Row) -> str:
    """The figure of a check that is farthest off, on both sides."""
    errors = part(row, "errors")
    name = max(errors, key=lambda key: errors[key], default="")
    real, made = (figure(part(row, side), name) for side in ("real", "synthetic"))
    return "" if real is None else f"{name} {words.quantity(real)} → {words.quantity(made)}"


def _ladder(run: Run) -> Block:
    cells = [(word(r, "name"), word(r, "title"), _verdict(r), word(r, "answer")) for r in rows(run.results, "rungs")]
    whole = table({"rung": "text", "of": "text", "verdict": "verdict", "what was found": "long"}, cells)
    return Block("The ladder", f"Against {_against(run)}. What can't be judged says why.", (), (whole,))


def _checks(run: Run) -> list[Block]:
    found = []
    for rung, title in (("L1", "Marginals, real beside synthetic"), ("L2", "Joint structure, real beside synthetic")):
        mine = [row for row in rows(run.results, "checks") if word(row, "rung") == rung]
        if not mine:
            continue
        judged = [row for row in mine if row.get("passed") is not None]
        drawn = tuple(_chart(row) for row in judged[:MOST_CHARTS] if len(_shared(row)) > 1)
        cells = [
            (
                word(row, "statistic"), _verdict(row), words.percent(figure(row, "error")),
                words.percent(figure(row, "tolerance")), _all(row), word(row, "reason", "source"),
                word(row, "evidence") if row.get("passed") is not None else "",
            )
            for row in mine
        ]  # fmt: skip
        whole = table(
            {
                "statistic": "text", "verdict": "verdict", "error": "number", "allowed": "number",
                "real → synthetic": "long", "source, or why not": "short", "evidence": "tag",
            },
            cells,
        )  # fmt: skip
        note = "Errors are log ratios, the largest of a statistic's figures; of shares of a whole, the total variation."
        found.append(Block(title, note, drawn, (whole,)))
    return found


def _shared(row: Row) -> list[str]:
    real, made = part(row, "real"), part(row, "synthetic")
    return [name for name in real if name in made and name not in ("mean", "sd")]


def _all(row: Row) -> str:
    real, made = part(row, "real"), part(row, "synthetic")
    names = [name for name in real if name in made][:8]
    return ", ".join(f"{name} {words.quantity(real[name])} → {words.quantity(made[name])}" for name in names)


def _chart(row: Row) -> Chart:
    names = _shared(row)
    values = [
        {"at": name, "side": side, "value": part(row, side)[name]} for side in ("real", "synthetic") for name in names
    ]
    log = word(row, "form") in ("counts", "values") and all(value["value"] > 0 for value in values)
    title = f"{words.spoken(word(row, 'statistic'))}, {word(row, 'unit')}"
    return beside(values, names, title, f"{title}: {_all(row)}.", log=log)


def _rung(run: Run, name: str) -> Row:
    return next((rung for rung in rows(run.results, "rungs") if word(rung, "name") == name), {})


def _agreement(run: Run) -> Block | None:
    rung = _rung(run, "L4")
    scored = rows(rung, "recommenders")
    if not scored:
        return None
    drawn = tuple(
        slope(
            [
                {"recommender": word(row, "recommender"), "side": side, "value": figure(row, f"{side}_{metric}")}
                for row in scored
                for side in ("real", "synthetic")
            ],
            f"{metric}, real and synthetic",
            f"{metric} of each recommender on both worlds; lines that cross are disagreements.",
        )
        for metric in ("recall", "mrr")
    )
    cells = [
        (
            word(row, "recommender"),
            *(_interval(row, f"{side}_{m}") for m in ("recall", "mrr") for side in ("real", "synthetic")),
        )
        for row in scored
    ]
    board = table(
        {
            "recommender": "text", "recall, real": "number", "recall, synthetic": "number",
            "mrr, real": "number", "mrr, synthetic": "number",
        },
        cells,
    )  # fmt: skip
    note = (
        "Every next view of the test sessions is asked for. Intervals and tau's come from resampling test sessions; a "
        "pair is certain where one leads in 95 % of the resamples of both worlds."
    )
    return Block("Ranking agreement", note, drawn, (board, _taus(rung)))


def _interval(row: Row, key: str) -> str:
    interval = words.score_interval(figure(row, f"{key}_low"), figure(row, f"{key}_high"))
    return f"{words.score(figure(row, key))} {interval}"


def _taus(rung: Row):  # type: ignore[no-untyped-def]  # noqa: ANN202
    named = [("synthetic and real", one) for one in (part(part(rung, "tau"), m) for m in ("recall", "mrr"))]
    named += [(word(one, "of"), one) for one in rows(rung, "ceilings")]
    cells = [
        (
            label, word(one, "metric"), words.score(figure(one, "value")),
            words.score_interval(figure(one, "low"), figure(one, "high")),
            f"{words.count(figure(one, 'certain'))} of {words.count(figure(one, 'pairs'))}",
            words.score(figure(one, "certain_tau")),
            "; ".join(" / ".join(pair) for pair in one.get("swaps") or []),
        )
        for label, one in named
    ]  # fmt: skip
    return table(
        {
            "worlds": "text", "by": "text", "tau": "number", "95 % interval": "number", "certain pairs": "number",
            "tau of those": "number", "certain disagreements": "long",
        },
        cells,
    )  # fmt: skip


def _detection(run: Run) -> Block | None:
    rung = _rung(run, "L3")
    importance = part(rung, "importance")
    if not importance:
        return None
    ranked = sorted(importance, key=lambda name: -importance[name])
    values = [
        {"row": words.spoken(name), "value": max(importance[name], 0.0), "text": words.score(importance[name])}
        for name in ranked
    ]
    drawn = charts.bars(
        values, "loss of AUC when shuffled", "What tells synthetic sessions from real ones.", small=True
    )
    cells = [(words.spoken(name), words.score(importance[name])) for name in ranked]
    note = f"{word(rung, 'answer')}. Sessions a side: {words.count(figure(rung, 'sessions'))}; 5-fold cross-validation."
    return Block("Detectability", note, (drawn,), (table({"feature": "text", "loss of AUC": "number"}, cells),))


def _sizes(run: Run) -> Block | None:
    found = rows(_rung(run, "L6"), "sizes")
    if not found:
        return None
    cells = [(word(row, "size"), word(row, "statistic"), words.percent(figure(row, "error"))) for row in found]
    whole = table({"size": "text", "statistic": "text", "error": "number"}, cells, folded=True)
    return Block("Invariance of size", word(_rung(run, "L6"), "answer"), (), (whole,))
