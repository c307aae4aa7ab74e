"""What other tools print, clean and dirty: beside the tools where they install, else beside figures taken from them.

`dirty_figures.csv` holds what DaisyRec 2.3.0, Cornac 2.6.0, RecPack 0.3.6, RePlay 0.22.0, Microsoft recommenders
1.2.1, irspack 0.5.2, RecTools 0.19.0 and LensKit 2025.8.1 computed, each by its own code, for the runs of `dirty.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from dirty import dirty_run
from scipy.sparse import csr_matrix

from recsim.errors import BadInput
from recsim.metrics.conventions import CONVENTIONS
from recsim.metrics.conventions.lists import Run

RUNS = {
    "plain": dirty_run(ties=False, repeats=False),
    "ties": dirty_run(ties=True, repeats=False),
    "both": dirty_run(ties=True, repeats=True),
}
FAMILIES = ("ndcg", "recall", "precision", "map", "mrr", "hit")
MEAN = {"ndcg": 0.08743926366862025, "recall": 0.1038479826114723, "precision": 0.0623}
MEAN |= {"map": 0.03405902588308961, "mrr": 0.15828988095238095, "hit": 0.481}
MIN = {"map": 0.03758187956664147}
GOLDEN = {
    "trec_eval": MEAN | {"mrr": 0.18130577673339957},
    "ir_measures": MEAN,
    "ranx": MEAN,
    "rectools": MEAN | {"ndcg": 0.062223774837429406},
    "recbole": MEAN | MIN,
    "replay": MEAN | MIN,
    "lenskit-2025": MEAN | MIN | {"ndcg": 0.0840282007404176, "recall": 0.11352142857142858},
    "lenskit": MEAN | MIN | {"ndcg": 0.0840282007404176, "recall": 0.11352142857142858},
    "implicit": {"ndcg": 0.08743926366862048, "precision": 0.09412297930200937, "map": 0.03758187956664153},
    "elliot": MEAN | {"map": 0.062079722222222224},
    "daisyrec": MEAN | {"ndcg": 0.2316534454992146, "map": 0.1508617724867725},
    "recpack": {name: MEAN[name] for name in ("ndcg", "recall", "precision", "mrr")} | {"hit": 0.623},
    "cornac": MEAN | {"map": 0.0506449660112699, "mrr": 0.18532594232950936},
}


def recorded() -> Iterator[tuple[str, str, str, float]]:
    with (Path(__file__).parent / "dirty_figures.csv").open() as file:
        for row in csv.DictReader(file):
            yield row["run"], row["tool"], row["metric"], float(row["value"])


@pytest.mark.real
@pytest.mark.parametrize("tool", GOLDEN)
def test_a_clean_run_is_what_the_tool_printed(real_data: Path, tool: str) -> None:
    folder = real_data / "metric-golden"
    lists, test = pl.read_csv(folder / "a_recs.csv").sort("user", "rank"), pl.read_csv(folder / "a_test.csv")
    truth = csr_matrix((np.ones(len(test)), (test["user"], test["item"])), shape=(2000, 5000))
    products, scores = (lists[name].to_numpy().reshape(2000, 25) for name in ("item", "score"))
    run = Run(np.arange(2000), products, truth, scores=scores)
    found = {name: CONVENTIONS.load(tool).value(name, run, 10) for name in GOLDEN[tool]}
    assert found == pytest.approx(GOLDEN[tool], abs=1e-15)


@pytest.mark.parametrize("tool", sorted({tool for _, tool, _, _ in recorded()}))
def test_a_dirty_run_is_what_the_tool_computed(tool: str) -> None:
    for run, name, metric, value in recorded():
        if name == tool:
            mine = CONVENTIONS.load(tool).value(metric, RUNS[run], 10)
            assert mine == pytest.approx(value, abs=1e-9, nan_ok=True), (run, metric)


def dictionaries(run: Run) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """qrels and run as trec tools take them."""
    rows, columns = run.truth.nonzero()
    qrels: dict[str, dict[str, int]] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        qrels.setdefault(str(row), {})[str(column)] = 1
    lists: dict[str, dict[str, float]] = {}
    for at, user in enumerate(run.users.tolist()):
        for place in np.flatnonzero(run.products[at] >= 0):
            lists.setdefault(str(user), {})[str(run.products[at, place])] = float(run.listed_scores[at, place])
    return qrels, lists


@pytest.mark.parametrize("name", RUNS)
def test_trec_eval_and_ir_measures_agree_on_dirty_runs(name: str) -> None:
    ir_measures = pytest.importorskip("ir_measures")
    pytrec_eval = pytest.importorskip("pytrec_eval")
    qrels, lists = dictionaries(RUNS[name])
    wanted = dict(zip(FAMILIES, ("nDCG@10", "R@10", "P@10", "AP@10", "RR@10", "Success@10"), strict=True))
    measures = {family: ir_measures.parse_measure(text) for family, text in wanted.items()}
    theirs = ir_measures.calc_aggregate(list(measures.values()), qrels, lists)
    for family, measure in measures.items():
        mine = CONVENTIONS.load("ir_measures").value(family, RUNS[name], 10)
        assert mine == pytest.approx(theirs[measure], abs=1e-12), family
    names = ("ndcg_cut_10", "recall_10", "P_10", "map_cut_10", "recip_rank", "success_10")
    asked = {"ndcg_cut.10", "recall.10", "P.10", "map_cut.10", "recip_rank", "success.10"}
    rows = pytrec_eval.RelevanceEvaluator(qrels, asked).evaluate(lists).values()
    for family, key in zip(FAMILIES, names, strict=True):
        mine = CONVENTIONS.load("trec_eval").value(family, RUNS[name], 10)
        assert mine == pytest.approx(np.mean([row[key] for row in rows]), abs=1e-12), family


@pytest.mark.stat  # ranx compiles for a minute
def test_ranx_agrees_on_a_dirty_run_down_to_its_order_of_ties() -> None:
    ranx = pytest.importorskip("ranx")
    qrels, lists = dictionaries(RUNS["both"])
    keys = ["ndcg@10", "recall@10", "precision@10", "map@10", "mrr@10", "hit_rate@10"]
    theirs = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(lists), keys, make_comparable=True)
    for family, key in zip(FAMILIES, keys, strict=True):
        mine = CONVENTIONS.load("ranx").value(family, RUNS["both"], 10)
        assert mine == pytest.approx(float(theirs[key]), abs=1e-12), family


def test_implicit_agrees_on_a_dirty_run() -> None:
    from implicit.evaluation import ranking_metrics_at_k

    run = RUNS["both"]

    class Fixed:
        def recommend(self, users: np.ndarray, _: csr_matrix, N: int, **__: object) -> tuple[np.ndarray, np.ndarray]:
            out = np.full((run.truth.shape[0], N), -1, np.int32)
            out[run.users] = run.products[:, :N]
            return out[users], np.zeros((len(users), N), np.float32)

    theirs = ranking_metrics_at_k(Fixed(), csr_matrix(run.truth.shape), run.truth, K=10, show_progress=False)
    mine = {name: CONVENTIONS.load("implicit").value(name, run, 10) for name in ("ndcg", "precision", "map")}
    assert mine == pytest.approx({name: theirs[name] for name in mine}, abs=1e-12)


def test_a_metric_a_tool_lacks_is_refused_and_ours_are_mapped_to_its_notion() -> None:
    with pytest.raises(BadInput, match='has no metric like "map"; it has hit, mrr, ndcg'):
        CONVENTIONS.load("recpack").value("map", RUNS["plain"], 10)
    recbole = CONVENTIONS.load("recbole")
    assert recbole.value("map_min", RUNS["plain"], 10) == recbole.value("map", RUNS["plain"], 10)
    assert "min(k, relevant)" in recbole.why("map_min")
    with pytest.raises(BadInput, match='unknown convention "ranks"'):
        CONVENTIONS.load("ranks")
