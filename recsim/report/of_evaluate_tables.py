"""Tables of an evaluation beside its leaderboard: paired differences, seeds, windows, the ledger, leakage, notes."""

from __future__ import annotations

from recsim.report import words
from recsim.report.answer import SmallTable
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.runfiles import Row, Run, distinct, figure, part, rows, word

ALPHA = 0.05
MOST_ROWS = 60
"""Rows of paired differences on the page; all are in results.json."""


def p_value(value: float | None) -> str:
    """`<.0001`, `.0123`."""
    if value is None:
        return words.NOTHING
    return "<.0001" if value < 0.0001 else words.score(value)


def signed(value: float | None) -> str:
    """`+.0123`, `−.0040`."""
    if value is None:
        return words.NOTHING
    return ("−" if value < 0 else "+") + words.score(abs(value))


def differences(run: Run) -> Block | None:
    """Every pair on every metric: the difference with its interval, the test, wins and losses, what could be seen."""
    found = rows(run.results, "differences")
    if not found:
        return None
    kinds: dict[str, Kind] = {
        "metric": "text", "first": "text", "second": "text", "difference": "number", "p, Holm": "number",
        "effect size": "number", "wins": "number", "ties": "number", "losses": "number", "smallest visible": "number",
    }  # fmt: skip
    cells = [_difference(row) for row in found[:MOST_ROWS]]
    note = (
        "First minus second, paired over users, with the 95 % interval; p of the paired test after Holm's correction; "
        "wins are users for whom the first is better. Smallest visible: the true difference these users would show in "
        "four of five experiments."
    )
    if len(found) > MOST_ROWS:
        note += f" The first {MOST_ROWS} of {len(found)}; all are in results.json."
    return Block("Is the difference real?", note, (), (table(kinds, cells, folded=len(cells) > 20),))


def _difference(row: Row) -> tuple[str, ...]:
    interval = f" [{signed(figure(row, 'low'))}, {signed(figure(row, 'high'))}]"
    return (
        word(row, "metric"),
        word(row, "first"),
        word(row, "second"),
        signed(figure(row, "difference")) + interval,
        p_value(figure(row, "p_holm")),
        f"{figure(row, 'effect_size') or 0:.3f}",
        *(words.count(figure(row, key)) for key in ("wins", "ties", "losses")),
        words.score(figure(row, "smallest")),
    )


def small_differences(run: Run) -> SmallTable:
    """The pairs of the first metric, for a terminal."""
    found = rows(run.results, "differences")
    metric = word(found[0], "metric") if found else ""
    lines = tuple(
        (
            word(row, "first"),
            word(row, "second"),
            signed(figure(row, "difference")),
            p_value(figure(row, "p_holm")),
            f"{words.count(figure(row, 'wins'))}:{words.count(figure(row, 'losses'))}",
            words.score(figure(row, "smallest")),
        )
        for row in found
        if word(row, "metric") == metric
    )
    columns = ("first", "second", "difference", "p, Holm", "wins:losses", "smallest visible")
    return SmallTable(f"Paired differences of {metric}", columns, lines, frozenset({2, 3, 4, 5}))


def seeds(run: Run) -> Block | None:
    """Whose luck the uncertainty is: the users' or the seeds'."""
    cells = [
        (
            word(row, "recommender"),
            word(row, "metric"),
            words.count(figure(row, "seeds")),
            words.score(figure(row, "mean")),
            *(f"{figure(row, key) or 0:.5f}" for key in ("users_error", "seeds_error", "both_error")),
            words.percent(figure(row, "seed_share")),
        )
        for row in rows(run.results, "seeds")
    ]
    if not cells:
        return None
    kinds: dict[str, Kind] = {
        "recommender": "text", "metric": "text", "seeds": "number", "mean": "number", "s.e. of users": "number",
        "s.e. of seeds": "number", "s.e. of both": "number", "share of seeds": "number",
    }  # fmt: skip
    note = "Standard errors of the mean by a two-way random-effects model; the share is that of the variance."
    return Block("Luck of the users, luck of the seeds", note, (), (table(kinds, cells),))


def tasks(run: Run) -> Block | None:
    """Every window or fold for itself."""
    found = rows(run.results, "tasks")
    if not found:
        return None
    scores = [score for row in found for score in rows(row, "scores")]
    metrics = distinct(word(row, "metric") for row in scores)
    kinds: dict[str, Kind] = {"task": "text", "recommender": "text", **dict.fromkeys(metrics, "number")}
    cells = []
    for row in found:
        held = {(word(one, "recommender"), word(one, "metric")): figure(one, "value") for one in rows(row, "scores")}
        cells += [
            (word(row, "task"), name, *(words.score(held.get((name, metric))) for metric in metrics))
            for name in distinct(name for name, _ in held)
        ]
    return Block(
        "Window by window" if "window" in word(found[0], "task") else "Fold by fold",
        "Every model learned anew from what lies before (or outside) each; the scores above pool all of them.",
        (),
        (table(kinds, cells, folded=len(cells) > 40),),
    )


