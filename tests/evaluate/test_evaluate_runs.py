"""What a run keeps, judged again and held against other runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from evaluate_worlds import pairs, world_of

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.compare import compare_runs
from recsim.evaluate.engine import Question, evaluate
from recsim.evaluate.rescore import question_of
from recsim.scenario import Scenario
from recsim.scenario.system import Evaluation


@pytest.fixture
def clubs(tmp_path: Path) -> Dataset:
    """Users of even number take even products, the others odd ones; each keeps one of his club for the test."""
    random = np.random.default_rng(4)
    train, test = [], []
    for user in range(60):
        taken = (2 * random.choice(12, 5, replace=False) + user % 2).tolist()
        train += [(user, product) for product in taken[1:]]
        test.append((user, taken[0]))
    rows = pairs("train", *train) + pairs("test", *test)
    people = [{"user_id": user, "region": "eu" if user < 20 else "us"} for user in range(60)]
    return world_of(tmp_path, {"interactions": rows, "users": people}, users=60, products=24)


def run(world: Dataset, out: Path, scenario: Scenario | None = None, **asked: Any) -> Any:
    question = {"recommenders": ["popular", "item-knn"], "metrics": ["ndcg@5", "recall@5"], "split": "auto"}
    evaluate(scenario or Scenario(), world, out, Question(**{**question, **asked}), force=False)
    return json.loads((out / "results.json").read_text())


def overall(found: Any) -> dict[tuple[str, str], float]:
    return {(row["recommender"], row["metric"]): row["value"] for row in found["scores"] if row["segment"] == "all"}


def test_kept_lists_are_judged_again_to_the_same_values_without_fitting(
    clubs: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(clubs, tmp_path / "whole", metrics=["ndcg@5", "recall@5", "map@3"])
    run(clubs, tmp_path / "first")
    monkeypatch.setattr("recsim.recommenders.item_knn.ItemKNN.fit", lambda *_, **__: pytest.fail("it was fitted"))
    scenario, world, question = question_of(tmp_path / "first", ["map@3", "ndcg@5"], [], trec=False)
    evaluate(scenario, world, tmp_path / "again", question, force=False)
    again = overall(json.loads((tmp_path / "again" / "results.json").read_text()))
    assert again == {key: value for key, value in overall(whole).items() if key[1] != "recall@5"}


def test_deeper_than_the_kept_lists_nothing_can_be_judged(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "run")
    with pytest.raises(BadInput, match=r"are 5 deep, so ndcg@10 can't be computed"):
        question_of(tmp_path / "run", ["ndcg@10"], [], trec=False)
    run(clubs, tmp_path / "bare", log=False)
    with pytest.raises(BadInput, match="kept no lists"):
        question_of(tmp_path / "bare", ["ndcg@5"], [], trec=False)


def test_runs_on_the_same_data_are_paired_user_by_user(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "a", recommenders=["popular"])
    run(clubs, tmp_path / "b", recommenders=["item-knn", "popular"])
    compare_runs([tmp_path / "a", tmp_path / "b"], tmp_path / "c", force=False)
    found = json.loads((tmp_path / "c" / "results.json").read_text())
    assert {row["kind"] for row in found["differs"]} == {"model"}
    rows = {(row["first"], row["second"], row["metric"]): row for row in found["differences"]}
    same, better = (rows[first, "A: popular", "ndcg@5"] for first in ("B: popular", "B: item-knn"))
    assert (same["difference"], same["ties"]) == (0.0, 60)
    values = pl.read_parquet(tmp_path / "b" / "per_user.parquet")
    mean = {name: values.filter(pl.col("recommender") == name)["ndcg@5"].mean() for name in ("item-knn", "popular")}
    assert better["difference"] == pytest.approx(mean["item-knn"] - mean["popular"])
    assert better["p_holm"] < 0.05


def test_runs_on_other_users_are_not_paired_and_it_is_said_why(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "a")
    run(clubs, tmp_path / "b", Scenario(evaluation=Evaluation(users=30)))
    compare_runs([tmp_path / "a", tmp_path / "b"], tmp_path / "c", force=False)
    found = json.loads((tmp_path / "c" / "results.json").read_text())
    assert found["differences"] == []
    assert found["verdict"].startswith("The split differ")


def test_one_run_is_no_comparison(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "a")
    with pytest.raises(BadInput, match="needs two runs or more"):
        compare_runs([tmp_path / "a"], tmp_path / "c", force=False)
    with pytest.raises(BadInput, match="the same run twice"):
        compare_runs([tmp_path / "a", tmp_path / "a"], tmp_path / "c", force=False)


def test_seeds_are_averaged_and_their_luck_is_told_apart(clubs: Dataset, tmp_path: Path) -> None:
    seeds = Scenario(evaluation=Evaluation(seeds=3))
    found = run(clubs, tmp_path / "run", seeds, recommenders=["random", "popular"], metrics=["ndcg@5"])
    assert {row["recommender"]: row["seeds"] for row in found["lists"]} == {"random": 3, "popular": 1}
    (row,) = found["seeds"]
    singles = [
        overall(run(clubs, tmp_path / f"s{seed}", Scenario(seed=seed), recommenders=["random"], metrics=["ndcg@5"]))
        for seed in (1, 2, 3)
    ]
    assert row["by_seed"] == pytest.approx([values["random", "ndcg@5"] for values in singles])
    assert overall(found)["random", "ndcg@5"] == pytest.approx(np.mean(row["by_seed"]))
    assert row["seeds_error"] > 0


def test_segments_add_up_to_everybody(clubs: Dataset, tmp_path: Path) -> None:
    found = run(clubs, tmp_path / "run")
    rows = [row for row in found["scores"] if row["recommender"] == "item-knn" and row["metric"] == "ndcg@5"]
    parts = [row for row in rows if row["segment"].startswith("region: ")]
    assert {row["segment"]: row["users"] for row in parts} == {"region: eu": 20, "region: us": 40}
    total = sum(row["value"] * row["users"] for row in parts) / 60
    assert total == pytest.approx(overall(found)["item-knn", "ndcg@5"])
    thirds = [row for row in rows if row["segment"].startswith("product popularity: ")]
    assert sum(row["users"] for row in thirds) == 60  # one test product each


def test_folds_are_pooled_and_shown_one_by_one(clubs: Dataset, tmp_path: Path) -> None:
    found = run(clubs, tmp_path / "run", Scenario(evaluation=Evaluation(folds=3)), split="k-fold")
    assert [task["task"] for task in found["tasks"]] == ["fold 1", "fold 2", "fold 3"]
    values = [
        (score["value"], task["facts"]["users"])
        for task in found["tasks"]
        for score in task["scores"]
        if (score["recommender"], score["metric"]) == ("popular", "ndcg@5")
    ]
    pooled = sum(value * users for value, users in values) / sum(users for _, users in values)
    assert overall(found)["popular", "ndcg@5"] == pytest.approx(pooled)


def test_other_tools_figures_stand_beside_ours(clubs: Dataset, tmp_path: Path) -> None:
    found = run(clubs, tmp_path / "run", recommenders=["item-knn"], metrics=["ndcg@5"], tools=["ranx", "rectools"])
    ranx, rectools = found["as_tools"]
    assert (ranx["tool"], rectools["tool"]) == ("ranx", "rectools")
    assert rectools["value"] < rectools["ours"]
    assert rectools["why"]


def test_trec_files_hold_the_lists_and_the_truth(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "run", recommenders=["popular"], trec=True)
    lines = (tmp_path / "run" / "trec" / "00-popular.run").read_text().splitlines()
    assert len(lines) == 60 * 5
    assert lines[0].split()[:2] == ["0", "Q0"]
    assert lines[0].split()[3::2] == ["1", "popular"]
    assert len((tmp_path / "run" / "trec" / "qrels.txt").read_text().splitlines()) == 60
