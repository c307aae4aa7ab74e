"""The records of one user, as the design writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

Recsim = Callable[..., Any]


def test_a_users_records_have_the_designs_fields_and_the_models_vector(
    recsim: Recsim, smoke_world: Path, tmp_path: Path
) -> None:
    query = "select user_id from events where event_type = 'purchase' order by user_id limit 1"
    user = orjson.loads(recsim("sql", smoke_world, query, "--json").out)[0]["user_id"]
    assert recsim("replay", "smoke", "--world", smoke_world, "--out", tmp_path / "run", "-q").code == 0
    found = orjson.loads(recsim("records", smoke_world, "--user", user, "--run", tmp_path / "run").out)
    assert set(found["event"]) == {
        "event_id", "event_type", "product_id", "user_id", "event_timestamp", "session", "device", "tenant",
    }  # fmt: skip
    assert set(found["enriched_event"]) == {"user_id", "sessionFeatures", "user_demo", "product_metadata"}
    assert found["event"]["user_id"] == found["enriched_event"]["user_id"] == f"user{user}"
    assert len(found["user_features"]["embeddings"]) == 32
    assert found["user_features"]["recently_viewed"][0] == found["event"]["product_id"]


def test_a_run_of_another_world_gives_no_vector(recsim: Recsim, smoke_world: Path, tmp_path: Path) -> None:
    assert recsim("capacity-plan", "10m", "--out", tmp_path / "plan", "-q").code == 0
    ended = recsim("records", smoke_world, "--user", 1, "--run", tmp_path / "plan")
    assert ended.code == 2
    assert "is not a replay of" in ended.err
