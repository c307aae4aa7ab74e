"""Finished runs side by side: whether data, split, definitions or models moved the number, and for how many users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from recsim.errors import BadInput
from recsim.evaluate.rescore import read_evaluation
from recsim.evaluate.statistics import Sampling
from recsim.metrics.significance import Difference, compare, holm
from recsim.runs import Manifest, Stopwatch, read_document, seal, staged, write_json
from recsim.scenario.model import digest

VERB = "compare"

_MODELS = frozenset({"recommenders", "metrics", "seeds", "bootstrap", "test", "segments", "split"})
"""Keys of [evaluation] that don't change what is judged."""


@dataclass(frozen=True)
class Finished:
    """A run as it is compared; `label` tells it apart in tables."""

    label: str
    path: Path
    manifest: Manifest
    results: Mapping[str, Any]

    @property
    def definitions(self) -> dict[str, str]:
        return {row["metric"]: row["formula"] for row in self.results["metrics"]}

    @property
    def leader(self) -> str:
        return str(self.results["leaderboard"][0]) if self.results["leaderboard"] else ""

    def asked(self) -> dict[str, Any]:
        """Keys of [evaluation] that change what is judged, and the seed."""
        scenario = self.manifest.scenario or {}
        evaluation = scenario.get("evaluation", {})
        return {"seed": self.results["seed"]} | {key: evaluation[key] for key in evaluation if key not in _MODELS}

    def score(self, name: str, metric: str) -> Mapping[str, Any] | None:
        for row in self.results["scores"]:
            if (row["recommender"], row["metric"], row["segment"]) == (name, metric, "all"):
                found: Mapping[str, Any] = row
                return found
        return None


def open_runs(paths: Sequence[Path]) -> list[Finished]:
    """The runs to compare, at least two; raises `BadInput`."""
    if len(paths) < 2:
        raise BadInput("--compare needs two runs or more; name them one after the other.")
    if len({path.resolve() for path in paths}) < len(paths):
        raise BadInput("--compare was given the same run twice; name different ones.")
    manifests = [read_evaluation(path) for path in paths]
    labels = [chr(ord("A") + at) if at < 26 else f"run {at + 1}" for at in range(len(paths))]
    return [
        Finished(label, path, manifest, read_document(path / "results.json"))
        for label, path, manifest in zip(labels, paths, manifests, strict=True)
    ]


def identity(paths: Sequence[Path]) -> str:
    """What a comparison depends on, as one hash."""
    return digest({"verb": VERB, "runs": [run.manifest.identity for run in open_runs(paths)]})


def compare_runs(paths: Sequence[Path], out: Path, *, force: bool) -> Manifest:
    """Write a comparison as a run of its own."""
    watch = Stopwatch()
    found = open_runs(paths)
    mark = identity(paths)
    with staged(out, identity=mark, resume=False, force=force) as directory:
        document = results(found)
        write_json(directory / "results.json", document)
        return seal(
            directory, kind="run", verb=VERB, name="compare", identity=mark, scenario=None,
            arguments={"runs": [str(path) for path in paths]}, facts={"verdict": document["verdict"]},
            inputs={run.label: run.manifest.identity for run in found}, watch=watch,
        )  # fmt: skip


def results(found: Sequence[Finished]) -> dict[str, Any]:
    """The comparison as a document."""
    differs = what_differs(found)
    common = [name for name in found[0].definitions if all(name in run.definitions for run in found)]
    same = [name for name in common if len({run.definitions[name] for run in found}) == 1]
    blocking = [row for row in differs if row["kind"] in ("data", "split")]
    pairs = [] if blocking else _pairs(found)
    rows = [row for metric in same for row in _differences(pairs, metric)] if pairs else []
    return {
        "verb": VERB,
        "runs": [_run_row(run) for run in found],
        "differs": differs,
        "verdict": _verdict(differs, blocking, rows),
        "metrics": [{"metric": name, "formula": found[0].definitions[name]} for name in common],
        "scores": [row for run in found for row in _score_rows(run, common)],
        "differences": rows,
    }


def what_differs(found: Sequence[Finished]) -> list[dict[str, Any]]:
    """A row a thing that is not the same in all runs; `kind` is data, split, definition, model or program."""
    rows: list[dict[str, Any]] = []

    def add(kind: str, what: str, values: list[Any]) -> None:
        if any(value != values[0] for value in values[1:]):
            rows.append({"kind": kind, "what": what, "values": [str(value) for value in values]})

    worlds = [f"{run.results['world']} {run.manifest.inputs.get('world', '')[:8]}" for run in found]
    add("data", "world", worlds)
    for key in sorted({key for run in found for key in run.results["split"]}):
        add("split", key.replace("_", " "), [run.results["split"].get(key, "–") for run in found])
    for key in sorted({key for run in found for key in run.asked()}):
        if key != "seed" or found[0].results["split"]["kind"] in ("random", "k-fold"):
            add("split", f"evaluation.{key}" if key != "seed" else key, [run.asked().get(key, "–") for run in found])
    for key in ("candidates", "judged_on", "seen_products", "users"):
        add("split", key.replace("_", " "), [run.results["protocol"].get(key, "–") for run in found])
    add("definition", "ties", [run.results["protocol"]["ties"] for run in found])
    for name in found[0].definitions:
        if all(name in run.definitions for run in found):
            add("definition", name, [run.definitions[name] for run in found])
    add("definition", "metrics", [", ".join(run.definitions) for run in found])
    add("model", "recommenders", [", ".join(sorted(run.results["leaderboard"])) for run in found])
    add("model", "seeds", [f"{run.results['seed']}, {run.results['protocol']['model_seeds']} of them" for run in found])
    add("program", "recsim", [run.manifest.recsim_version for run in found])
    return rows


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    values: pl.DataFrame


