"""Small finished runs, written as the engines write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from report_documents import MakeRun

from recsim.runs import Stopwatch, seal, staged, write_json


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run (or a world) and give its directory."""

    def make(
        results: dict[str, Any] | None,
        measured: dict[str, Any] | None = None,
        *,
        verb: str = "",
        name: str = "sample",
        kind: Any = "run",
        facts: dict[str, Any] | None = None,
        scenario: dict[str, Any] | None = None,
    ) -> Path:
        verb = verb or (results or {}).get("verb", "replay")
        target = tmp_path / f"{verb}-{len(list(tmp_path.iterdir()))}"
        with staged(target, identity="x", resume=False, force=False) as partial:
            if results is not None:
                write_json(partial / "results.json", results)
            if measured is not None:
                write_json(partial / "measured" / "measured.json", measured)
            seal(
                partial,
                kind=kind,
                verb=verb,
                name=name,
                identity="x",
                scenario=scenario or {"name": name, "seed": 7, "users": {"count": 2000}},
                arguments={"world": "data/smoke"},
                facts=facts or {},
                inputs={},
                watch=Stopwatch(),
            )
        return target

    return make
