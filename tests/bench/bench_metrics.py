"""Six metrics of 100,000 lists of 100, a value a user: recsim against NumPy, polars and the libraries that are there.

python tests/bench/bench_metrics.py [users depth [site-packages of another environment with the libraries]]

NumPy and polars: medians of five. pytrec_eval, RecTools, ranx and LensKit are run once on every user (LensKit on a
twentieth, as it takes a millisecond a list), those that can't be imported are named. Times are CPU seconds: building
the library's own structures, then evaluating. Peak memory is recsim's alone, measured before any library is loaded.
"""

from __future__ import annotations

import importlib
import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from recsim.metrics.base import parse
from recsim.metrics.bootstrap import intervals
from recsim.metrics.judged import judge

PRODUCTS, TRUTHS, ROUNDS = 40_000, 10, 5
NAMES = ["ndcg@10", "ndcg@100", "recall@10", "precision@10", "map@10", "mrr@10"]


def main(users: int, depth: int) -> None:
    random = np.random.default_rng(0)
    lists = random.integers(0, PRODUCTS // depth, (users, depth)) * depth + random.permutation(depth)
    relevant = np.sort(random.integers(0, PRODUCTS // TRUTHS, (users, TRUTHS)) * TRUTHS + np.arange(TRUTHS), axis=1)
    swap = random.random((users, TRUTHS)) < 0.2  # a fifth of the truth is found somewhere in the list
    places = np.argsort(random.random((users, depth)), axis=1)[:, :TRUTHS]
    rows = np.arange(users)[:, None]
    relevant = np.sort(np.where(swap, lists[rows, places], relevant), axis=1)
    pairs = (np.ones(users * TRUTHS, np.float32), (np.repeat(np.arange(users), TRUTHS), relevant.ravel()))
    truth = csr_matrix(pairs, shape=(users, PRODUCTS))
    truth.sum_duplicates()
    before = peak_gb()
    ours(lists, truth)
    print(f"recsim: peak of the process {peak_gb():.2f} GB, {before:.2f} GB of it the data, NumPy and numba")
    entries: dict[str, Callable[[], np.ndarray]] = {
        "recsim": lambda: ours(lists, truth),
        "numpy": lambda: by_numpy(lists, truth),
        "polars": lambda: by_polars(lists, truth),
    }
    found = {name: run() for name, run in entries.items()}
    times: dict[str, list[float]] = {name: [] for name in [*entries, "recsim, 1,000 resamples of it"]}
    intervals(found["recsim"][:10], np.arange(10), seed=1, replicates=100)
    for _ in range(ROUNDS):
        for name, run in entries.items():
            began = time.process_time()
            run()
            times[name].append(time.process_time() - began)
        began = time.process_time()
        intervals(found["recsim"], np.arange(users), seed=1, replicates=1000)
        times["recsim, 1,000 resamples of it"].append(time.process_time() - began)
    print(f"{users} users x {depth} places, {TRUTHS} relevant, {len(NAMES)} metrics a user, median of {ROUNDS}")
    for name, seconds in times.items():
        print(f"{name:30} {statistics.median(seconds):7.3f} CPU s")
    own = statistics.median(times["recsim"])
    for name in ("numpy", "polars"):
        print(f"largest difference from {name}: {np.abs(found['recsim'] - found[name]).max():.1e}")
    for name, run in (("pytrec_eval", trec), ("rectools", rectools), ("ranx", ranx), ("lenskit", lenskit)):
        try:
            built, evaluated, mean = run(lists, truth)
        except ImportError as error:
            print(f"{name:30} absent ({error})")
            continue
        ratio = evaluated / own
        print(f"{name:30} {built:7.3f} + {evaluated:7.3f} CPU s, {ratio:6.0f} x recsim; ndcg@10 {mean:.6f}", flush=True)
    print(f"ndcg@10 of recsim {found['recsim'][:, 0].mean():.6f}")


Timed = tuple[float, float, float]


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def trec(lists: np.ndarray, truth: csr_matrix) -> Timed:
    pytrec_eval = importlib.import_module("pytrec_eval")
    began = time.process_time()
    qrels, run = dictionaries(lists, truth)
    evaluator = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.10,100", "recall.10", "P.10", "map_cut.10", "recip_rank"}
    )
    built = time.process_time()
    rows = evaluator.evaluate(run)
    ended = time.process_time()
    return built - began, ended - built, float(np.mean([row["ndcg_cut_10"] for row in rows.values()]))


def ranx(lists: np.ndarray, truth: csr_matrix) -> Timed:
    module = importlib.import_module("ranx")
    names = ["ndcg@10", "ndcg@100", "recall@10", "precision@10", "map@10", "mrr@10"]
    small = dictionaries(lists[:20], truth[:20])
    module.evaluate(module.Qrels(small[0]), module.Run(small[1]), names)  # compiles
    began = time.process_time()
    qrels, run = dictionaries(lists, truth)
    qrels, run = module.Qrels(qrels), module.Run(run)
    built = time.process_time()
    means = module.evaluate(qrels, run, names)
    return built - began, time.process_time() - built, float(means["ndcg@10"])


def rectools(lists: np.ndarray, truth: csr_matrix) -> Timed:
    import pandas as pd

    module = importlib.import_module("rectools.metrics")
    users, depth = lists.shape
    began = time.process_time()
    reco = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(users), depth),
            "item_id": lists.ravel(),
            "rank": np.tile(np.arange(1, depth + 1), users),
        }
    )
    test = pd.DataFrame({"user_id": np.repeat(np.arange(users), np.diff(truth.indptr)), "item_id": truth.indices})
    built = time.process_time()
    metrics = {
        "ndcg": module.NDCG(k=10, divide_by_achievable=True),
        "ndcg100": module.NDCG(k=100, divide_by_achievable=True),
        "recall": module.Recall(k=10),
        "precision": module.Precision(k=10),
        "map": module.MAP(k=10),
        "mrr": module.MRR(k=10),
    }
    found = module.calc_metrics(metrics, reco=reco, interactions=test)
    return built - began, time.process_time() - built, float(found["ndcg"])


