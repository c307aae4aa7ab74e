from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
import pytest
from evaluate_worlds import pairs, world_of

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.evaluate.engine import Question, estimate, evaluate, prepare
from recsim.recommenders import RECOMMENDERS
from recsim.runs import Manifest
from recsim.scenario import Scenario

BASE = Scenario()
NEEDS_MORE = {
    "content",
    "hybrid",
    "item2vec",
    "markov",
    "personal-popular",
    "session-item-knn",
    "session-popular",
    "vs-sknn",
}
EVERY = [name for name in RECOMMENDERS.names() if name not in NEEDS_MORE]
"""Those that learn from the matrix alone: the clubs' products are bare numbers and their pairs have no order."""
METRICS = ["recall@5", "ndcg@5", "mrr"]


@pytest.fixture
def clubs(tmp_path: Path) -> Dataset:
    """Users of even number take even products, the others odd ones; each keeps one of his club for the test."""
    random = np.random.default_rng(4)
    train, test = [], []
    for user in range(40):
        taken = (2 * random.choice(10, 5, replace=False) + user % 2).tolist()
        train += [(user, product) for product in taken[1:]]
        test.append((user, taken[0]))
    rows = pairs("train", *train) + pairs("test", *test)
    return world_of(tmp_path, {"interactions": rows}, users=40, products=20)


def run(world: Dataset, out: Path, **changes: Any) -> Manifest:
    return evaluate(
        changes.pop("scenario", BASE),
        world,
        out,
        question(**changes),
        force=False,
        **{name: changes[name] for name in ("progress",) if name in changes},
    )


def question(**changes: Any) -> Question:
    asked: dict[str, Any] = {"recommenders": ["popular", "item-knn"], "metrics": METRICS, "split": "auto"}
    return Question(**{**asked, **{name: value for name, value in changes.items() if name != "progress"}})


def identity(scenario: Scenario, world: Dataset, **changes: Any) -> str:
    return prepare(scenario, world, question(**changes)).identity


def results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text())


def test_the_better_recommender_leads_and_every_score_has_its_interval(clubs: Dataset, tmp_path: Path) -> None:
    manifest = run(clubs, tmp_path / "run")
    found = results(tmp_path / "run")
    assert found["leaderboard"] == manifest.facts["leaderboard"] == ["item-knn", "popular"]
    everybody = [row for row in found["scores"] if row["segment"] == "all"]
    assert [(row["recommender"], row["metric"]) for row in everybody] == [
        (name, metric) for name in ("item-knn", "popular") for metric in METRICS
    ]
    for row in everybody:
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
        assert (row["segment"], row["users"], row["share_of_oracle"]) == ("all", 40, None)


def test_the_means_are_those_of_the_users(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "run")
    users = pl.read_parquet(tmp_path / "run" / "per_user.parquet")
    assert users.columns == ["recommender", "user_id", *METRICS]
    for row in [row for row in results(tmp_path / "run")["scores"] if row["segment"] == "all"]:
        chosen = users.filter(pl.col("recommender").cast(pl.String) == row["recommender"])
        assert chosen["user_id"].to_list() == list(range(40))
        assert chosen[row["metric"]].mean() == pytest.approx(row["value"], abs=1e-15)


def test_two_runs_are_the_same_bytes_with_every_recommender(clubs: Dataset, tmp_path: Path) -> None:
    first, second = (run(clubs, tmp_path / name, recommenders=EVERY) for name in ("a", "b"))
    assert {"results.json", "per_user.parquet", f"recommendations/{EVERY.index('bpr'):02d}-bpr.parquet"} <= set(
        first.outputs
    )
    assert first.outputs == second.outputs
    assert first.identity == second.identity


def test_what_depends_on_the_machine_is_kept_apart(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "run")
    (popular, _) = json.loads((tmp_path / "run" / "measured" / "measured.json").read_text())["recommenders"]
    assert popular["recommender"] == "popular"
    assert popular["fit_cpu_s"] >= 0
    assert popular["peak_memory_bytes"] > 1_000_000


def test_a_name_given_twice_is_compared_once(clubs: Dataset, tmp_path: Path) -> None:
    run(clubs, tmp_path / "run", recommenders=["popular", "popular"], metrics=["hit@5", "hit@5"])
    assert [row["metric"] for row in results(tmp_path / "run")["scores"] if row["segment"] == "all"] == ["hit@5"]


def test_the_identity_follows_the_question(clubs: Dataset) -> None:
    same = identity(BASE, clubs)
    assert same == identity(BASE, clubs)
    assert same != identity(BASE, clubs, metrics=["mrr"])
    assert same != identity(Scenario(seed=2), clubs)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recommenders": ["populer"]}, 'unknown recommender "populer". Did you mean "popular"'),
        ({"recommenders": []}, "no recommender was named"),
        ({"metrics": ["recal@5"]}, 'unknown metric "recal". Did you mean "recall"'),
        ({"metrics": ["recall"]}, "needs a depth"),
        ({"metrics": []}, "no metric was named"),
        ({"split": "randon"}, 'unknown split "randon". Did you mean "random"'),
        ({"split": "leave-last-out"}, "rows without a time"),
    ],
)
def test_a_wrong_question_is_refused_and_leaves_nothing(
    clubs: Dataset, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        run(clubs, tmp_path / "run", **changes)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_model_that_does_not_fit_in_memory_is_refused(
    clubs: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 2_000}))
    with pytest.raises(BadInput, match=r'recommender "ease" takes .* of memory on the 20 products .* and 2 KB is free'):
        run(clubs, tmp_path / "run", recommenders=["ease"])
    assert not (tmp_path / "run").exists()


def test_an_estimate_counts_rows_and_names_each_recommenders_share(clubs: Dataset) -> None:
    expected = estimate(BASE, clubs, prepare(BASE, clubs, question(recommenders=EVERY)))
    assert expected["rows"] == 200
    assert set(expected["recommenders"]) == set(EVERY)
    assert expected["memory_bytes"] > max(part["memory_bytes"] for part in expected["recommenders"].values())


def test_progress_reaches_every_user(clubs: Dataset, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int, str]] = []
    run(clubs, tmp_path / "run", recommenders=["popular"], progress=lambda *told: heard.append(told))
    assert ("rank popular", 40, 40, "lists") in heard
