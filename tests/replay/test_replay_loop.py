"""Users who choose between served slates and what they would have viewed anyway."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recsim.behaviour import judging
from recsim.components.slate import Slate
from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.replay import engine
from recsim.replay.loop import Shoppers, changes, world_of
from recsim.replay.served import Made, Served
from recsim.scenario import Scenario, load_scenario

SMALL = [
    "requests.limit_per_day=300", "requests.share=0.05", "evaluation.bootstrap=100", "training.factors=8",
    "training.iterations=2", "ranking.candidates=40",
]  # fmt: skip


def scenario(*sets: str) -> Scenario:
    return load_scenario("smoke", sets=[*SMALL, *sets])


@pytest.fixture(scope="module")
def world(smoke_world: Path) -> Dataset:
    return Dataset.open(smoke_world)


@pytest.fixture(scope="module")
def runs(world: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs with an open loop and with a closed one (an A/A and an A/B)."""
    out = tmp_path_factory.mktemp("runs")
    closed = scenario("loop.adoption=0.5")
    arms = {"open": (scenario(), None), "aa": (closed, closed), "ab": (closed, scenario(
        "loop.adoption=0.5", "ranking.policy=softmax", "ranking.temperature=0.01"
    ))}  # fmt: skip
    for name, (chosen, against) in arms.items():
        engine.replay(chosen, world, out / name, force=False, against=against)
    return {name: out / name for name in arms}


def results(run: Path) -> dict:  # type: ignore[type-arg]
    return orjson.loads((run / "results.json").read_bytes())


def test_an_open_loop_leaves_no_trace_and_a_closed_one_changes_no_event_of_the_log(runs: dict[str, Path]) -> None:
    assert "loop" not in results(runs["open"])
    assert not (runs["open"] / "loop").exists()
    lakes = [sorted((runs[name] / "lake").rglob("*.parquet")) for name in ("open", "aa")]
    assert [file.read_bytes() for file in lakes[0]] == [file.read_bytes() for file in lakes[1]]


def test_slates_of_a_model_have_more_of_the_true_utility_than_those_of_the_first_day(runs: dict[str, Path]) -> None:
    rows = [row for row in results(runs["open"])["quality"] if row["metric"] == "utility_share"]
    assert {"all", "home"} <= {row["surface"] for row in rows}
    home = [row["value"] for row in rows if row["surface"] == "home"]
    assert len(home) == 3
    assert home[0] < home[-1] < 1.0


def test_what_users_chose_is_what_the_batch_learns_from(runs: dict[str, Path]) -> None:
    models = [results(runs[name])["models"][0]["pairs"] for name in ("open", "aa")]
    assert models[0] != models[1]


def test_an_a_a_differs_by_exactly_zero(runs: dict[str, Path]) -> None:
    found = results(runs["aa"])["ab"]
    assert found["changed"] == {}
    assert {(row["difference"], row["low"], row["high"], row["users_that_differ"]) for row in found["rows"]} == {
        (0.0, 0.0, 0.0, 0)
    }
    assert found["rows"][0]["independent_half_width"] > 0
    arms = [pq.read_table(runs["aa"] / name / "part-0000.parquet") for name in ("loop", "ab")]
    assert arms[0].num_rows > 0
    assert arms[0].equals(arms[1])


def test_common_random_numbers_reduce_the_variance_of_an_a_b(runs: dict[str, Path]) -> None:
    found = results(runs["ab"])["ab"]
    clicks = found["rows"][0]
    assert found["changed"]["ranking.policy"] == ["top-k", "softmax"]
    assert clicks["users_that_differ"] > 0
    assert clicks["variance_ratio"] > 1


def test_an_outcome_says_what_was_clicked_where_and_by_which_policy(runs: dict[str, Path]) -> None:
    rows = pq.read_table(runs["ab"] / "loop" / "part-0000.parquet").to_pylist()
    totals = results(runs["ab"])["loop"]
    assert sum(row["clicked"] for row in rows) == totals["clicks"] > 0
    assert all(row["clicked"] >= row["carted"] >= row["bought"] for row in rows)
    clicked = [row["event_id"] for row in rows if row["clicked"]]
    assert len(clicked) == len(set(clicked))
    shown = pq.read_table(runs["ab"] / "impressions" / "part-0000.parquet").to_pylist()
    known = {(one["request_id"], one["rank"]): (one["product_id"], one["propensity"], one["policy"]) for one in shown}
    assert all(
        known[row["request_id"], row["rank"]] == (row["product_id"], row["propensity"], row["policy"]) for row in rows
    )


def test_arms_that_differ_in_their_requests_or_have_no_loop_are_refused() -> None:
    with pytest.raises(BadInput, match=r"add --set loop\.adoption"):
        engine.check_arms(scenario(), scenario())
    with pytest.raises(BadInput, match="same requests"):
        engine.check_arms(scenario("loop.adoption=1"), scenario("loop.adoption=1", "requests.share=0.2"))


def clicks(world: Dataset, *, best: bool, adoption: float) -> tuple[int, int]:
    """Views of a day, and how many of them a home page takes away that shows the ten products its user likes best, or
    the ten he likes least."""
    model, nothing = world_of(world), np.zeros(10, np.float32)
    day = world.days()[0]
    views = world.read("events", day=day).filter(pc.field("event_type") == "view_product").slice(0, 200)
    slots = model.on(0).slot
    rows, made = [], []
    for number, view in enumerate(views.select(["event_timestamp", "user_id", "product_id"]).to_pylist()):
        user, at_us = view["user_id"], round(view["event_timestamp"].timestamp() * 1e6)
        home = {"event_id": 2 * number, "event_type": "session_start", "session": number, "product_id": None}
        rows += [{**view, **home}, {**view, **home, "event_id": 2 * number + 1, "event_type": "view_product"}]
        rows[-1]["product_id"] = view["product_id"]
        liked = np.argsort(judging.terms(model.rules, model.on(0), np.full(len(slots), user), slots, 0).utility)
        shown = liked[-10:] if best else liked[:10]
        slate = Slate("home", shown, nothing, nothing + 1, nothing.astype(np.int8), "top-k/1", 1)
        made.append(
            Made(number, at_us, user, "default", "home", 200, "ok", 10, np.empty(0, np.int64), slate, 2 * number)
        )
    as_of = pa.Table.from_pylist(rows)
    outcomes = Shoppers(model, scenario(f"loop.adoption={adoption}")).choose(Served(day, made), as_of)
    taken = sum(one.place is not None for one in outcomes)
    changed = changes(outcomes, as_of)
    assert sum(sign for *_, kind, sign in changed if kind == "view_product") == 0
    return len(made), taken


def test_a_slate_of_bad_products_loses_against_organic_demand(world: Dataset) -> None:
    views, good = clicks(world, best=True, adoption=1.0)
    _, bad = clicks(world, best=False, adoption=1.0)
    assert bad < 0.02 * views < 0.2 * views < good


def test_more_adoption_makes_more_clicks(world: Dataset) -> None:
    found = [clicks(world, best=True, adoption=adoption)[1] for adoption in (0.0, 0.3, 1.0)]
    assert found[0] == 0 < found[1] < found[2]
