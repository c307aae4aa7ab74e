"""The closed loop of a replay: what came of the slates that users looked at, and an A/B under common random numbers."""

from __future__ import annotations

from recsim.report import charts, words
from recsim.report.blocks import Block, Kind, Table, table
from recsim.report.drawing import Chart
from recsim.report.runfiles import Row, Run, figure, part, rows, word

STEPS = ("clicks", "carts", "orders")
SPOKEN = {"clicks_per_user": "clicks a user", "carts_per_user": "carts a user", "orders_per_user": "orders a user"}
MOST_RANKS = 12


def loop_block(run: Run) -> Block | None:
    """Choices that went to slates and to organic demand, and impressions by rank and surface with what came of them."""
    loop = part(run.results, "loop")
    ranks = rows(loop, "ranks")
    if not ranks:
        return None
    note = (
        f"Each slate was looked at with probability {words.decimal(figure(loop, 'adoption'))}; then one logit decided "
        "between its products and the page of the view that the log holds there. Ranks show what the position and the "
        "ranking are worth together: products of the first ranks fit better and are examined more."
    )
    return Block("Closed loop", note, (_clicks_by_rank(ranks),), (_totals(loop), _by_rank(ranks), _by_surface(loop)))


def ab_block(run: Run) -> Block | None:
    """Both arms, what differs, and what common random numbers saved."""
    ab = part(run.results, "ab")
    compared = rows(ab, "rows")
    if not compared:
        return None
    changed = part(ab, "changed")
    said = ", ".join(f"{key} {was} → {now}" for key, (was, now) in changed.items()) or "nothing: an A/A"
    users = words.count(figure(compared[0], "users"))
    note = (
        f"Arm B differs from A in {said}. {users} users, each met in both arms with the same random numbers; "
        "intervals are of the paired difference B - A, 95 %."
    )
    if all(not figure(row, "users_that_differ") for row in compared):
        note += " No user differs: the difference is exactly 0."
    else:
        note += (
            " The variance ratio says how many times as many users the same interval would take with independent "
            "numbers; it was measured by playing arm B once more with others, its interval by resampling users."
        )
    return Block("A/B", note, (_differences(compared),), (_arms(rows(ab, "arms")), _compared(compared)))


def _clicks_by_rank(ranks: list[Row]) -> Chart:
    values = [
        {"row": f"rank {word(row, 'rank')}", "value": share, "text": words.percent(share)}
        for row in ranks[:MOST_RANKS]
        if (share := _share(row)) is not None
    ]
    alt = "Clicks an impression by rank."
    return charts.bars(values, "clicks an impression, by rank", alt, small=True, shares=True)


def _share(row: Row) -> float | None:
    seen = figure(row, "impressions")
    return (figure(row, "clicks") or 0.0) / seen if seen else None


def _totals(loop: Row) -> Table:
    names = {
        "requests_served": "slates served", "requests_looked_at": "slates looked at",
        "choices": "choices with a slate in view", "organic": "of which for organic demand",
        "clicks": "of which for a slate (adopted)", "carts": "carts of those", "orders": "orders of those",
        "changed_events": "views, carts and purchases that differ from the log",
    }  # fmt: skip
    cells = [
        (spoken, words.count(figure(loop, name))) for name, spoken in names.items() if figure(loop, name) is not None
    ]
    return table({"loop": "text", "count": "number"}, cells)


def _by_rank(ranks: list[Row]) -> Table:
    cells = [
        (
            word(row, "rank"), words.count(figure(row, "impressions")), words.score(figure(row, "mean_propensity")),
            *(words.count(figure(row, name)) for name in STEPS), words.percent(_share(row)),
        )
        for row in ranks
    ]  # fmt: skip
    kinds: dict[str, Kind] = dict.fromkeys(
        ["rank", "impressions", "mean propensity", *STEPS, "clicks an impression"], "number"
    )
    return table(kinds, cells, folded=len(cells) > MOST_RANKS)


def _by_surface(loop: Row) -> Table:
    cells = [
        (
            words.spoken(word(row, "surface")),
            *(words.count(figure(row, name)) for name in ("requests_looked_at", *STEPS)),
        )
        for row in rows(loop, "surfaces")
    ]
    kinds: dict[str, Kind] = {"surface": "text", "slates looked at": "number"}
    return table({**kinds, **dict.fromkeys(STEPS, "number")}, cells)


def _differences(compared: list[Row]) -> Chart:
    values = [
        {
            "row": SPOKEN.get(word(row, "metric"), word(row, "metric")), "value": figure(row, "difference"),
            "low": figure(row, "low"), "high": figure(row, "high"), "text": _signed(figure(row, "difference")),
        }
        for row in compared
    ]  # fmt: skip
    alt = "Difference of arm B from arm A a user, with 95 % intervals."
    return charts.dot_whisker(values, "B - A a user, 95 % interval", alt, zero=True)


def _arms(arms: list[Row]) -> Table:
    names = ("users", "requests_looked_at", "choices", "organic", *STEPS)
    cells = [(word(arm, "arm"), *(words.count(figure(arm, name)) for name in names)) for arm in arms]
    kinds: dict[str, Kind] = {"arm": "text"}
    return table({**kinds, **{words.spoken(name): "number" for name in names}}, cells)


def _compared(compared: list[Row]) -> Table:
    cells = [
        (
            SPOKEN.get(word(row, "metric"), word(row, "metric")), words.score(figure(row, "a")),
            words.score(figure(row, "b")), _signed(figure(row, "difference")),
            f"[{_signed(figure(row, 'low'))}, {_signed(figure(row, 'high'))}]", _ratio(row),
            words.count(figure(row, "users_that_differ")),
        )
        for row in compared
    ]  # fmt: skip
    numbers = ["A", "B", "B - A", "95 % interval", "variance ratio", "users that differ"]
    kinds: dict[str, Kind] = {"metric": "text"}
    return table({**kinds, **dict.fromkeys(numbers, "number")}, cells)


def _ratio(row: Row) -> str:
    ratio, low, high = (figure(row, name) for name in ("variance_ratio", "ratio_low", "ratio_high"))
    if ratio is None:
        return "–"
    return words.times(ratio) + ("" if low is None else f" [{words.times(low)}, {words.times(high)}]")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}" if value else "0"
