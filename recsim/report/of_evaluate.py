"""An evaluation: which recommender leads, whether the lead is real, and every score with its interval."""

from __future__ import annotations

from dataclasses import replace

from recsim.report import charts, words
from recsim.report import of_evaluate_tables as more
from recsim.report.answer import Headline, SmallTable, Summary
from recsim.report.blocks import Block, Kind, Table, table, without
from recsim.report.drawing import Chart
from recsim.report.runfiles import Row, Run, distinct, figure, part, rows, word

EVERYONE = ("all", "everyone", "")
ORACLE = "oracle"
ANSWERED_SHARE = 0.95
"""A recommender that answers fewer of the users is named in the verdict."""
MOST_METRICS = 6


def summary(run: Run) -> Summary:
    """What an evaluation answers: the leader of the first metric and whether its interval clears the runner-up's."""
    scores = _overall(run)
    metric = _first_metric(scores)
    return Summary(
        title=f"evaluate world {word(run.results, 'world') or 'unnamed'}",
        verdict=f"{_verdict(run, scores, metric)}{_unanswered(run)}{more.leaks(run)}.",
        headlines=tuple(_headlines(run, scores, metric)),
        tables=tuple(
            small
            for small in (_board(scores), more.small_differences(run), more.small_as_tools(run), _cost_table(run))
            if small.rows
        ),
    )


def blocks(run: Run) -> list[Block]:
    """Leaderboard, share of the oracle, scores by segment, cost, split: those of them the run holds."""
    found = [
        _leaderboard(run), more.differences(run), _oracle(run), more.seeds(run), more.tasks(run), _segments(run),
        more.as_tools(run), more.leakage(run), more.ledger(run), _cost(run), _split(run),
    ]  # fmt: skip
    return [block for block in found if block is not None]


def _scores(run: Run) -> list[Row]:
    return [row for row in rows(run.results, "scores") if figure(row, "value") is not None]


def _overall(run: Run) -> list[Row]:
    return [row for row in _scores(run) if word(row, "segment") in EVERYONE]


def _first_metric(scores: list[Row]) -> str:
    metrics = distinct(word(row, "metric") for row in scores)
    return metrics[0] if metrics else ""


def _ranked(scores: list[Row], metric: str) -> list[Row]:
    """The rows of one metric, best first, names breaking ties."""
    chosen = [row for row in scores if word(row, "metric") == metric]
    return sorted(chosen, key=lambda row: (-(figure(row, "value") or 0.0), word(row, "recommender")))


def _contenders(scores: list[Row], metric: str) -> list[Row]:
    return [row for row in _ranked(scores, metric) if word(row, "recommender") != ORACLE]


def _verdict(run: Run, scores: list[Row], metric: str) -> str:
    ranked = _contenders(scores, metric)
    if not ranked:
        return "No recommender was scored"
    best, name = ranked[0], word(ranked[0], "recommender")
    share = figure(best, "share_of_oracle")
    reached = words.with_interval(best) + (f", {words.percent(share)} of the oracle's" if share is not None else "")
    if len(ranked) == 1:
        return f"{name} reaches {metric} {reached}; nothing was compared with it"
    return f"{name} leads on {metric}: {reached}{_lead(run, best, ranked[1])}{_disagreement(scores, metric, name)}"


def _unanswered(run: Run) -> str:
    """Recommenders that left many users without a list: those users score 0, which a mean alone would hide."""
    found = [row for row in rows(run.results, "lists") if (figure(row, "answered_share") or 0.0) < ANSWERED_SHARE]
    if not found:
        return ""
    shares = [figure(row, "answered_share") or 0.0 for row in found]
    up_to = "up to " if max(shares) > min(shares) else ""
    names = ", ".join(word(row, "recommender") for row in found)
    lack = f"{'has' if len(found) == 1 else 'have'} no list for {up_to}{words.percent(1 - min(shares))} of the users"
    return f"; {names} {lack}"


def _lead(run: Run, best: Row, second: Row) -> str:
    """How the leader stands to the runner-up: by their paired test, else by their 95 % intervals."""
    name = f"{word(second, 'recommender')} ({words.score(figure(second, 'value'))})"
    paired = _paired(run, best, second)
    if paired is not None:
        p = more.p_value(figure(paired, "p_holm"))
        told = p if p.startswith("<") else f"= {p}"
        if (figure(paired, "p_holm") or 0.0) < more.ALPHA:
            return f", clearly ahead of {name}: paired p {told} after Holm"
        seen = words.score(figure(paired, "smallest"))
        return (
            f", but not clearly ahead of {name}: paired p {told} after Holm, and these users show no less than {seen}"
        )
    low, high = figure(best, "low"), figure(second, "high")
    if low is None or high is None:
        return f", ahead of {name}; without intervals nothing says whether the lead is real"
    if low > high:
        return f", clearly ahead of {name}: their 95 % intervals do not overlap"
    return f", but not clearly ahead of {name}: their 95 % intervals overlap"


