"""A plan that takes its constants from a replay."""

from __future__ import annotations

import json

import pytest

from recsim.capacity.engine import identity, plan, results_of
from recsim.capacity.replay_run import read_replay
from recsim.errors import BadInput
from recsim.runs import MEASURED, Stopwatch, seal, staged, write_json
from recsim.scenario import load_scenario


def hop(component, calls, mean_ms):
    return {"component": component, "calls": calls, "mean_ms": mean_ms, "p50_ms": mean_ms, "provenance": "measured"}


LATENCY = [
    hop("gateway", 1_000, 0.2),
    hop("search", 400, 1.0),
    hop("recommendation", 1_000, 0.6),
    hop("reranker", 1_000, 0.5),
    hop("product_index", 400, 4.0),
    hop("retrieval", 1_000, 0.25),
]
RESULTS = {
    "verb": "replay",
    "world": "shop",
    "events": {"read": 9_000},
    "stream": {"sessions": 500},
    "requests": {"by_surface": {"home": 100, "search": 200, "product": 500, "cart": 25}},
    "models": [{"products": 120_000, "index": "IVF1384,Flat"}],
}
MEASURES = {"latency": LATENCY, "stream": {"events_per_cpu_s": 1_000_000.0}}
WORLD_FACTS = {
    "products": 120_000,
    "events_by_type": {"view_product": 5_000, "search_query": 1_000, "add_to_cart": 100, "purchase": 40},
}


def sealed(path, *, kind="run", verb="replay", facts=None, results=None, measured=None, identity="a" * 64, inputs=None):
    with staged(path, identity=identity, resume=False, force=True) as directory:
        if results is not None:
            write_json(directory / "results.json", results)
        if measured is not None:
            write_json(directory / MEASURED / "measured.json", measured)
        seal(
            directory,
            kind=kind,
            verb=verb,
            name="shop",
            identity=identity,
            scenario=None,
            arguments={"world": "shop"},
            facts=facts or {},
            inputs=inputs or {},
            watch=Stopwatch(),
        )
    return path


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSIM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def replay(tmp_path):
    return sealed(tmp_path / "replay", results=RESULTS, measured=MEASURES, inputs={"world": "w" * 64})


def planned(path, name="10m"):
    return results_of(load_scenario(name), read_replay(path), audit=False)


def replaced(path, name="10m"):
    return {row["constant"]: row for row in planned(path, name)["replaced"]}


def test_core_times_of_the_hops_replace_the_assumed_ones(replay):
    found = {name: row["measured"] for name, row in replaced(replay).items()}
    assert found["gateway_rps_per_core"] == pytest.approx(5_000)
    assert found["app_cpu_ms"] == pytest.approx((400 * 1.0 + 1_000 * 0.6) / 1_000)
    assert found["ranker_cpu_ms"] == 0.5
    assert found["search_cpu_ms"] == 4.0
    assert found["ivf_qps_100k"] == pytest.approx(4_000)
    assert found["stream_events_per_s_core"] == 1_000_000


def test_a_replaced_constant_is_fixed_measured_and_named_with_its_run(replay):
    row = next(r for r in planned(replay)["constants"] if r["constant"] == "ranker_cpu_ms")
    assert (row["low"], row["mid"], row["high"], row["provenance"]) == (0.5, 0.5, 0.5, "measured")
    assert row["source"] == "in-process core time of the reranker hop, 1,000 calls, replay of shop, aaaaaaaa"
    assert replaced(replay)["ranker_cpu_ms"]["assumed"] == 1


def test_a_constant_the_scenario_sets_stays(replay):
    scenario = load_scenario("10m", sets=["capacity.ranker_cpu_ms=2"])
    document = results_of(scenario, read_replay(replay), audit=False)
    assert "ranker_cpu_ms" not in {row["constant"] for row in document["replaced"]}
    assert {"constant": "ranker_cpu_ms", "reason": "the scenario sets it; the run has 0.5"} in document["unused"]


def test_an_estimate_says_which_of_its_inputs_were_measured(replay):
    rows = {(row["component"], row["quantity"]): row for row in planned(replay)["estimates"]}
    ranker = rows["reranker", "vCPU"]
    assert ranker["measured_inputs"] == ["ranker_cpu_ms"]
    assert ranker["measured_share"] == pytest.approx(1 / len(ranker["inputs"]), rel=1e-4)
    assert ranker["provenance"] == "modelled"
    assert rows["object_storage", "videos"]["measured_inputs"] == []


def test_a_measurement_moves_the_plan(replay):
    rows = {(row["component"], row["quantity"]): row["value"] for row in planned(replay)["estimates"]}
    assert rows["gateway", "vCPU"] == pytest.approx(
        rows["traffic", "requests, event peak"] / 5_000 / 0.6 * 1.5, rel=1e-5
    )
    assert rows["stream_processor", "slots"] == 1


def test_hops_that_grow_with_the_catalogue_count_only_near_the_plans_size(tmp_path):
    few = {**RESULTS, "models": [{"products": 500, "index": "Flat"}]}
    path = sealed(tmp_path / "replay", results=few, measured=MEASURES)
    assert not {"search_cpu_ms", "ivf_qps_100k"} & replaced(path).keys()
    assert {row["constant"] for row in planned(path)["unused"]} == {"search_cpu_ms", "ivf_qps_100k"}


