"""Plan the capacity of a scenario: every figure of the design's table, and every figure the table omits.

The result is a function of (scenario, the replay it is calibrated with, version). Nothing of it is timed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recsim import __version__
from recsim.capacity.audit import audit_rows
from recsim.capacity.calibration import Calibration, calibrate
from recsim.capacity.design import design_sizes, table_rows
from recsim.capacity.forecast import Forecast, Size, estimate_rows, forecast, significant
from recsim.capacity.replay_run import ReplayRun, inputs, read_replay
from recsim.capacity.sensitivity import sensitivity_rows
from recsim.demand.lineage import inputs_of
from recsim.demand.sampling import SAMPLES, draw
from recsim.demand.total import NOT_COUNTED
from recsim.progress import Progress, silent
from recsim.runs import Manifest, Stopwatch, seal, staged, write_json
from recsim.scenario import Scenario
from recsim.scenario.activity import daily_active, registered
from recsim.scenario.demand import Capacity
from recsim.scenario.model import digest

VERB = "capacity-plan"


def identity(scenario: Scenario, *, audit: bool, from_run: Path | None) -> str:
    """sha256 of everything the results depend on; raises `BadInput` where `from_run` is not a replay."""
    return _identity(scenario, audit, read_replay(from_run) if from_run else None)


def _identity(scenario: Scenario, audit: bool, run: ReplayRun | None) -> str:  # noqa: FBT001 - private
    return digest(
        {
            "verb": VERB,
            "version": __version__,
            "scenario": scenario.hash(),
            "constants": _tables(scenario.capacity),
            "audit": audit,
            "from": inputs(run) if run else None,
        }
    )


def estimate(scenario: Scenario) -> dict[str, Any]:
    """What a plan would write and take; a plan's size does not depend on the scenario's.

    Bytes, time and memory were measured on `10m --audit`: `python tests/bench/bench_capacity.py plan`.
    """
    return {
        "rows": len(inputs_of(scenario.capacity)),
        "samples": SAMPLES,
        "bytes": 240_000,
        "minutes": 0.01,
        "memory_bytes": 200_000_000,
    }


def plan(
    scenario: Scenario,
    out: Path,
    *,
    audit: bool,
    from_run: Path | None,
    force: bool,
    progress: Progress = silent,
) -> Manifest:
    """Write the run directory of a plan; raises `BadInput`."""
    watch = Stopwatch()
    run = read_replay(from_run) if from_run else None
    name = _identity(scenario, audit, run)
    with staged(out, identity=name, resume=False, force=force) as directory:
        results = results_of(scenario, run, audit=audit, progress=progress)
        write_json(directory / "results.json", results)
        total = next(row for row in results["estimates"] if (row["component"], row["quantity"]) == ("cost", "total"))
        return seal(
            directory,
            kind="run",
            verb=VERB,
            name=scenario.name,
            identity=name,
            scenario=scenario.resolved(),
            arguments={"audit": audit, "from_run": str(from_run) if from_run else None},
            facts={
                "daily_active": results["daily_active"],
                "products": results["products"],
                "estimates": len(results["estimates"]),
                "replaced": len(results["replaced"]),
                "usd_per_year": total["value"],
            },
            inputs=inputs(run) if run else {},
            watch=watch,
        )


def results_of(
    scenario: Scenario, run: ReplayRun | None, *, audit: bool, progress: Progress = silent
) -> dict[str, Any]:
    """The `results.json` of a plan."""
    size = Size(daily_active(scenario.users), registered(scenario.users), scenario.products.count)
    calibration = calibrate(scenario.capacity, run, products=size.products) if run else _as_given(scenario.capacity)
    capacity = calibration.capacity
    progress("sample", 0, SAMPLES, "samples")
    trials = draw(capacity, seed=scenario.seed)
    progress("sample", SAMPLES, SAMPLES, "samples")
    behind = inputs_of(capacity)
    sizes = (size, *design_sizes(size.registered / size.daily_active))
    computed: list[Forecast] = []
    for done, each in enumerate(sizes):
        progress("demand", done, len(sizes), "sizes")
        computed.append(forecast(each, trials, capacity, behind))
    progress("demand", len(sizes), len(sizes), "sizes")
    planned, first, second = computed
    results = {
        "verb": VERB,
        "scenario": scenario.name,
        "daily_active": significant(size.daily_active),
        "registered": size.registered,
        "products": size.products,
        "samples": SAMPLES,
        "not_counted": NOT_COUNTED,
        "estimates": estimate_rows(planned, behind, calibration.measured),
        "design": table_rows(first, second),
        "sensitivity": sensitivity_rows(planned),
        "constants": constant_rows(capacity),
        "replaced": list(calibration.replaced),
        "unused": list(calibration.unused),
    }
    return {**results, "audit": audit_rows(first, second)} if audit else results


def _as_given(capacity: Capacity) -> Calibration:
    return Calibration(capacity, (), ())


def constant_rows(capacity: Capacity) -> list[dict[str, Any]]:
    """Every constant with its interval, its unit, its meaning and where it comes from."""
    fields = Capacity.model_fields
    return [
        {"constant": name, "meaning": fields[name].description, **table} for name, table in _tables(capacity).items()
    ]


def _tables(capacity: Capacity) -> dict[str, dict[str, Any]]:
    return {name: constant.model_dump(mode="json") for name, constant in capacity.constants()}
