"""A comparison of finished evaluations: what differs between them, their scores, and paired differences."""

from __future__ import annotations

from recsim.report import of_evaluate_tables as tables
from recsim.report import words
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.runfiles import Run, figure, rows, word


def summary(run: Run) -> Summary:
    """Whether data, split, definitions or models moved the number."""
    runs = rows(run.results, "runs")
    moved = rows(run.results, "differences")
    significant = sum((figure(row, "p_holm") or 0) < tables.ALPHA for row in moved)
    headlines = [Headline("runs compared", words.count(len(runs)), "measured", ", ".join(_named(runs)))]
    if moved:
        headlines.append(Headline("significant pairs", f"{significant} of {len(moved)}", "measured", "after Holm"))
    small = [_what_differs(run), tables.small_differences(run)]
    return Summary(
        title=f"compare {' and '.join(_named(runs))}",
        verdict=word(run.results, "verdict"),
        headlines=tuple(headlines),
        tables=tuple(one for one in small if one.rows),
    )


def blocks(run: Run) -> list[Block]:
    """What differs, scores side by side, paired differences."""
    kinds: dict[str, Kind] = {"run": "text", "of": "text", "world": "text", "split": "text", "users": "number"}
    cells = [
        (
            word(row, "label"),
            word(row, "run"),
            word(row, "world"),
            word(row, "split"),
            words.count(figure(row, "users")),
            word(row, "leader"),
        )
        for row in rows(run.results, "runs")
    ]
    found = [Block("The runs", "", (), (table({**kinds, "leader": "text"}, cells),))]
    differs = _differs_table(run)
    note = "Data and split decide what is asked, definitions how it is counted, models who answers."
    found += [Block("What differs", note, (), (differs,))] if differs.rows else []
    board = tables.scores_side_by_side(run)
    found += [board] if board else []
    paired = tables.differences(run)
    return [*found, *([paired] if paired else [])]


def _named(runs: list[dict[str, object]]) -> list[str]:
    return [f"{word(row, 'label')} ({word(row, 'run').rstrip('/').rpartition('/')[2]})" for row in runs]


def _what_differs(run: Run) -> SmallTable:
    lines = tuple((word(row, "kind"), word(row, "what"), *_values(row, 28)) for row in rows(run.results, "differs"))
    labels = tuple(word(row, "label") for row in rows(run.results, "runs"))
    return SmallTable("What differs", ("kind", "what", *labels), lines)


def _differs_table(run: Run) -> Table:
    labels: dict[str, Kind] = {word(row, "label"): "long" for row in rows(run.results, "runs")}
    cells = [(word(row, "kind"), word(row, "what"), *_values(row, 200)) for row in rows(run.results, "differs")]
    return table({"kind": "text", "what": "text", **labels}, cells)


def _values(row: dict[str, object], longest: int) -> list[str]:
    values = row.get("values")
    texts = [str(value) for value in values] if isinstance(values, list) else []
    return [text if len(text) <= longest else text[: longest - 1] + "…" for text in texts]