def lenskit(lists: np.ndarray, truth: csr_matrix) -> Timed:
    data = importlib.import_module("lenskit.data")
    module = importlib.import_module("lenskit.metrics")
    share = 20
    began = time.process_time()
    out, test = data.ItemListCollection(["user_id"]), data.ItemListCollection(["user_id"])
    for user in range(len(lists) // share):
        out.add(data.ItemList(item_ids=lists[user], ordered=True), user_id=user)
        test.add(data.ItemList(item_ids=truth.indices[truth.indptr[user] : truth.indptr[user + 1]]), user_id=user)
    built = time.process_time()
    analysis = module.RunAnalysis(
        module.NDCG(n=10), module.NDCG(n=100), module.Recall(n=10), module.Precision(n=10), module.RecipRank(n=10)
    )
    mean = float(analysis.measure(out, test).list_summary()["mean"].iloc[0])
    return share * (built - began), share * (time.process_time() - built), mean


def dictionaries(lists: np.ndarray, truth: csr_matrix) -> tuple[dict, dict]:
    """qrels and run as trec tools take them."""
    names = [str(product) for product in range(PRODUCTS)]
    scores = [float(lists.shape[1] - place) for place in range(lists.shape[1])]
    run = {str(user): dict(zip([names[item] for item in row], scores, strict=True)) for user, row in enumerate(lists)}
    ends = truth.indptr.tolist()
    qrels = {
        str(user): dict.fromkeys([names[item] for item in truth.indices[ends[user] : ends[user + 1]]], 1)
        for user in range(len(lists))
    }
    return qrels, run


def ours(lists: np.ndarray, truth: csr_matrix) -> np.ndarray:
    judged = judge(np.arange(len(lists)), lists, truth)
    return np.column_stack([parse(name).per_user(judged) for name in NAMES])


def by_numpy(lists: np.ndarray, truth: csr_matrix) -> np.ndarray:
    users, depth = lists.shape
    known = np.repeat(np.arange(users), np.diff(truth.indptr)) * PRODUCTS + truth.indices
    keys = (np.arange(users)[:, None] * PRODUCTS + lists).ravel()
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    hits = (known[place] == keys).reshape(users, depth)
    relevant = np.diff(truth.indptr)
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    ideal = np.concatenate([[0], np.cumsum(discounts)])
    top = hits[:, :10]
    ranks = np.arange(1, 11)
    first = np.where(top.any(axis=1), 1 / (top.argmax(axis=1) + 1), 0.0)
    return np.column_stack(
        [
            top @ discounts[:10] / ideal[np.minimum(10, relevant)],
            hits @ discounts / ideal[np.minimum(depth, relevant)],
            top.sum(axis=1) / relevant,
            top.sum(axis=1) / 10,
            (top * np.cumsum(top, axis=1) / ranks).sum(axis=1) / relevant,
            first,
        ]
    )


def by_polars(lists: np.ndarray, truth: csr_matrix) -> np.ndarray:
    users, depth = lists.shape
    listed = pl.DataFrame(
        {
            "user": np.repeat(np.arange(users), depth),
            "product": lists.ravel(),
            "rank": np.tile(np.arange(1, depth + 1), users),
        }
    )
    relevant = pl.DataFrame(
        {"user": np.repeat(np.arange(users), np.diff(truth.indptr)), "product": truth.indices.astype(np.int64)}
    )
    counts = relevant.group_by("user").agg(relevant=pl.len().cast(pl.Int64))
    gain = 1 / (pl.col("rank") + 1).log(2)
    top = pl.col("rank") <= 10
    order = pl.col("rank").rank().over("user")
    ideal = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(2, depth + 2)))])
    hits = listed.join(relevant, on=["user", "product"])
    values = hits.group_by("user").agg(
        dcg10=gain.filter(top).sum(),
        dcg100=gain.sum(),
        found=top.sum(),
        first=pl.col("rank").filter(top).min(),
    )
    ranked = hits.filter(top).with_columns(precision=order / pl.col("rank"))
    precision = ranked.group_by("user").agg(ap=pl.col("precision").sum())
    whole = counts.join(values, on="user", how="left").join(precision, on="user", how="left").sort("user").fill_null(0)
    count = whole["relevant"].to_numpy()
    first = whole["first"].to_numpy().astype(float)
    return np.column_stack(
        [
            whole["dcg10"].to_numpy() / ideal[np.minimum(10, count)],
            whole["dcg100"].to_numpy() / ideal[np.minimum(depth, count)],
            whole["found"].to_numpy() / count,
            whole["found"].to_numpy() / 10,
            whole["ap"].to_numpy() / count,
            np.divide(1, first, out=np.zeros(users), where=first > 0),
        ]
    )


if __name__ == "__main__":
    sys.path.extend(sys.argv[3:])
    main(*(int(argument) for argument in sys.argv[1:3]) if len(sys.argv) > 2 else (100_000, 100))
