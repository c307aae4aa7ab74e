"""How much smaller is the variance of an A/B when both arms meet the same random numbers?

python tests/bench/bench_ab.py [seeds] [key=value …]

Plays an A/B of the `smoke` world (top-k against softmax) once a seed of the users' numbers (`loop.salt`): arm A, arm B,
and arm B with independent numbers, which is the peer. Prints for clicks, carts and orders a user the ratio of the
variance of the difference with independent numbers to that with common ones: each seed's, and the geometric mean with
its 95 % interval by Student's t over the seeds; and CPU seconds. Further arguments are values of both arms.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.stats import t

from recsim.dataset import Dataset
from recsim.generate.engine import generate
from recsim.replay.engine import replay
from recsim.scenario import load_scenario

BOTH = [
    "loop.adoption=0.5", "requests.share=0.2", "requests.limit_per_day=600", "evaluation.bootstrap=100",
    "training.factors=8", "training.iterations=3",
]  # fmt: skip
B = ["ranking.policy=softmax", "ranking.temperature=0.02"]


def main(seeds: int, more: list[str]) -> None:
    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as scratch:
        generate(load_scenario("smoke"), Path(scratch) / "w", workers=1)
        world = Dataset.open(Path(scratch) / "w")
        for salt in range(seeds):
            started, both = time.process_time(), [*BOTH, *more, f"loop.salt={salt}"]
            arms = load_scenario("smoke", sets=both), load_scenario("smoke", sets=[*both, *B])
            out = Path(scratch) / str(salt)
            replay(arms[0], world, out, force=False, against=arms[1])
            rows = json.loads((out / "results.json").read_text())["ab"]["rows"]
            for row in rows:
                found.setdefault(row["metric"], []).append(row["variance_ratio"])
            said = ", ".join(f"{row['metric']} {row['variance_ratio']:.1f}" for row in rows)
            print(
                f"seed {salt}: {said}; {rows[0]['users']} users, {time.process_time() - started:.0f} CPU s", flush=True
            )
    for metric, ratios in found.items():
        logs = np.log(ratios)
        half = t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs)) if len(logs) > 1 else np.nan
        low, middle, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
        print(f"{metric}: {middle:.1f} [{low:.1f}, {high:.1f}], {len(logs)} seeds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2:])
