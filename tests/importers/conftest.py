"""What the tests of the importers share: a short way to import a source and look at the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from recsim.dataset import Dataset
from recsim.importers.engine import import_world

Import = Callable[..., Dataset]


@pytest.fixture
def world_of(tmp_path: Path) -> Import:
    """`world_of(kind, source, mapping, limit=…)`: the world an import makes."""

    def make(
        kind: str, source: Path, mapping: Mapping[str, str] | None = None, *, limit: int = 100, out: str = "world"
    ):
        target = tmp_path / "worlds" / out
        import_world(kind, source, target, name=out, mapping=mapping or {}, bad_rows_limit=limit)
        return Dataset.open(target)

    return make


@pytest.fixture
def public(real_data: Path) -> Callable[[str], Path]:
    """`public(name)`: the directory of a public data set, or a skip where it is absent."""

    def folder(name: str) -> Path:
        if not (real_data / name).is_dir():
            pytest.skip(f"{real_data / name} is absent")
        return real_data / name

    return folder
