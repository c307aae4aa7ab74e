"""The daily batch on a lake of literal events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recsim.components.catalogue import Catalogue
from recsim.components.model_store import ModelStore
from recsim.replay import midnight
from recsim.replay.lake import LakeEvent
from recsim.replay.midnight import DailyBatch
from recsim.runs import write_table
from recsim.scenario.load import validate
from recsim.schema import Review, arrow_schema

Event = tuple[int, str, int | None]
NO_REVIEWS = arrow_schema(Review).empty_table()


def file_day(lake: Path, day: str, *events: Event) -> None:
    rows = [
        {
            "event_id": n, "event_type": kind, "event_timestamp": n, "user_id": user, "product_id": product,
            "session": 1, "session_seconds": 0, "session_clicks": 0, "device": "web", "tenant": "default",
            "region": None, "category_id": None, "price_usd": None,
        }
        for n, (user, kind, product) in enumerate(events)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=arrow_schema(LakeEvent))
    write_table(lake / f"day={day}" / "part-0000.parquet", table, LakeEvent)


def batch(tmp_path: Path, window_days: int = 30) -> DailyBatch:
    scenario = validate({"training": {"window_days": window_days, "factors": 2, "iterations": 2}}, place="test")
    n = 4
    catalogue = Catalogue(
        [f"prod{k}" for k in range(n)], np.ones(n), np.zeros(n, np.int32), ["x"], np.zeros(n, np.int32), ["default"],
        np.array([5, 5, 1, 5]),
    )  # fmt: skip
    return DailyBatch(scenario, catalogue, 3, tmp_path / "lake", ModelStore(tmp_path / "models"))


def test_a_pair_weighs_the_sum_of_its_events_signals(tmp_path: Path) -> None:
    job = batch(tmp_path)
    file_day(
        tmp_path / "lake", "1", (0, "view_product", 1), (0, "view_product", 1), (0, "purchase", 1),
        (2, "add_to_cart", 3), (1, "search_query", None), (1, "upvote", 2),
    )  # fmt: skip
    assert job.take("1", NO_REVIEWS) == 5
    assert job.interactions().toarray().tolist() == [[0, 7, 0, 0], [0, 0, 0, 0], [0, 0, 0, 3]]


def test_a_day_leaves_the_window_and_its_sales_stay_sold(tmp_path: Path) -> None:
    job = batch(tmp_path, window_days=1)
    file_day(tmp_path / "lake", "1", (0, "purchase", 2), (0, "purchase", 2))
    file_day(tmp_path / "lake", "2", (1, "view_product", 0))
    job.take("1", NO_REVIEWS)
    job.take("2", NO_REVIEWS)
    assert job.interactions().nnz == 1
    assert job.signals().stock.tolist() == [5, 5, 0, 5]
    assert job.signals().popular.tolist() == [0]


def test_signals_rank_by_events_and_draw_small_counts_to_the_mean(tmp_path: Path) -> None:
    job = batch(tmp_path)
    views = [(0, "view_product", 1)] * 3 + [(1, "view_product", 0)]
    file_day(tmp_path / "lake", "1", *views, (0, "add_to_cart", 1))
    review = {
        "review_id": 0, "product_id": 3, "user_id": 0, "event_timestamp": 0, "stars": 5.0, "title": None, "text": None,
        "verified": None, "image_count": 0, "video_count": 0, "up_votes": None, "down_votes": None,
    }  # fmt: skip
    job.take("1", pa.Table.from_pylist([review], schema=arrow_schema(Review)))
    signals = job.signals()
    assert signals.popular.tolist() == [1, 0]
    mean = 1 / 4
    expected = [20 * mean / 21, (1 + 20 * mean) / 23, mean, mean]
    assert signals.click_through_rate == pytest.approx(np.array(expected, np.float32))
    assert signals.rating.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_training_registers_promotes_and_gives_vectors_to_those_who_did_something(tmp_path: Path) -> None:
    job = batch(tmp_path)
    file_day(tmp_path / "lake", "1", (0, "view_product", 1), (2, "view_product", 3))
    job.take("1", NO_REVIEWS)
    trained = job.train(now_us=77)
    assert trained is not None
    assert trained.embeddings.any(axis=1).tolist() == [True, False, True]
    assert trained.publication.vectors.any(axis=1).tolist() == [False, True, False, True]
    assert (trained.model.version, trained.model.promoted_us) == (1, 77)
    assert trained.model.lineage["days"] == ["1"]


def test_a_window_without_a_signal_trains_nothing(tmp_path: Path) -> None:
    job = batch(tmp_path)
    file_day(tmp_path / "lake", "1", (0, "search_query", None))
    assert job.take("1", NO_REVIEWS) == 0
    assert job.train(now_us=1) is None
    assert job.signals().popular.tolist() == []


def gate_batch(tmp_path: Path, **training: object) -> DailyBatch:
    """Forty users of two departments of ten products; each views three products of its own department a day."""
    scenario = validate(
        {"training": {"factors": 4, "iterations": 5, "gate_share": 1.0, **training}, "ranking": {"slate": 5}},
        place="test",
    )
    n = 20
    catalogue = Catalogue(
        [f"prod{k}" for k in range(n)], np.ones(n), np.zeros(n, np.int32), ["x"], np.zeros(n, np.int32), ["default"],
        np.full(n, 5),
    )  # fmt: skip
    job = DailyBatch(scenario, catalogue, 40, tmp_path / "lake", ModelStore(tmp_path / "models"))
    for day in ("1", "2"):
        seen = [
            (user, "view_product", 2 * ((user + int(day) + k) % 10) + user % 2) for user in range(40) for k in (0, 3, 7)
        ]
        file_day(tmp_path / "lake", day, *seen)
    return job


def test_a_model_as_good_as_yesterdays_is_promoted_with_the_recall_of_both(tmp_path: Path) -> None:
    job = gate_batch(tmp_path)
    for now_us, day in enumerate(("1", "2")):
        job.take(day, NO_REVIEWS)
        assert job.train(now_us=now_us) is not None
    metrics = job.store.models[1].metrics
    assert metrics["gate_recall@5"] >= 0.9 * metrics["gate_recall@5_before"] > 0
    assert "gate_recall@5" not in job.store.models[0].metrics


def test_a_worse_model_is_registered_but_yesterdays_goes_on_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = gate_batch(tmp_path)
    job.take("1", NO_REVIEWS)
    job.train(now_us=1)
    monkeypatch.setattr(
        midnight, "_fit", lambda matrix, scenario: (np.ones((40, 4), np.float32), -np.eye(20, 4, dtype=np.float32))
    )
    job.take("2", NO_REVIEWS)
    assert job.train(now_us=2) is None
    assert [model.promoted_us for model in job.store.models] == [1, None]
    assert job.store.serving is job.store.models[0]


def test_an_open_gate_promotes_whatever_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = gate_batch(tmp_path, gate="off")
    job.take("1", NO_REVIEWS)
    job.train(now_us=1)
    monkeypatch.setattr(
        midnight, "_fit", lambda matrix, scenario: (np.ones((40, 4), np.float32), -np.eye(20, 4, dtype=np.float32))
    )
    job.take("2", NO_REVIEWS)
    assert job.train(now_us=2) is not None


def test_the_day_that_judges_is_kept_from_the_training_of_those_it_judges(tmp_path: Path) -> None:
    job = gate_batch(tmp_path)
    job.take("1", NO_REVIEWS)
    job.train(now_us=1)
    job.take("2", NO_REVIEWS)
    exam = job._exam()
    assert exam is not None
    assert job.interactions(exam).sum() == 40 * 3
    assert job.interactions().sum() == 2 * 40 * 3
