"""Stores without a directory of their own leave nothing behind, closed or not."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from recsim.components.embedding_store import DirectoryEmbeddingStore
from recsim.components.segment_log import SegmentLog


@pytest.mark.parametrize(
    "opened", [lambda: SegmentLog.from_url("embedded:"), lambda: DirectoryEmbeddingStore.from_url("file:")]
)
@pytest.mark.parametrize("closed", [True, False])
def test_a_temporary_directory_goes_with_its_store(
    opened: Callable[[], SegmentLog | DirectoryEmbeddingStore],
    closed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = opened()
    assert len(list(tmp_path.iterdir())) == 1
    if closed:
        store.close()
    else:
        del store
        gc.collect()
    assert not list(tmp_path.iterdir())
