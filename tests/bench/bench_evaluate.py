"""A whole evaluation at size: every user has something to find, every product is ranked. Wall, CPU, peak memory.

python tests/bench/bench_evaluate.py [users] [products] [folder]

The data are drawn here: users belong to one of 200 circles with products of their own, popularity falls as 1 / rank,
eleven products a user of which one is the test. They are imported and evaluated by the commands themselves, each in a
process of its own: popular and als (64 factors, 15 iterations), recall, NDCG, hit and reciprocal rank to depth 20.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

EACH, CIRCLES = 11, 200


def main(users: int, products: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_log(users, products, folder)
    environment = os.environ | {"RECSIM_DATA_DIR": str(folder), "RECSIM_REPORTS_DIR": str(folder)}
    recsim = [sys.executable, "-m", "recsim.cli.main"]
    world, run = folder / "world", folder / "run"
    command = [*recsim, "import", "interactions", str(folder), "--out", str(world), "--force", "-q"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [*recsim, "evaluate", str(world), "--recommender", "popular", "--recommender", "als", "--out", str(run)]
    subprocess.run([*command, "--force"], env=environment, check=True, stdout=subprocess.DEVNULL)
    process = json.loads((run / "manifest.json").read_text())["process"]
    results = json.loads((run / "results.json").read_text())
    print(f"{results['split']['users']:,} users judged of {users:,}, {products:,} products, all ranked")
    peak_gb = process["peak_memory_bytes"] / 1e9
    print(f"wall {process['wall_s']:.0f} s, CPU {process['cpu_s']:.0f} s, peak {peak_gb:.2f} GB")
    for row in json.loads((run / "measured" / "measured.json").read_text())["recommenders"]:
        print(f"{row['recommender']:10} fit {row['fit_cpu_s']:8.1f} CPU s   rank {row['recommend_cpu_s']:8.1f} CPU s")


def write_log(users: int, products: int, folder: Path) -> None:
    """train.parquet and test.parquet of user and item."""
    random = np.random.default_rng(0)
    weight = 1.0 / np.arange(1, products // CIRCLES + 1)
    ranks = np.searchsorted(np.cumsum(weight / weight.sum()), random.random((users, EACH)))
    circles = random.integers(0, CIRCLES, (users, 1))
    strays = random.random((users, EACH)) < 0.2
    circles = np.where(strays, random.integers(0, CIRCLES, (users, EACH)), circles)
    items = (np.minimum(ranks, len(weight) - 1) * CIRCLES + circles).astype(np.int32)
    # A product drawn twice is moved to the user's own corner of the catalogue, so that every user has all eleven.
    order = np.sort(items, axis=1)
    for user in np.flatnonzero((np.diff(order, axis=1) == 0).any(axis=1)):
        found = list(dict.fromkeys(items[user].tolist()))
        while len(found) < EACH:
            product = int(random.integers(0, products))
            if product not in found:
                found.append(product)
        items[user] = found
    people = np.arange(users, dtype=np.int32)
    train = {"user": np.repeat(people, EACH - 1), "item": items[:, 1:].ravel()}
    pl.DataFrame(train).write_parquet(folder / "train.parquet")
    pl.DataFrame({"user": people, "item": items[:, 0]}).write_parquet(folder / "test.parquet")


if __name__ == "__main__":
    users, products = [*(int(word) for word in sys.argv[1:3]), *(1_000_000, 100_000)[len(sys.argv) - 1 :]][:2]
    main(users, products, Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp(prefix="recsim-bench-")))
