"""Versions of models: registered, promoted, rolled back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from recsim.components.model_store import Model, ModelStore
from recsim.errors import BadInput


def register(store: ModelStore, value: float) -> Model:
    users, products = np.full((2, 3), value, np.float32), np.full((4, 3), value, np.float32)
    return store.register("als", users, products, trained_us=5, lineage={"days": ["d"]}, metrics={"recall": value})


def test_a_registered_version_serves_only_after_promotion(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    assert register(store, 0.5).promoted_us is None
    assert store.serving is None
    assert store.promote(1, now_us=9) == store.serving
    described = orjson.loads((tmp_path / "v0001" / "model.json").read_bytes())
    assert (described["promoted_us"], described["metrics"], described["lineage"]) == (
        9,
        {"recall": 0.5},
        {"days": ["d"]},
    )


def test_vectors_come_back_and_only_the_last_two_versions_keep_them(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    for value in (1.0, 2.0, 3.0):
        register(store, value)
    assert store.vectors(2)[1].tolist() == [[2.0] * 3] * 4
    with pytest.raises(BadInput, match="vectors of model version 1 are gone"):
        store.promote(1, now_us=9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v0001", "v0002", "v0003"]


def test_promoting_the_version_before_rolls_back(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    for instant in (1, 2):
        store.promote(register(store, instant).version, now_us=instant)
    assert store.promote(1, now_us=3).version == 1
    assert store.serving is not None
    assert store.serving.version == 1


def test_a_version_that_was_never_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no model version 1"):
        ModelStore(tmp_path).promote(1, now_us=0)