def test_behaviour_of_a_generated_world_is_modelled_and_not_measured(replay):
    row = replaced(replay)["carts_per_view"]
    assert (row["measured"], row["provenance"]) == (0.05, "modelled")
    assert "sampled requests" in row["source"]
    assert "carts_per_view" not in {name for r in planned(replay)["estimates"] for name in r["measured_inputs"]}


def test_behaviour_of_an_imported_world_is_measured_in_its_log(replay, data_dir):
    sealed(data_dir / "shop", kind="world", verb="import", facts=WORLD_FACTS, identity="w" * 64)
    found = replaced(replay)
    assert found["carts_per_view"]["measured"] == 0.02
    assert found["purchases_per_view"]["measured"] == 0.008
    assert found["pages_per_session"]["measured"] == pytest.approx((500 + 5_000 + 1_000 + 100) / 500)
    assert {found[name]["provenance"] for name in ("carts_per_view", "pages_per_session")} == {"measured"}


def test_a_world_that_is_not_the_replayed_one_is_not_read(replay, data_dir):
    sealed(data_dir / "shop", kind="world", verb="import", facts=WORLD_FACTS, identity="x" * 64)
    assert "purchases_per_view" not in replaced(replay)


def test_a_run_without_measurements_replaces_nothing(tmp_path):
    path = sealed(tmp_path / "replay", results={"verb": "replay"})
    assert replaced(path) == {}


@pytest.mark.parametrize(
    "measured",
    [
        {"latency": "none"},
        {"latency": [None, 3, {"component": 7}, {"component": "gateway"}, hop("gateway", 0, 0.0)]},
        {"latency": [{"component": "gateway", "calls": "many", "mean_ms": None}], "stream": []},
        {"stream": {"events_per_cpu_s": -1.0}},
    ],
)
def test_parts_of_a_run_that_make_no_sense_are_left_alone(tmp_path, measured):
    path = sealed(tmp_path / "replay", results={"events": [], "models": {}}, measured=measured)
    assert replaced(path) == {}


def test_only_a_replay_is_taken(tmp_path):
    world = sealed(tmp_path / "world", kind="world", verb="generate", results={})
    other = sealed(tmp_path / "other", verb="evaluate", results={})
    for path, what in ((world, "is a world"), (other, "was made by `recsim evaluate`")):
        with pytest.raises(BadInput, match=what):
            identity(load_scenario("10m"), audit=False, from_run=path)
        with pytest.raises(BadInput, match=what):
            plan(load_scenario("10m"), tmp_path / "plan", audit=False, from_run=path, force=False)
    assert not (tmp_path / "plan").exists()


def test_a_directory_that_is_no_run_and_documents_that_are_no_json_are_refused(tmp_path, replay):
    with pytest.raises(BadInput, match="does not exist"):
        read_replay(tmp_path / "nowhere")
    (replay / MEASURED / "measured.json").write_text("{")
    with pytest.raises(BadInput, match=r"measured.json can't be read"):
        read_replay(replay)
    (replay / MEASURED / "measured.json").write_text("[]")
    with pytest.raises(BadInput, match="is not a JSON object"):
        read_replay(replay)


def test_another_measurement_is_another_plan(tmp_path, replay):
    scenario = load_scenario("10m")
    before = identity(scenario, audit=False, from_run=replay)
    file = replay / MEASURED / "measured.json"
    file.write_text(json.dumps({**MEASURES, "stream": {"events_per_cpu_s": 9.0}}))
    assert identity(scenario, audit=False, from_run=replay) != before


def test_a_calibrated_plan_records_the_run_it_came_from(tmp_path, replay):
    manifest = plan(load_scenario("10m"), tmp_path / "plan", audit=False, from_run=replay, force=False)
    assert manifest.inputs["replay"] == "a" * 64
    assert manifest.arguments == {"audit": False, "from_run": str(replay)}
    assert manifest.facts["replaced"] == len(replaced(replay))


def test_bytes_an_event_of_the_lake_are_measured_on_files_that_are_not_all_header(tmp_path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    for rows, known in ((20_000, True), (100, False)):
        path = tmp_path / f"replay-{rows}"
        with staged(path, identity="b" * 64, resume=False, force=False) as directory:
            write_json(directory / "results.json", {})
            (directory / "lake").mkdir()
            table = pa.table({"x": np.random.default_rng(1).integers(0, 2**62, rows)})
            pq.write_table(table, directory / "lake" / "part-0000.parquet", use_dictionary=False)
            seal(
                directory,
                kind="run",
                verb="replay",
                name="shop",
                identity="b" * 64,
                scenario=None,
                arguments={},
                facts={},
                inputs={},
                watch=Stopwatch(),
            )
        found = replaced(path)
        assert ("lake_compression" in found) is known
    assert replaced(tmp_path / "replay-20000")["lake_compression"]["measured"] == pytest.approx(350 / 8, rel=0.02)
