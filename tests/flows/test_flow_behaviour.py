"""Flow 3: what users did today makes better answers tomorrow."""

from __future__ import annotations

import numpy as np
from flows.client import Client

from recsim.replay.lake import read_lake

DAYS = ["2025-01-02", "2025-01-03", "2025-01-04"]


def test_every_event_is_in_the_lake_with_its_session(client: Client) -> None:
    for streamed in client.days.streamed:
        lake = read_lake(client.days._batch.lake, [streamed.day], ["event_type", "user_id", "session"])
        assert lake.num_rows == streamed.counts["kept"] == streamed.counts["read"]
        assert len(set(lake["session"].to_pylist())) == streamed.sessions


def test_features_are_in_the_store_as_the_stream_left_them(client: Client) -> None:
    served = {client.plane._user_keys[user] for user in range(60)}
    records = client.plane.features.get_features(sorted(served))
    known = [record for record in records if record is not None]
    assert len(known) > 30
    assert any(record.recently_viewed and record.embeddings for record in known)
    assert {name for record in known for name in record.preferred_categories} <= {"lamps", "boots", "drums", "tents"}


def test_midnight_registers_publishes_and_swaps(client: Client) -> None:
    models = client.days.models.models
    assert [model.lineage["days"] for model in models] == [DAYS[:1], DAYS[:2], DAYS]
    assert [model.promoted_us for model in models] == sorted(model.promoted_us or 0 for model in models)
    publication = client.plane.retrieval.publication
    assert publication is not None
    assert publication.version == models[-1].version == client.days.models.serving.version  # type: ignore[union-attr]
    stored = client.plane._nightly.embeddings.get("product", ["prod0"], version=publication.version)[0]
    assert stored is not None
    np.testing.assert_array_equal(stored, publication.vectors[0])
    assert client.plane._nightly.lists.get(["user0"])[0] is not None


def test_the_metric_moves_once_a_model_serves(client: Client) -> None:
    recall = [row["value"] for row in client.days.quality if (row["metric"], row["surface"]) == ("recall@5", "product")]
    assert recall[1] > recall[0] + 0.1


def test_tomorrow_home_is_of_the_users_department(client: Client) -> None:
    answer = client.ask(9, "/v1/home")
    assert {"recommendation", "feature_store", "retrieval", "reranker", "product_store"} <= answer.boxes
    assert answer.body["results"]
    assert all("boot" in row["product_name"] for row in answer.body["results"][:3])
