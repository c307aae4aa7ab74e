"""One random run and truth of 2,000 users, and what trec_eval and its peers compute from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from recsim.metrics.base import parse
from recsim.metrics.judged import Judged, judge


@pytest.fixture(scope="module")
def golden(real_data: Path) -> Judged:
    folder = real_data / "metric-golden"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    lists = pl.read_csv(folder / "a_recs.csv").sort("user", "rank")
    test = pl.read_csv(folder / "a_test.csv")
    names = pl.concat([lists["item"], test["item"]]).unique().sort()
    users = lists["user"].unique().sort()
    truth = csr_matrix(
        (np.ones(len(test)), (users.search_sorted(test["user"]), names.search_sorted(test["item"]))),
        shape=(len(users), len(names)),
    )
    truth.sum_duplicates()
    products = names.search_sorted(lists["item"]).to_numpy().astype(np.int64).reshape(len(users), -1)
    return judge(np.arange(len(users)), products, truth)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ndcg@10", 0.08743926366862025),  # trec_eval, ir_measures, ranx, RecBole, RePlay
        ("recall@10", 0.1038479826114723),  # trec_eval
        ("precision@10", 0.0623),  # trec_eval
        ("map@10", 0.03405902588308961),  # trec_eval
        ("map_min@10", 0.03758187956664147),  # RecBole, RePlay, LensKit
        ("recall_cap@10", 0.11352142857142858),  # LensKit's recall
        ("mrr@10", 0.15828988095238095),  # ir_measures, ranx
        ("hit@10", 0.481),  # all but RecPack, which counts
    ],
)
def test_a_mean_is_the_one_the_named_tools_print(golden: Judged, name: str, value: float) -> None:
    assert parse(name).per_user(golden).mean() == pytest.approx(value, abs=1e-14)


@pytest.mark.real
def test_the_uncut_reciprocal_rank_is_that_of_trec_eval(golden: Judged) -> None:
    assert parse("mrr").per_user(golden).mean() == pytest.approx(0.1813, abs=5e-5)