def _pairs(found: Sequence[Finished]) -> list[_Pair]:
    """Every recommender of the first run with its namesake in each other run, and leader with leader."""
    tables = [_per_user(run) for run in found]
    if any(table is None for table in tables):
        return []
    pairs = []
    for other, theirs in zip(found[1:], tables[1:], strict=True):
        mine = tables[0]
        assert mine is not None, "all runs keep values a user"
        assert theirs is not None, "all runs keep values a user"
        names = [(name, name) for name in found[0].results["leaderboard"] if name in other.results["leaderboard"]]
        leaders = (found[0].leader, other.leader)
        if all(leaders) and leaders not in names:
            names.append(leaders)
        for first, second in names:
            keys = [key for key in ("task", "user_id", "case") if key in mine.columns and key in theirs.columns]
            left, right = (
                table.filter(pl.col("recommender") == name).drop("recommender")
                for table, name in ((mine, first), (theirs, second))
            )
            joined = left.join(right, on=keys, suffix=" of the second").sort(keys)
            pairs.append(_Pair(f"{found[0].label}: {first}", f"{other.label}: {second}", joined))
    return pairs


def _per_user(run: Finished) -> pl.DataFrame | None:
    path = run.path / "per_user.parquet"
    return pl.read_parquet(path).with_columns(pl.col("recommender").cast(pl.String)) if path.is_file() else None


def _differences(pairs: Sequence[_Pair], metric: str) -> list[dict[str, Any]]:
    """The pairs on one metric, the second minus the first; Holm's correction is over them."""
    found: list[tuple[Difference, str]] = []
    for pair in pairs:
        if metric not in pair.values.columns or not len(pair.values):
            continue
        columns = pair.values.select("user_id", first=metric, second=f"{metric} of the second")
        columns = columns.drop_nulls().group_by("user_id").mean().sort("user_id")
        values = columns.select("second", "first").to_numpy().astype(np.float64)
        users = columns["user_id"].to_numpy()
        test = Sampling(0, 0, "randomisation").test_for(len(users))
        found += [
            (row, test) for row in compare(values, users, [pair.second, pair.first], metric=metric, seed=0, test=test)
        ]
    corrected = holm(np.array([row.p for row, _ in found]))
    return [
        {**asdict(replace(row, p_holm=float(p))), "test": test} for (row, test), p in zip(found, corrected, strict=True)
    ]


def _run_row(run: Finished) -> dict[str, Any]:
    return {
        "label": run.label,
        "run": str(run.path),
        "world": run.results["world"],
        "split": run.results["split"]["kind"],
        "users": run.results["split"]["users"],
        "leader": run.leader,
        "seed": run.results["seed"],
    }


def _score_rows(run: Finished, metrics: Sequence[str]) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(row["recommender"] for row in run.results["scores"]))
    rows = []
    for name in names:
        for metric in metrics:
            row = run.score(name, metric)
            if row is not None:
                kept = {key: row[key] for key in ("metric", "segment", "value", "low", "high", "users")}
                rows.append({"recommender": f"{run.label}: {name}", **kept})
    return rows


def _verdict(
    differs: Sequence[Mapping[str, Any]],
    blocking: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
) -> str:
    if blocking:
        kinds = " and ".join(dict.fromkeys(row["kind"] for row in blocking))
        named = ", ".join(dict.fromkeys(row["what"] for row in blocking))
        return f"The {kinds} differ ({named}), so the figures answer different questions and no user is paired."
    if not rows:
        return "The runs judge the same users, but have no recommender and metric in common with values kept a user."
    moved = [row for row in rows if row["p_holm"] < 0.05]
    kinds = " and ".join(dict.fromkeys(row["kind"] for row in differs if row["kind"] != "program")) or "nothing"
    if not moved:
        return f"Same data, same split; {kinds} may differ, but no paired difference is significant after Holm."
    largest = max(moved, key=lambda row: abs(row["difference"]))
    return (
        f"Same data, same split; {len(moved)} of {len(rows)} paired differences are significant after Holm, the "
        f"largest {largest['metric']} of {largest['first']} minus {largest['second']}: {largest['difference']:+.4f}."
    )