def _paired(run: Run, best: Row, second: Row) -> Row | None:
    names, metric = [word(best, "recommender"), word(second, "recommender")], word(best, "metric")
    for row in rows(run.results, "differences"):
        if word(row, "metric") == metric and [word(row, "first"), word(row, "second")] == names:
            return row
    return None


def _disagreement(scores: list[Row], metric: str, leader: str) -> str:
    others = [name for name in distinct(word(row, "metric") for row in scores) if name != metric]
    against = {name: word(_contenders(scores, name)[0], "recommender") for name in others if _contenders(scores, name)}
    told = [f"{name} prefers {best}" for name, best in against.items() if best != leader]
    return f"; {', '.join(told)}" if told else ""


def _headlines(run: Run, scores: list[Row], metric: str) -> list[Headline]:
    lines = []
    for row in _contenders(scores, metric)[:2]:
        interval = words.score_interval(figure(row, "low"), figure(row, "high"))
        label = f"{metric}, {word(row, 'recommender')}"
        lines.append(Headline(label, words.score(figure(row, "value")), "measured", interval))
    split = part(run.results, "split")
    users = figure(split, "users") or max((figure(row, "users") or 0 for row in scores), default=0)
    if users:
        kind, cases = word(split, "kind", "method", "name"), figure(split, "cases") or users
        told = f"{words.count(cases)} questions; " if cases > users else ""
        lines.append(
            Headline("users judged", words.count(users), "measured", told + (f"split: {kind}" if kind else ""))
        )
    return lines


def _board(scores: list[Row]) -> SmallTable:
    metrics = distinct(word(row, "metric") for row in scores)[:4]
    first = metrics[0] if metrics else ""
    value = {(word(row, "recommender"), word(row, "metric")): figure(row, "value") for row in scores}
    lines = [
        (
            word(row, "recommender"),
            words.score(figure(row, "value")),
            words.score_interval(figure(row, "low"), figure(row, "high")),
            *(words.score(value.get((word(row, "recommender"), name))) for name in metrics[1:]),
        )
        for row in _ranked(scores, first)
    ]
    columns = ("recommender", first, "95 % interval", *metrics[1:])
    return SmallTable("Leaderboard", columns, tuple(lines), frozenset({1, *range(3, len(columns))}))


def _timed(run: Run) -> list[Row]:
    return rows(run.measured, "recommenders")


def _cost_table(run: Run) -> SmallTable:
    lines = tuple(
        (
            word(row, "recommender", "name"),
            words.decimal(figure(row, "fit_cpu_s")),
            words.decimal(figure(row, "recommend_cpu_s")),
        )
        for row in _timed(run)
    )
    return SmallTable("CPU seconds, measured", ("recommender", "fit", "recommend"), lines, frozenset({1, 2}))


def _leaderboard(run: Run) -> Block | None:
    scores = _overall(run)
    metrics = distinct(word(row, "metric") for row in scores)
    if not metrics:
        return None
    columns = _score_table(scores, metrics)
    drawn = tuple(_dots(scores, metric) for metric in metrics[:MOST_METRICS])
    note = "Each dot a mean over users, each line its 95 % interval; best first. The scale starts where the scores do."
    return Block("Leaderboard", note, drawn, (columns,))


def _score_table(scores: list[Row], metrics: list[str], *, segments: bool = False) -> Table:
    """A row a recommender (of a segment), best of the first metric first; a column a metric with its interval."""
    held = {(word(row, "segment"), word(row, "recommender"), word(row, "metric")): row for row in scores}
    ranked = [row for metric in metrics for row in _ranked(scores, metric)]
    order = distinct(word(row, "segment") for row in scores)
    keys = list(dict.fromkeys((word(row, "segment"), word(row, "recommender")) for row in ranked))
    keys.sort(key=lambda key: order.index(key[0]))
    most = {key: max(figure(row, "users") or 0 for at, row in held.items() if at[:2] == key) for key in keys}
    cells = [
        (*key, words.count(most[key]), *(words.with_interval(held.get((*key, metric), {})) for metric in metrics))
        for key in keys
    ]
    kinds: dict[str, Kind] = {"segment": "text", "recommender": "text", "users": "number"}
    whole = table({**kinds, **dict.fromkeys(metrics, "number")}, cells, folded=len(cells) > 40)
    return replace(whole, group=0) if segments else without(whole, "segment")


