"""A capacity plan as a run directory."""

from __future__ import annotations

import json
import math

import pytest

from recsim.capacity.engine import estimate, identity, plan, results_of
from recsim.errors import BadInput
from recsim.runs import read_manifest
from recsim.scenario import load_scenario
from recsim.scenario.activity import daily_active

COLUMNS = {"component", "quantity", "value", "low", "high", "unit", "provenance", "source"}


def results(*sets, name="10m", seed=None):
    return results_of(load_scenario(name, sets=sets, seed=seed), None, audit=False)


def figure(document, component, quantity):
    return next(r for r in document["estimates"] if (r["component"], r["quantity"]) == (component, quantity))


def test_a_plan_is_a_sealed_run_directory(tmp_path):
    manifest = plan(load_scenario("10m"), tmp_path / "plan", audit=True, from_run=None, force=False)
    assert read_manifest(tmp_path / "plan") == manifest
    assert (manifest.kind, manifest.verb, list(manifest.outputs)) == ("run", "capacity-plan", ["results.json"])
    document = json.loads((tmp_path / "plan" / "results.json").read_text())
    assert (document["verb"], document["scenario"], document["daily_active"]) == ("capacity-plan", "10m", 10e6)
    assert "audit" in document
    assert not list(tmp_path.glob(".*"))


def test_the_same_plan_twice_has_the_same_bytes(tmp_path):
    scenario = load_scenario("100m")
    one, two = (plan(scenario, tmp_path / n, audit=True, from_run=None, force=False) for n in ("one", "two"))
    assert one.outputs == two.outputs
    assert one.identity == two.identity == identity(scenario, audit=True, from_run=None)


def test_a_plan_that_exists_is_not_overwritten_without_force(tmp_path):
    scenario = load_scenario("10m")
    plan(scenario, tmp_path / "plan", audit=False, from_run=None, force=False)
    with pytest.raises(BadInput, match="exists already"):
        plan(scenario, tmp_path / "plan", audit=False, from_run=None, force=False)
    plan(scenario, tmp_path / "plan", audit=False, from_run=None, force=True)


def test_identity_depends_on_the_constants_the_seed_and_the_audit():
    scenario = load_scenario("10m")
    changed = load_scenario("10m", sets=["capacity.event_day=4"])
    names = {
        identity(scenario, audit=False, from_run=None),
        identity(scenario, audit=True, from_run=None),
        identity(changed, audit=False, from_run=None),
        identity(load_scenario("10m", seed=2), audit=False, from_run=None),
    }
    assert len(names) == 4


def test_every_estimate_has_its_interval_and_says_where_it_comes_from():
    for row in results()["estimates"]:
        assert row.keys() >= COLUMNS
        assert row["low"] <= row["value"] <= row["high"]
        assert row["provenance"] == "modelled"
        assert row["source"]
        assert row["measured_inputs"] == []


def test_another_seed_moves_intervals_and_no_plan():
    one, two = results(seed=1), results(seed=2)
    assert [row["value"] for row in one["estimates"]] == [row["value"] for row in two["estimates"]]
    assert one["estimates"] != two["estimates"]
    for first, second in zip(one["estimates"], two["estimates"], strict=True):
        if first["component"] in ("traffic", "gateway", "app", "edge_cache", "push"):
            assert second["high"] == pytest.approx(first["high"], rel=0.12)


def test_the_interval_of_one_lognormal_input_is_its_own():
    row = figure(results(), "traffic", "sessions per day")
    assert (row["low"], row["high"]) == (pytest.approx(11e6, rel=0.002), pytest.approx(22e6, rel=0.002))


def test_whole_machines_stay_whole_in_their_intervals():
    for row in results(name="100m")["estimates"]:
        if row["unit"] in ("nodes", "shards", "brokers", "partitions", "prefixes", "slots"):
            assert all(float(row[key]).is_integer() for key in ("low", "value", "high")), row


def test_the_scenarios_users_and_products_drive_the_demand():
    small = results(name="small")
    active = daily_active(load_scenario("small").users)
    assert small["daily_active"] == pytest.approx(active)
    assert figure(small, "traffic", "requests per day")["value"] == pytest.approx(active * 11.2 * 4, rel=1e-5)
    assert figure(small, "object_storage", "videos")["value"] == 30_000


def test_the_binding_limit_of_a_row_is_named():
    assert figure(results(name="100m"), "product_store", "shards")["binding"] == "working set"
    assert figure(results(name="100m"), "event_log", "brokers")["binding"] == "disk"
    assert figure(results(), "load_balancer", "LCU, event peak")["binding"] == "bytes"
    assert figure(results(), "gateway", "vCPU")["binding"] is None


def test_the_tornado_names_what_moves_the_bill_most():
    rows = [row for row in results()["sensitivity"] if row["quantity"] == "total"]
    assert len(rows) == 3
    assert rows[0]["constant"] == "pages_per_session"
    assert (rows[0]["change_at_low"], rows[0]["change_at_high"]) == (
        pytest.approx(-0.306, abs=0.01),
        pytest.approx(0.385, abs=0.01),
    )


def test_every_component_has_a_tornado_of_at_most_three():
    document = results()
    found = {}
    for row in document["sensitivity"]:
        found.setdefault((row["component"], row["quantity"]), []).append(abs(row["at_high"] - row["at_low"]))
    assert {component for component, _ in found} == {row["component"] for row in document["estimates"]}
    assert all(len(spans) <= 3 and spans == sorted(spans, reverse=True) for spans in found.values())


def test_a_constant_that_divides_may_not_be_zero():
    with pytest.raises(BadInput, match=r'"nodes of 26 GiB" has no finite value; capacity.redis_ops_per_s may not be 0'):
        results("capacity.redis_ops_per_s=0")


def test_a_cost_can_be_free():
    assert figure(results("capacity.vcpu_usd=0"), "gateway", "cost")["value"] == 0


def test_every_figure_is_finite_for_the_smallest_shop():
    document = results("users.count=1", "products.count=10", "products.categories=2", name="small")
    assert all(math.isfinite(row[key]) for row in document["estimates"] for key in ("value", "low", "high"))


def test_all_constants_are_listed_with_provenance():
    rows = results("capacity.event_day=4")["constants"]
    assert len(rows) > 130
    assert {row["provenance"] for row in rows} == {"measured", "modelled", "vendor", "assumed"}
    changed = next(row for row in rows if row["constant"] == "event_day")
    assert (changed["mid"], changed["source"]) == (4, "set in the scenario")


def test_a_dry_run_knows_the_rows_it_would_write():
    expected = len(results()["estimates"])
    found = estimate(load_scenario("10m"))
    assert found["rows"] == expected
    assert {"bytes", "minutes", "memory_bytes"} <= found.keys()
