"""The whole replay on a small shop."""

from __future__ import annotations

from pathlib import Path

import orjson
import polars as pl
import pytest
from shop_world import DAYS, PRODUCTS, USERS, write_shop

from recsim.dataset import Dataset
from recsim.errors import BadInput
from recsim.replay import engine
from recsim.runs import MEASURED, read_manifest
from recsim.scenario import Scenario
from recsim.scenario.load import validate


def shop_scenario(**sections: object) -> Scenario:
    tree = {
        "name": "shop", "users": {"count": USERS}, "products": {"count": PRODUCTS, "categories": 4},
        "calendar": {"days": DAYS}, "requests": {"share": 1.0}, "training": {"factors": 8, "iterations": 5},
        "ranking": {"slate": 5, "candidates": 20}, "evaluation": {"bootstrap": 100}, **sections,
    }  # fmt: skip
    return validate(tree, place="test")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_shop(tmp_path_factory.mktemp("worlds") / "shop")


@pytest.fixture(scope="module")
def run(shop: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "shop"
    engine.replay(shop_scenario(), shop, out, force=False)
    return out


def results(run: Path) -> dict:  # type: ignore[type-arg]
    return orjson.loads((run / "results.json").read_bytes())


def values(run: Path, metric: str, surface: str) -> list[float]:
    rows = results(run)["quality"]
    return [row["value"] for row in rows if row["metric"] == metric and row["surface"] == surface]


def test_every_event_is_accounted_for_and_every_invariant_holds(run: Path) -> None:
    found = results(run)
    assert found["events"]["read"] == found["events"]["kept"] == USERS * DAYS * 8 + USERS
    assert [row for row in found["invariants"] if not row["holds"]] == []
    assert len(found["invariants"]) == 13


def test_every_implied_request_is_made(run: Path) -> None:
    made = results(run)["requests"]
    assert made["by_surface"] == {
        "because": 900, "bought": 900, "cart": 180, "home": 180, "product": 900, "search": 60, "search_based": 60,
    }  # fmt: skip
    assert made["made"] == made["planned"] == 3_180


def test_one_hop_a_box_is_recorded_and_the_hops_add_up_to_the_request(run: Path) -> None:
    calls = pl.read_parquet(run / MEASURED / "calls.parquet")
    searches = calls.filter(pl.col("operation").cast(pl.String) == "/v1/search")["request_id"]
    hops = calls.filter(pl.col("request_id") == searches[-1])["component"].cast(pl.String).to_list()
    assert sorted(hops) == [
        "feature_store", "gateway", "load_balancer", "product_index", "product_store", "quota", "reranker",
        "retrieval", "search",
    ]  # fmt: skip
    scraped = (run / MEASURED / "metrics.openmetrics").read_text()
    assert 'recsim_hops_total{component="gateway"' in scraped
    assert scraped.endswith("# EOF\n")
    measured = orjson.loads((run / MEASURED / "measured.json").read_bytes())
    end_to_end = next(row for row in measured["latency"] if row["component"] == "end_to_end")
    assert end_to_end["calls"] == 3_180 + 180
    asked = calls.filter(pl.col("request_id") > 0)["service_us"].sum()
    assert end_to_end["mean_ms"] == pytest.approx(asked / 3_360 / 1e3, rel=1e-3)


def test_the_first_day_serves_what_trends_and_later_days_the_department(run: Path) -> None:
    shown = pl.read_parquet(run / "impressions")
    day = pl.col("event_timestamp").dt.date().cast(pl.String)
    source = pl.col("source").cast(pl.String)
    first = shown.filter((day == "2025-01-02") & (pl.col("surface") == "home"))
    assert set(first["source"].cast(pl.String)) == {"trending"}
    assert first["event_timestamp"].min().hour == 2
    later = shown.filter((day == "2025-01-04") & (pl.col("surface") == "home") & (pl.col("rank") <= 3))
    assert (later["user_id"] % 4 == later["product_id"] % 4).mean() > 0.9
    assert {"model", "viewed", "similar", "keyword"} <= set(shown.filter(day > "2025-01-02").select(source)["source"])


def test_quality_rises_once_a_model_serves(run: Path) -> None:
    recall = values(run, "recall@5", "product")
    assert recall[1] > recall[0] + 0.15


def test_impressions_have_propensity_one_and_ranks_from_one(run: Path) -> None:
    shown = pl.read_parquet(run / "impressions")
    assert shown["propensity"].unique().to_list() == [1.0]
    assert shown.group_by("request_id").agg(pl.col("rank").max() == pl.len())["rank"].all()


def test_models_serve_from_midnight_on_and_say_what_they_were_trained_on(run: Path) -> None:
    models = results(run)["models"]
    assert [row["promoted"] for row in models] == [f"2025-01-0{day}T00:00:00Z" for day in (3, 4, 5)]
    assert models[1]["lineage"]["days"] == ["2025-01-02", "2025-01-03"]
    assert models[0]["index_recall@20"] == 1.0
    assert sorted(path.name for path in (run / "models").glob("*/products.npy")) == ["products.npy"] * 2


def test_the_same_scenario_and_world_give_the_same_bytes(run: Path, shop: Dataset, tmp_path: Path) -> None:
    engine.replay(shop_scenario(), shop, tmp_path / "again", force=False)
    first, second = read_manifest(run), read_manifest(tmp_path / "again")
    assert first.outputs == second.outputs
    assert first.identity == second.identity


def test_real_stores_behind_urls_give_the_same_results(run: Path, shop: Dataset, tmp_path: Path) -> None:
    stores = {"features": "fakeredis:", "quotas": "fakeredis:", "products": "mongomock:"}
    engine.replay(shop_scenario(stores=stores, requests={"share": 0.3}), shop, tmp_path / "fakes", force=False)
    engine.replay(shop_scenario(requests={"share": 0.3}), shop, tmp_path / "embedded", force=False)
    assert results(tmp_path / "fakes") == results(tmp_path / "embedded")


def test_softmax_logs_propensities_below_one_and_another_order(run: Path, shop: Dataset, tmp_path: Path) -> None:
    ranking = {"slate": 5, "candidates": 20, "policy": "softmax", "temperature": 0.5}
    engine.replay(shop_scenario(ranking=ranking), shop, tmp_path / "soft", force=False)
    shown = pl.read_parquet(tmp_path / "soft" / "impressions")
    assert shown["propensity"].min() > 0
    assert shown.filter(pl.col("rank") == 1)["propensity"].max() < 1
    assert shown["product_id"].to_list() != pl.read_parquet(run / "impressions")["product_id"].to_list()


def test_a_tight_quota_refuses_and_no_invariant_breaks(shop: Dataset, tmp_path: Path) -> None:
    gateway = {"requests_per_minute": 6.0, "burst": 2}
    engine.replay(shop_scenario(gateway=gateway), shop, tmp_path / "tight", force=False)
    found = results(tmp_path / "tight")
    assert found["requests"]["outcomes"]["product"]["over-quota"] == 900 - 2 * 180
    assert all(row["holds"] for row in found["invariants"])


def test_a_limit_thins_a_day_to_a_subset_of_its_requests(shop: Dataset, tmp_path: Path) -> None:
    engine.replay(shop_scenario(requests={"share": 1.0, "limit_per_day": 50}), shop, tmp_path / "few", force=False)
    made = results(tmp_path / "few")["requests"]
    assert 140 <= made["made"] == made["planned"] <= 150


def test_a_world_without_truth_is_judged_without_it(tmp_path: Path) -> None:
    world = write_shop(tmp_path / "plain", truth=False)
    engine.replay(shop_scenario(), world, tmp_path / "run", force=False)
    assert {row["metric"] for row in results(tmp_path / "run")["quality"]} == {"recall@5", "ndcg@5", "hit@5"}


def test_a_world_without_events_is_refused_and_nothing_is_written(shop: Dataset, tmp_path: Path) -> None:
    bare = Dataset(shop.path, shop.manifest.model_copy(update={"outputs": {}}))
    with pytest.raises(BadInput, match=r"nothing to replay; name another --world"):
        engine.replay(shop_scenario(), bare, tmp_path / "run", force=False)
    assert not (tmp_path / "run").exists()


def test_identity_changes_with_the_scenario_and_the_world(shop: Dataset) -> None:
    first = engine.identity(shop_scenario(), shop)
    assert first != engine.identity(shop_scenario(seed=2), shop)
    assert first == engine.identity(shop_scenario(), Dataset.open(shop.path))


def test_the_estimate_counts_the_worlds_own_events(shop: Dataset) -> None:
    estimate = engine.estimate(shop_scenario(), shop)
    assert estimate["events"] == shop.manifest.facts["events"]
    assert estimate["requests"] <= estimate["events"]
    assert engine.estimate(shop_scenario(), None)["days"] == DAYS