def _dots(scores: list[Row], metric: str) -> Chart:
    ranked = _ranked(scores, metric)
    values = [
        {
            "row": word(row, "recommender"),
            "value": figure(row, "value"),
            "low": figure(row, "low"),
            "high": figure(row, "high"),
            "text": words.score(figure(row, "value")),
        }
        for row in ranked
    ]
    order = ", ".join(f"{value['row']} {value['text']}" for value in values)
    return charts.dot_whisker(values, metric, f"{metric}, best first: {order}.")


def _oracle(run: Run) -> Block | None:
    scores = [row for row in _overall(run) if figure(row, "share_of_oracle") is not None]
    scores = [row for row in scores if word(row, "recommender") != ORACLE]
    if not scores:
        return None
    drawn, cells = [], []
    for metric in distinct(word(row, "metric") for row in scores)[:MOST_METRICS]:
        values = [
            {"row": word(row, "recommender"), "value": share, "text": words.percent(share)}
            for row in _ranked(scores, metric)
            if (share := figure(row, "share_of_oracle")) is not None
        ]
        cells += [(metric, str(value["row"]), str(value["text"])) for value in values]
        alt = f"Share of the oracle's {metric} each recommender reaches."
        drawn.append(charts.bars(values, f"{metric}, share of the oracle's", alt, small=True, shares=True))
    note = "The oracle ranks by the world's true affinities: the most any recommender could reach on these users."
    columns = table({"metric": "text", "recommender": "text", "of the oracle": "number"}, cells, folded=True)
    return Block("Share of what was possible", note, tuple(drawn), (columns,))


def _segments(run: Run) -> Block | None:
    scores = [row for row in _scores(run) if word(row, "segment") not in EVERYONE]
    if not scores:
        return None
    columns = _score_table(scores, distinct(word(row, "metric") for row in scores), segments=True)
    told = " ".join(more.notes(run))
    note = "The same scores over parts of the users, and over parts of the products they were to find."
    return Block("By segment", f"{note} {told}".strip(), (), (replace(columns, folded=len(columns.rows) > 40),))


def _cost(run: Run) -> Block | None:
    """CPU and memory of each recommender, and how many users it had a list for."""
    answered = {word(row, "recommender"): row for row in rows(run.results, "lists")}
    timed = {word(row, "recommender"): row for row in rows(run.measured, "recommenders")}
    cells = []
    for name in distinct([*answered, *timed]):
        took, lists = timed.get(name, {}), answered.get(name, {})
        cells.append(
            (
                name,
                *(words.decimal(figure(took, key)) for key in ("fit_cpu_s", "recommend_cpu_s")),
                words.quantity(figure(took, "peak_memory_bytes"), "bytes"),
                words.percent(figure(lists, "answered_share")),
                words.count(figure(lists, "short_lists")),
            )
        )
    kinds: dict[str, Kind] = {"recommender": "text", "fit, CPU s": "number", "recommend, CPU s": "number"}
    columns = table(
        {**kinds, "peak memory so far": "number", "users with a list": "number", "short lists": "number"}, cells
    )
    note = "Times and memory measured on the machine named in the manifest, recommenders run in the order asked for."
    return Block("What it took", note, (), (columns,)) if cells else None


def _split(run: Run) -> Block | None:
    """The split and the protocol as two small tables, and what each metric means."""
    split, protocol = (_facts(part(run.results, key)) for key in ("split", "protocol"))
    formulas = [(word(row, "metric"), word(row, "formula")) for row in rows(run.results, "metrics")]
    tables = [
        table({"the split": "text", "": "number"}, split),
        table({"the protocol": "text", "": "long"}, protocol),
        table({"metric": "text", "of a user": "long"}, formulas),
    ]
    held = tuple(small for small in tables if small.rows)
    note = "What was held back from the recommenders, and how their lists were judged."
    return Block("The rules of the comparison", note, (), held) if held else None


def _facts(tree: Row) -> list[tuple[str, str]]:
    cells = []
    for key, value in tree.items():
        if isinstance(value, dict):
            cells += [(f"{key} {inner}".replace("_", " "), _plain(held)) for inner, held in value.items()]
        else:
            cells.append((key.replace("_", " "), _plain(value)))
    return cells


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return words.count(value)
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return words.quantity(value) if isinstance(value, float) else "" if value is None else str(value)