def notes(run: Run) -> list[str]:
    """Sentences on segments that a mean hides."""
    found = []
    for row in rows(run.results, "notes"):
        value = words.score(figure(row, "value"))
        if word(row, "note") == "worst segment":
            found.append(
                f"{word(row, 'recommender')} is worst for {word(row, 'segment')}: {word(row, 'metric')} {value} "
                f"against {words.score(figure(row, 'overall'))} overall ({words.count(figure(row, 'users'))} users)."
            )
        else:
            found.append(
                f"For {word(row, 'segment')} {word(row, 'recommender')} leads clearly: {word(row, 'metric')} {value} "
                f"against {words.score(figure(row, 'leader'))} of the overall leader."
            )
    return found


def ledger(run: Run) -> Block | None:
    """Who was counted, and what was not."""
    keys = (
        "users", "answered", "unanswered", "short", "duplicates", "tied_users", "cut_ties", "without_truth", "pairs",
        "cold_pairs", "cold_users",
    )  # fmt: skip
    kinds: dict[str, Kind] = {"recommender": "text", **{key.replace("_", " "): "number" for key in keys}}
    cells = [
        (word(row, "recommender"), *(words.count(figure(row, key)) for key in keys))
        for row in rows(run.results, "lists")
    ]
    if not any(figure(row, "answered") is not None for row in rows(run.results, "lists")):
        return None
    note = (
        "Users with something to find, the denominator; unanswered users count as 0. Short lists, places dropped as "
        "duplicates, lists with tied scores (and ties cut by the end), lists for users with nothing to find; relevant "
        "pairs, and those nobody had in training."
    )
    return Block("Who was counted", note, (), (table(kinds, cells), *_imported(run)))


def _imported(run: Run) -> list[Table]:
    found = [(row, part(row, "imported")) for row in rows(run.results, "lists") if part(row, "imported")]
    cells = [(word(row, "recommender"), *(words.count(figure(facts, key)) for key in facts)) for row, facts in found]
    if not cells:
        return []
    kinds: dict[str, Kind] = {"file": "text", **{key.replace("_", " "): "number" for key in found[0][1]}}
    return [table(kinds, cells)]


def as_tools(run: Run) -> Block | None:
    """What other tools would print for the same lists."""
    found = rows(run.results, "as_tools")
    if not found:
        return None
    kinds: dict[str, Kind] = {
        "recommender": "text", "metric": "text", "ours": "number", "tool": "text", "prints": "number", "why": "long",
    }  # fmt: skip
    cells = [
        (
            word(row, "recommender"),
            word(row, "metric"),
            words.score(figure(row, "ours")),
            f"{word(row, 'tool')} {word(row, 'version')}",
            words.score(figure(row, "value")),
            word(row, "why"),
        )
        for row in found
    ]
    return Block("What other tools would print", "For the same lists and truth.", (), (table(kinds, cells),))


def small_as_tools(run: Run) -> SmallTable:
    """The same for a terminal: a row a recommender and metric, a column a tool."""
    found = rows(run.results, "as_tools")
    tools = distinct(word(row, "tool") for row in found)
    value = {(word(row, "recommender"), word(row, "metric"), word(row, "tool")): row for row in found}
    keys = list(dict.fromkeys((name, metric) for name, metric, _ in value))
    lines = tuple(
        (
            *key,
            words.score(figure(value[*key, tools[0]], "ours")),
            *(words.score(figure(value[*key, tool], "value")) for tool in tools),
        )
        for key in keys
    )
    columns = ("recommender", "metric", "ours", *tools)
    return SmallTable("What other tools would print", columns, lines, frozenset(range(2, len(columns))))


def leakage(run: Run) -> Block | None:
    """What the leakage check found, and what it could not look at."""
    tree = part(run.results, "leakage")
    if not tree:
        return None
    kinds: dict[str, Kind] = {"leak": "text", "in": "text", "count": "number", "what": "long", "examples": "long"}
    cells = [
        (
            word(row, "leak"),
            word(row, "where"),
            f"{words.count(figure(row, 'count'))} of {words.count(figure(row, 'of'))}",
            word(row, "says"),
            "; ".join(str(text) for text in row.get("examples", [])),
        )
        for row in rows(tree, "findings")
    ]
    made = tree.get("checked")
    checked = ", ".join(str(name) for name in made) if isinstance(made, list) else ""
    note = f"Checked: {checked}." + (" Nothing was found." if not cells else "")
    unchecked = [(word(row, "check"), word(row, "because")) for row in rows(tree, "unchecked")]
    found = [table(kinds, cells)] if cells else []
    if unchecked:
        found.append(table({"not checked": "text", "because": "long"}, unchecked))
    return Block("Leakage", note, (), tuple(found))


def leaks(run: Run) -> str:
    """The clause of the verdict: the kinds that were found."""
    kinds = distinct(word(row, "leak") for row in rows(part(run.results, "leakage"), "findings"))
    return f"; the leakage check found {', '.join(kinds)}" if kinds else ""


def scores_side_by_side(run: Run) -> Block | None:
    """Scores of all runs of a comparison, a row a recommender of a run."""
    found = rows(run.results, "scores")
    metrics = distinct(word(row, "metric") for row in found)
    if not metrics:
        return None
    held = {(word(row, "recommender"), word(row, "metric")): row for row in found}
    cells = [
        (name, *(words.with_interval(held.get((name, metric), {})) for metric in metrics))
        for name in distinct(word(row, "recommender") for row in found)
    ]
    return Block("Scores", "", (), (table({"recommender": "text", **dict.fromkeys(metrics, "number")}, cells),))
