"""What a report reads: the manifest and the two documents of a finished run, or the manifest of a world."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from recsim.errors import BadInput
from recsim.runs import MEASURED, Manifest, read_document, read_manifest

Row = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """`results` is the deterministic document, `measured` what depended on the machine (empty where absent)."""

    path: Path
    manifest: Manifest
    results: dict[str, Any]
    measured: dict[str, Any]

    @property
    def verb(self) -> str:
        """`world` for a world, whichever verb made it."""
        return "world" if self.manifest.kind == "world" else self.manifest.verb


def read_run(path: Path) -> Run:
    """A finished run or world; raises `BadInput` for a directory that is neither or has lost its results."""
    manifest = read_manifest(path)
    if manifest.kind == "world":
        return Run(path, manifest, {}, {})
    results = path / "results.json"
    if not results.is_file():
        raise BadInput(f"{path} holds no results.json, so there is nothing to report; make the run again with --force.")
    measured = path / MEASURED / "measured.json"
    return Run(path, manifest, read_document(results), read_document(measured) if measured.is_file() else {})


def rows(tree: Any, key: str) -> list[Row]:  # noqa: ANN401 - any JSON value
    """The list of objects under a key; empty where the key is missing or holds something else."""
    found = tree.get(key) if isinstance(tree, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def part(tree: Any, key: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The object under a key; empty where the key is missing or holds something else."""
    found = tree.get(key) if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


def figure(row: Row, *keys: str) -> float | None:
    """The first of the keys that holds a finite number; None where none does."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    return None


def word(row: Row, *keys: str) -> str:
    """The first of the keys that holds something, as text; empty where none does."""
    for key in keys:
        value = row.get(key)
        if value is not None and value != "":
            return str(value)
    return ""


def distinct(values: Iterable[str]) -> list[str]:
    """The values once each, in order of first appearance."""
    return list(dict.fromkeys(values))
